"""rudaux.toml -> frozen dataclasses; the only reader of TOML and secrets."""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from rudaux.errors import ConfigError, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
    scratch: str = "512m"
    preload: tuple[str, ...] = ()
    zero_guard: float = 0.30
    median_guard: float = 0.20
    stderr_fails: bool = False
    redact_hidden_tests: bool = True


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
    """Give the nearest folder, from `start` upwards, that holds a rudaux.toml (absolute)."""
    start = start.expanduser().resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise ConfigError(
        f"there is no {FILE} in {start} or above it: go to the course folder, name it with --dir, "
        "or make a new one with `rudaux new`."
    )


def load_config(folder: Path) -> Config:
    """Read the rudaux.toml in `folder`; raises one `ConfigError` with a line for every mistake."""
    from rudaux.config.reading import read

    folder = folder.expanduser().resolve()
    return read(folder, _text(folder / FILE))


def parse(text: str) -> dict[str, Any]:
    """Read TOML; raises `ConfigError` with the line where it is malformed."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{FILE} is not valid TOML: {error}.") from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(
            f"there is no {FILE} in {file.parent}: name the course folder with --dir, or make a "
            "new one with `rudaux new`."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 text: save it as UTF-8.") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error


def assignment_names(folder: Path) -> list[str]:
    """Give the names of the nearest course's assignments, whatever is wrong; for completion."""
    try:
        rows = parse(_text(find_course_folder(folder) / FILE)).get("assignments")
    except (ConfigError, OSError):
        return []
    named = [r.get("name") for r in rows if isinstance(r, dict)] if isinstance(rows, list) else []
    return [name for name in named if isinstance(name, str)]


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
    """Give .rudaux in the course folder, made so that git never sees it."""
    folder = config.folder / ".rudaux"
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    return folder


def saved_token_file(config: Config) -> Path:
    """Where `schedule install --save-token` keeps the token."""
    return config.folder / ".rudaux" / "canvas-token"


def has_token(config: Config) -> bool:
    """Whether there is an access token at all; a file that others can read counts, too."""
    files = (config.canvas.token_file, saved_token_file(config))
    there = any(file is not None and file.exists() for file in files)
    return there or bool(os.environ.get(config.canvas.token_env, "").strip())


def read_token(config: Config) -> str:
    """Give the Canvas access token: from the environment, else from a file only its owner can read.

    Raises `ConfigError` saying where to make one and where to put it.
    """
    canvas = config.canvas
    token = os.environ.get(canvas.token_env, "").strip()
    if token:
        return _checked(token, f"the environment variable {canvas.token_env}")
    for file in (canvas.token_file, saved_token_file(config)):
        if file is not None and file.exists():
            return _checked(_read_private(file), f"the Canvas token file {file}")
    named = f"the environment variable {canvas.token_env} is not set"
    if canvas.token_file is not None:
        named += f" and {canvas.token_file} is not there"
    raise ConfigError(
        f"there is no Canvas access token: {named}. Make one in Canvas ({canvas.url}/profile/"
        f"settings, New Access Token), then `export {canvas.token_env}=...` or put it into a file "
        f"that canvas.token_file in {FILE} names."
    )


def save_token(config: Config) -> Path:
    """Keep the token where cron finds it, readable by its owner alone; give the file's path."""
    token, file = read_token(config), saved_token_file(config)
    private_folder(config)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(token + "\n")
    return file


def _read_private(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise ConfigError(
                f"the Canvas token file {file} can be read by others: run `chmod 600 {file}`."
            )
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"the Canvas token file {file} cannot be read: {error.strerror}."
        ) from error
    except UnicodeDecodeError:
        # Not kept as the cause: it carries what was read, which may hold a token.
        raise ConfigError(f"the Canvas token file {file} is not a text file.") from None


def _checked(token: str, place: str) -> str:
    """A token goes into an HTTP header, which takes no blanks, line ends or letters like é."""
    if not re.fullmatch(r"[!-~]+", token):
        raise ConfigError(f"{place} should hold the Canvas access token and nothing else.")
    return token
