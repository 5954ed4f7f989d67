"""rudaux.toml -> frozen dataclasses; the only reader of TOML and secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

Level = Literal["course", "account", "group"]


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
    work_path: str = "{student_id}/{repo}/{release_path}/{assignment}"
    snapshots: SnapshotSettings | None = None


@dataclass(frozen=True)
class GradingSettings:
    """[grading]; times in seconds, `jobs` 0 means one per core."""

    executor: Literal["docker", "process"] = "docker"
    image: str = "quay.io/jupyter/scipy-notebook:latest"
    jobs: int = 0
    memory: str = "1g"
    cpus: float = 1.0
    cell_timeout: int = 60
    timeout: int = 600
    network: bool = False
    zero_guard: float = 0.30


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
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    assignments: tuple[AssignmentSettings, ...] = ()
