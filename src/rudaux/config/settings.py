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
from rudaux.domain.messages import Topic
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
    take: Literal["zfs"] | tuple[str, ...] | None = None
    dataset: str | None = None
    host: str | None = None


@dataclass(frozen=True)
class HubSettings:
    """[jupyterhub]"""

    url: str
    storage_path: Path
    base_url: str = ""
    student_id: StudentKey = "canvas"
    work_path: str = "{student_id}/{repo}/{release_path}/{assignment}"
    snapshots: SnapshotSettings | None = None


ExecutorName = Literal["docker", "sandbox", "process"]  # rudaux.executors has one for each
HiddenTests = Literal["redacted", "sealed", "shown"]
LateEdits = Literal["accept", "hold"]


@dataclass(frozen=True)
class GradingSettings:
    """[grading]; times in seconds, `jobs` 0 means one per core."""

    executor: ExecutorName = "docker"
    scheduler: str | None = None
    root: str | None = None
    image: str = "quay.io/jupyter/scipy-notebook:latest"
    jobs: int = 0
    memory: str = "1g"
    cpus: float = 1.0
    cell_timeout: int = 60
    timeout: int = 600
    network: bool = False
    scratch: str = "512m"
    preload: tuple[str, ...] | Literal["auto"] = "auto"
    zero_guard: float = 0.30
    median_guard: float = 0.20
    stderr_fails: bool = False
    hidden_tests: HiddenTests = "redacted"
    formgrader_url: str | None = None
    late_edits: LateEdits = "accept"


@dataclass(frozen=True)
class BackupSettings:
    """[backups]: copies of the gradebook to keep, of the last `runs` and of each of `days`."""

    runs: int = 10
    days: int = 14


@dataclass(frozen=True)
class ScheduleSettings:
    """[schedule]; `wait` and `limit` are durations such as "90s", "30m" or "6h"."""

    delay_minutes: int = 10
    log_dir: Path = Path("logs")
    wait: str = "1h"
    limit: str = "6h"
    keep_logs: int = 180


def seconds(duration: str) -> int:
    """Return the seconds of a duration as [schedule] writes it."""
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]


def read_memory(size: str) -> int:
    """Return the bytes of a size as [grading] writes it, such as "512m" or "1g"."""
    return int(size[:-1]) << {"k": 10, "m": 20, "g": 30}[size[-1]]


@dataclass(frozen=True)
class NotifySettings:
    """[notify]; the addresses hold secrets and are in a file: see `read_addresses`."""

    urls_file: Path
    on: tuple[Topic, ...]


@dataclass(frozen=True)
class GraderSettings:
    """[[graders]]; `assignments` are globs, none for all; `except_`: students not to mark."""

    name: str
    assignments: tuple[str, ...] = ()
    weight: float = 1.0
    notify: str | None = field(default=None, repr=False)  # an address may hold a secret
    except_: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReturnSettings:
    """[return], pages for students' homes; solutions need one of the last two."""

    feedback: bool = False
    solution_share: float | None = None
    solution_not_before: datetime | None = None

    @property
    def solutions(self) -> bool:
        """Return whether solutions are handed out at all."""
        return self.solution_share is not None or self.solution_not_before is not None


@dataclass(frozen=True)
class LateRegistrationSettings:
    """[late_registration]: the `days` that a student who joins late has from then on."""

    days: int


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
    late_until: datetime | None = None


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
    returning: ReturnSettings = field(default_factory=ReturnSettings)
    graders: tuple[GraderSettings, ...] = ()
    notify: NotifySettings | None = None
    late_registration: LateRegistrationSettings | None = None
    assignments: tuple[AssignmentSettings, ...] = ()

    @property
    def private(self) -> Path:
        """The folder of rudaux's own files; `private_folder` makes it."""
        return self.folder / ".rudaux"


def find_assignment(config: Config, name: str) -> AssignmentSettings:
    """Return an assignment's settings; raises `UsageError` that names the nearest one."""
    known = {a.name: a for a in config.assignments}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"It has {', '.join(known)}." if known else "It has no [[assignments]] yet."
    hint = f"Did you mean {near[0]}?" if near else hint
    raise UsageError(f'there is no assignment "{name}" in {FILE}. {hint}')


def private_folder(config: Config) -> Path:
    """Make .rudaux in the course folder, hidden from git and other accounts; return it."""
    return make_rudaux_folder(config.private)
