"""rudaux.toml, value by value; every mistake is collected and told at once."""

from __future__ import annotations

import os
import re
import string
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timezone
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from rudaux.config import (
    FILE,
    LEVELS,
    AssignmentSettings,
    CanvasSettings,
    Config,
    CourseSettings,
    GitSettings,
    GradingSettings,
    HubSettings,
    Level,
    ScheduleSettings,
    SnapshotSettings,
)
from rudaux.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

UTC_ZONE = ZoneInfo("UTC")
_TOKEN = re.compile(r"\b\d{1,6}~[A-Za-z0-9]{20,}\b")
_SECRET_KEYS = {"token", "access_token", "api_token", "api_key", "canvas_token", "password"}
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MEMORY = re.compile(r"\d+[kmg]", re.IGNORECASE)
_WORK_FIELDS = {"student_id", "repo", "release_path", "assignment"}
_MISSING: Any = object()


def parse(folder: Path) -> dict[str, Any]:
    """Read the file as TOML; raises `ConfigError` where it is missing or malformed."""
    file = folder / FILE
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no {file}: make one with `rudaux new`.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{FILE} is not valid TOML: {error}.") from error


def read(folder: Path) -> Config:
    """Read the whole file into a `Config`."""
    raw = parse(folder)
    mistakes: list[str] = []
    _secrets(raw, "", mistakes)
    root = Table(raw, "", mistakes)
    zone = _course_zone(root)
    config = Config(
        folder,
        _course(root.table("course"), zone),
        _canvas(root.table("canvas"), folder),
        _git(root.table("git")),
        _hub(root.table("jupyterhub")),
        _grading(root.table("grading", required=False)),
        _schedule(root.table("schedule", required=False)),
        _assignments(root, zone),
    )
    root.finish()
    if mistakes:
        raise ConfigError(*mistakes)
    return config


class Table:
    """One TOML table: reads typed values, notes mistakes, and knows which keys nobody asked for."""

    def __init__(self, raw: Mapping[str, Any], path: str, mistakes: list[str]) -> None:
        self.raw, self.path, self.mistakes = raw, path, mistakes
        self.known: set[str] = set()

    def wrong(self, key: str, right: str) -> None:
        """Note a mistake: file, key, value, and what would be right."""
        value = self.raw.get(key, _MISSING)
        shown = "" if value is _MISSING else f" = {_shown(value)}"
        self.mistakes.append(f"{FILE}: {self.path}{key}{shown}: {right}.")

    def get(self, key: str, kind: type, right: str, default: Any = _MISSING) -> Any:
        """Give a value of exactly that type; note a mistake and give the default otherwise."""
        self.known.add(key)
        value = self.raw.get(key, _MISSING)
        if value is _MISSING:
            if default is _MISSING:
                self.wrong(key, f"is missing; {right}")
                return kind()
            return default
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            self.wrong(key, right)
            return kind() if default is _MISSING else default
        return value

    def text(self, key: str, right: str, default: Any = _MISSING) -> str:
        """Give a string that is not empty."""
        value = self.get(key, str, right, default)
        if value == "" and key in self.raw and self.raw[key] == "" and default is _MISSING:
            self.wrong(key, right)
        return cast(str, value)

    def checked(
        self, key: str, kind: type, right: str, good: Callable[[Any], bool], default: Any = _MISSING
    ) -> Any:
        """Give a value that `good` accepts."""
        before = len(self.mistakes)
        value = self.get(key, kind, right, default)
        if len(self.mistakes) == before and key in self.raw and not good(value):
            self.wrong(key, right)
        return value

    def table(self, key: str, required: bool = True) -> Table:
        """Give a sub-table; an absent one that is needed is one mistake, not one per key."""
        self.known.add(key)
        value = self.raw.get(key, {})
        if not isinstance(value, dict):
            self.wrong(key, f"should be a table, written [{self.path}{key}]")
            value = {}
        elif key not in self.raw and required:
            self.mistakes.append(f"{FILE}: the table [{self.path}{key}] is missing.")
            return Table({}, f"{self.path}{key}.", [])
        return Table(value, f"{self.path}{key}.", self.mistakes)

    def finish(self) -> None:
        """Note every key that nothing has asked for."""
        for key in self.raw:
            if key in self.known or key.lower() in _SECRET_KEYS:
                continue
            near = get_close_matches(key, self.known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(self.known))}"
            self.mistakes.append(f"{FILE}: {self.path}{key} is not a key here; {hint}")


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _secrets(raw: Any, path: str, mistakes: list[str]) -> None:
    """A token does not belong into a file that is committed; its value is never repeated."""
    items = raw.items() if isinstance(raw, dict) else enumerate(raw)
    for key, value in items:
        where = f"{path}.{key}".strip(".")
        if isinstance(value, dict | list):
            _secrets(value, where, mistakes)
        elif str(key).lower() in _SECRET_KEYS or (isinstance(value, str) and _TOKEN.search(value)):
            raw_free = f"{FILE}: {where} holds an access token, and this file is committed: take "
            mistakes.append(
                f"{raw_free}it out, revoke it in Canvas, and use canvas.token_env or "
                "canvas.token_file."
            )
            if isinstance(raw, dict):
                raw[key] = "(not shown)" if isinstance(value, str) else value


def _zone(table: Table, key: str, default: Any = _MISSING) -> ZoneInfo:
    name = table.text(key, 'an IANA name such as "America/Vancouver"', default)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    if name:
        known = {z.lower(): z for z in available_timezones()}
        tails = {z.rpartition("/")[2].lower(): z for z in sorted(known.values())}
        near = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
        city = tails.get(name.rpartition("/")[2].lower().replace(" ", "_"))
        hint = known[near[0]] if near else city or "America/Vancouver"
        table.wrong(key, f'not a known time zone; did you mean "{hint}"?')
        table.mistakes[-1] = table.mistakes[-1].removesuffix(".")
    return UTC_ZONE


def _course_zone(root: Table) -> ZoneInfo:
    raw = root.raw.get("course")
    return _zone(Table(raw if isinstance(raw, dict) else {}, "course.", []), "timezone", "UTC")


def _course(table: Table, zone: ZoneInfo) -> CourseSettings:
    name = table.text("name", "a short name for the course")
    _zone(table, "timezone")
    table.finish()
    return CourseSettings(name, zone)


def _is_address(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and "@" not in parts.netloc


def _address(table: Table, key: str) -> str:
    right = 'the address with https://, such as "https://canvas.example.edu", and nothing after it'
    value = table.checked(
        key, str, right, lambda v: _is_address(v) and urlsplit(v).path in {"", "/"}
    )
    return str(value).rstrip("/")


def _canvas(table: Table, folder: Path) -> CanvasSettings:
    token_file = table.get("token_file", str, "the path of a file", None)
    settings = CanvasSettings(
        _address(table, "url"),
        table.checked(
            "course_id", int, "the number at the end of the course's address", lambda v: v > 0
        ),
        table.text("external_tool_name", "the tool's exact name; `rudaux canvas tools` lists them"),
        cast(
            Level,
            table.checked(
                "external_tool_level", str, "course, account or group", LEVELS.__contains__,
                "course",
            ),
        ),
        table.checked(
            "token_env",
            str,
            "the name of an environment variable, never the token itself",
            lambda v: bool(_ENV_NAME.fullmatch(v)),
            "CANVAS_TOKEN",
        ),
        folder / Path(token_file).expanduser() if token_file else None,
    )  # fmt: skip
    table.finish()
    return settings


def _relative(value: str) -> bool:
    return not value.startswith(("/", "~")) and ".." not in value.split("/")


def _git(table: Table) -> GitSettings:
    remote = 'a git remote, such as "git@github.com:org/course.git"'
    settings = GitSettings(
        table.text("instructor_repo", remote),
        table.text("student_repo", remote),
        table.checked("release_path", str, "a folder inside the student repository", _relative, ""),
        table.get("push", bool, "true or false", True),
    )
    table.finish()
    return settings


def _hub(table: Table) -> HubSettings:
    storage = table.checked(
        "storage_path", str, "the absolute path of students' homes", os.path.isabs
    )
    default = HubSettings("", Path()).work_path
    right = f"a path from {', '.join(sorted(f'{{{f}}}' for f in _WORK_FIELDS))}"
    settings = HubSettings(
        _address(table, "url"),
        Path(storage),
        table.get("base_url", str, 'the hub\'s prefix, such as "/jupyter"', ""),
        table.checked("work_path", str, right, _is_work_path, default),
        _snapshots(table.table("snapshots", required=False)),
    )
    table.finish()
    return settings


def _is_work_path(value: str) -> bool:
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(value) if name is not None}
    except ValueError:
        return False
    return fields <= _WORK_FIELDS and "student_id" in fields and _relative(value)


def _snapshots(table: Table) -> SnapshotSettings | None:
    if not table.raw:
        return None
    settings = SnapshotSettings(
        table.checked("path", str, 'where snapshots are, such as ".zfs/snapshot"', _relative),
        table.checked("pattern", str, "a regular expression for the time stamp", _compiles),
        table.checked(
            "format", str, 'strptime\'s format of the time stamp, such as "%Y-%m-%d-%H%M"',
            lambda v: "%" in v,
        ),
        _zone(table, "timezone", "UTC"),
    )  # fmt: skip
    table.finish()
    return settings


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _grading(table: Table) -> GradingSettings:
    d = GradingSettings()
    seconds = "seconds, 1 or more"
    settings = GradingSettings(
        table.checked(
            "executor", str, "docker or process", {"docker", "process"}.__contains__, d.executor
        ),
        table.text("image", "the name of a container image", d.image),
        table.checked("jobs", int, "0 (one per core) or more", lambda v: v >= 0, d.jobs),
        table.checked(
            "memory", str, 'a size such as "512m" or "1g"',
            lambda v: bool(_MEMORY.fullmatch(v)), d.memory,
        ),
        table.checked("cpus", float, "a number above 0", lambda v: v > 0, d.cpus),
        table.checked("cell_timeout", int, seconds, lambda v: v >= 1, d.cell_timeout),
        table.checked("timeout", int, seconds, lambda v: v >= 1, d.timeout),
        table.get("network", bool, "true or false", d.network),
        table.checked("zero_guard", float, "from 0 to 1", lambda v: 0 <= v <= 1, d.zero_guard),
    )  # fmt: skip
    table.finish()
    return settings


def _schedule(table: Table) -> ScheduleSettings:
    d = ScheduleSettings()
    settings = ScheduleSettings(
        table.checked(
            "delay_minutes", int, "minutes, 0 or more", lambda v: v >= 0, d.delay_minutes
        ),
        Path(table.text("log_dir", "a folder", str(d.log_dir))).expanduser(),
    )
    table.finish()
    return settings


def _assignments(root: Table, zone: ZoneInfo) -> tuple[AssignmentSettings, ...]:
    root.known.add("assignments")
    raw = root.raw.get("assignments", [])
    if not isinstance(raw, list) or not all(isinstance(a, dict) for a in raw):
        root.wrong("assignments", "should be tables, each written [[assignments]]")
        return ()
    found = tuple(
        _assignment(Table(a, f"assignments[{n}].", root.mistakes), zone)
        for n, a in enumerate(raw, start=1)
    )
    names = [a.name for a in found]
    for name in sorted({n for n in names if n and names.count(n) > 1}):
        root.mistakes.append(
            f'{FILE}: {names.count(name)} assignments are named "{name}": names must differ.'
        )
    return found


def _assignment(table: Table, zone: ZoneInfo) -> AssignmentSettings:
    right = "the name of the folder under source/, without slashes or dots in front"
    name = table.checked("name", str, right, _is_name)
    settings = AssignmentSettings(
        name,
        _moment(table, "due", zone, required=True) or datetime(2000, 1, 1, tzinfo=timezone.utc),
        _points(table),
        table.get("manual", bool, "true or false", False),
        _moment(table, "unlock", zone),
        _moment(table, "lock", zone),
        table.checked(
            "notebook", str, "a file name ending in .ipynb", lambda v: v.endswith(".ipynb"), None
        ),
    )
    _check_order(table, settings)
    table.finish()
    return settings


def _is_name(name: str) -> bool:
    return bool(name.strip()) and "/" not in name and not name.startswith(".") and "+" not in name


def _points(table: Table) -> Decimal:
    table.known.add("points")
    value = table.raw.get("points", _MISSING)
    if type(value) in (int, float) and 0 < value < 10**9:
        return Decimal(str(value))
    right = "a number above 0"
    table.wrong("points", f"is missing; {right}" if value is _MISSING else right)
    return Decimal(1)


def _moment(table: Table, key: str, zone: ZoneInfo, required: bool = False) -> datetime | None:
    """Give an aware moment in the course's zone; a bare date means 23:59:59 of that day."""
    right = "a date and time such as 2026-10-01T23:59:59, or a date, without quotes"
    table.known.add(key)
    value = table.raw.get(key, _MISSING)
    if value is _MISSING:
        if required:
            table.wrong(key, f"is missing; {right}")
        return None
    if type(value) is date:
        value = datetime.combine(value, time(23, 59, 59))
    if not isinstance(value, datetime):
        table.wrong(key, right)
        return None
    if value.tzinfo is not None:
        table.wrong(key, f"drop the offset: dates here are in course.timezone ({zone.key})")
        return None
    moment = value.replace(tzinfo=zone)
    back = moment.astimezone(timezone.utc).astimezone(zone).replace(tzinfo=None)
    if back != value:
        table.wrong(
            key, f"does not exist in {zone.key}, where the clocks go forward over it; take {back}"
        )
        return None
    # Clocks that go back make an hour happen twice: the later one is kinder to students.
    return moment.replace(fold=1)


def _check_order(table: Table, a: AssignmentSettings) -> None:
    if a.unlock and "due" in table.raw and a.unlock >= a.due:
        table.wrong("unlock", "should be before due")
    if a.lock and "due" in table.raw and a.lock < a.due:
        table.wrong("lock", "should not be before due")
