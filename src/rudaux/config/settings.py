"""What rudaux.toml says, as frozen dataclasses; one for each table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from rudaux.config.private import make_rudaux_folder
from rudaux.domain.naming import StudentKey
from rudaux.errors import UsageError

FILE = "rudaux.toml"
Level = Literal["course", "account", "group"]
LEVELS: tuple[Level, ...] = get_args(Level)
Posting = Literal["manual", "automatic"]


@dataclass(frozen=True)
class CourseSettings:
    """[course]"""

    name: str
    timezone: ZoneInfo


@dataclass(frozen=True)
class CanvasSettings:
    """[canvas]; the token itself is not in here: see `read_token`."""

    url: str
    course_id: int
    external_tool_name: str
    external_tool_level: Level = "course"
    token_env: str = "CANVAS_TOKEN"  # noqa: S105 - the name of a variable
    token_file: Path | None = None
    posting: Posting | None = None


@dataclass(frozen=True)
class GitSettings:
    """[git]"""

    instructor_repo: str
    student_repo: str
    release_path: str = ""
    push: bool = True


@dataclass(frozen=True)
class SnapshotSettings:
    """[jupyterhub.snapshots]"""

    path: str
    pattern: str
    format: str
    timezone: ZoneInfo


@dataclass(frozen=True)
class HubSettings:
    """[jupyterhub]"""

    url: str
    storage_path: Path
    base_url: str = ""
    student_id: StudentKey = "canvas"
    work_path: str = "{student_id}/{repo}/{release_path}/{assignment}"
    snapshots: SnapshotSettings | None = None


ExecutorName = Literal["docker", "sandbox", "process"]
"""The ways of starting a submission; rudaux.executors has one for each."""
HiddenTests = Literal["redacted", "sealed", "shown"]


@dataclass(frozen=True)
class GradingSettings:
    """[grading]; times in seconds, `jobs` 0 means one per core."""

    executor: ExecutorName = "docker"
    image: str = "quay.io/jupyter/scipy-notebook:latest"
    jobs: int = 0
    memory: str = "1g"
    cpus: float = 1.0
    cell_timeout: int = 60
    timeout: int = 600
    network: bool = False
    scratch: str = "512m"
    preload: tuple[str, ...] = ()
    zero_guard: float = 0.30
    median_guard: float = 0.20
    stderr_fails: bool = False
    hidden_tests: HiddenTests = "redacted"


@dataclass(frozen=True)
class BackupSettings:
    """[backups] of the gradebook: those of the last so many runs, and the last of so many days."""

    runs: int = 10
    days: int = 14


@dataclass(frozen=True)
class ScheduleSettings:
    """[schedule]"""

    delay_minutes: int = 10
    log_dir: Path = Path("logs")


@dataclass(frozen=True)
class AssignmentSettings:
    """[[assignments]]; the dates are aware, in the course's time zone."""

    name: str
    due: datetime
    points: Decimal
    manual: bool = False
    unlock: datetime | None = None
    lock: datetime | None = None
    notebook: str | None = None


@dataclass(frozen=True)
class Config:
    """A whole rudaux.toml; `folder` is the course folder (absolute) that holds it."""

    folder: Path
    course: CourseSettings
    canvas: CanvasSettings
    git: GitSettings
    jupyterhub: HubSettings
    grading: GradingSettings = field(default_factory=GradingSettings)
    backups: BackupSettings = field(default_factory=BackupSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    assignments: tuple[AssignmentSettings, ...] = ()


def find_assignment(config: Config, name: str) -> AssignmentSettings:
    """Give an assignment's settings; raises `UsageError` naming the nearest one."""
    known = {a.name: a for a in config.assignments}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"There is {', '.join(known)}." if known else "It has no [[assignments]] yet."
    hint = f"Did you mean {near[0]}?" if near else hint
    raise UsageError(f'there is no assignment "{name}" in {FILE}. {hint}')


def private_folder(config: Config) -> Path:
    """Return .rudaux in the course folder, made so that neither git nor other accounts see it."""
    return make_rudaux_folder(config.folder / ".rudaux")
