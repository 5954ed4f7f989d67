"""rudaux.toml -> frozen dataclasses; the only reader of TOML and secrets."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from rudaux.errors import ConfigError, UsageError

FILE = "rudaux.toml"
Level = Literal["course", "account", "group"]
LEVELS: tuple[Level, ...] = get_args(Level)


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


def find_course_folder(start: Path) -> Path:
    """Find `start` or its nearest parent that holds a rudaux.toml; raises `ConfigError`."""
    start = start.expanduser().resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise ConfigError(
        f"there is no {FILE} in {start} or above it: go to the course folder, name it with --dir, "
        "or make a new one with `rudaux new`."
    )


def load_config(folder: Path) -> Config:
    """Read a course folder's rudaux.toml; raises `ConfigError` with all its mistakes at once."""
    from rudaux.config_reader import read

    return read(folder.expanduser().resolve())


def assignment_names(folder: Path) -> list[str]:
    """Give the configured assignment names, whatever else is wrong; for shell completion."""
    from rudaux.config_reader import parse

    assignments = parse(folder).get("assignments", [])
    return [a["name"] for a in assignments if isinstance(a.get("name"), str)]


def find_assignment(config: Config, name: str) -> AssignmentSettings:
    """Give an assignment's settings; raises `UsageError` naming the nearest one."""
    known = {a.name: a for a in config.assignments}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There is: {', '.join(known) or 'none'}."
    raise UsageError(f'there is no assignment "{name}" in {FILE}. {hint}')


def saved_token_file(config: Config) -> Path:
    """Where `schedule install --save-token` keeps the token."""
    return config.folder / ".rudaux" / "canvas-token"


def read_token(config: Config) -> str:
    """Give the Canvas access token: from the environment, else from a file only its owner can read.

    Raises `ConfigError` saying where to make one and where to put it.
    """
    canvas = config.canvas
    token = os.environ.get(canvas.token_env, "").strip()
    if token:
        return token
    for file in (canvas.token_file, saved_token_file(config)):
        if file is not None and file.is_file():
            return _read_private(file)
    named = f"the environment variable {canvas.token_env} is not set"
    if canvas.token_file is not None:
        named += f" and {canvas.token_file} is not there"
    raise ConfigError(
        f"there is no Canvas access token: {named}. Make one in Canvas (Account > Settings > New "
        f"Access Token), then `export {canvas.token_env}=...` or put it into canvas.token_file."
    )


def save_token(config: Config) -> Path:
    """Keep the token where cron finds it, readable by its owner alone; give the file's path."""
    token, file = read_token(config), saved_token_file(config)
    file.parent.mkdir(exist_ok=True)
    (file.parent / ".gitignore").write_text("*\n")
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(token + "\n")
    return file


def _read_private(file: Path) -> str:
    try:
        mode, text = file.stat().st_mode, file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the Canvas token file {file} cannot be read: {error}.") from error
    if stat.S_IMODE(mode) & 0o077:
        raise ConfigError(
            f"the Canvas token file {file} can be read by others: run `chmod 600 {file}`."
        )
    if not text or any(c.isspace() for c in text):
        raise ConfigError(f"the Canvas token file {file} should hold the token and nothing else.")
    return text
