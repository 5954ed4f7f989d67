"""What a value in rudaux.toml may be: each function returns what it means, or raises `Wrong`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from rudaux.config.settings import read_memory

T = TypeVar("T", bound=str)

# Canvas's own access tokens: the shard's number, a tilde, then 20 or more letters and digits.
CANVAS_TOKEN = re.compile(r"\d+~[A-Za-z0-9]{20,}")
_CREDENTIALS = re.compile(r"://[^/@]*@")
_SHOWN = 60


class Wrong(Exception):  # noqa: N818 - a verdict on a value, turned into a line of a ConfigError
    """A value is not what it should be; the message says what would be right."""


def shown(value: object) -> str:
    """Write a value as TOML does, but never a secret."""
    if isinstance(value, str):
        if CANVAS_TOKEN.search(value) or _CREDENTIALS.search(value):
            return "(not shown)"
        short = value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "..."
        return '"' + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in short) + '"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value[:3]))}{', ...' * (len(value) > 3)}]"
    return str(value)[:_SHOWN]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name, or nothing."""
    lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    return lower[near[0]] if near else ""


def text(value: object) -> str:
    """Read one line of text that is not empty and has no spaces around it."""
    if not isinstance(value, str):
        raise Wrong("should be text in quotes")
    if not value.strip():
        raise Wrong("should not be empty")
    if value != value.strip():
        raise Wrong("should not start or end with a space")
    if not value.isprintable():
        raise Wrong("should be one line without control characters")
    return value


def boolean(value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Wrong("should be true or false, without quotes")
    return value


def course_id(value: object) -> int:
    """Read the id of a Canvas course."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise Wrong("should be the number at the end of the course's address, without quotes")
    return value


def whole(low: int, high: int, unit: str = "") -> Callable[[object], int]:
    """Return a reader of whole numbers from `low` to `high`; true and false are not numbers."""

    def convert(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Wrong(f"should be a whole number{unit} from {low} to {high}, without quotes")
        return value

    return convert


def number(low: float, high: float) -> Callable[[object], float]:
    """Return a reader of numbers from `low` to `high`."""

    def convert(value: object) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise Wrong(f"should be a number from {low} to {high}, without quotes")

    return convert


def scheduler(value: object) -> str:
    """Read the address of a Dask scheduler."""
    address = text(value)
    found = urlsplit(address)
    try:
        right = found.scheme in {"tcp", "tls"} and found.hostname and found.port
    except ValueError:
        right = False
    if not right or "@" in address or found.path or found.query:
        raise Wrong('should be the address of a Dask scheduler, such as "tcp://10.0.0.5:8786"')
    return address


def points(value: object) -> Decimal:
    """Read the maximum that Canvas shows, exactly: scores are scaled to it."""
    number(0.01, 1_000_000)(value)
    return Decimal(str(value))


def one_of(*choices: T) -> Callable[[object], T]:
    """Return a reader of one of a few words."""

    def convert(value: object) -> T:
        for choice in choices:
            if value == choice:
                return choice
        listed = ", ".join(f'"{c}"' for c in choices[:-1]) + f' or "{choices[-1]}"'
        raise Wrong(f"should be {listed}")

    return convert


def zone(value: object) -> ZoneInfo:
    """Read an IANA time zone."""
    name = text(value)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Wrong(f"is not an IANA time zone{_nearest_zones(name)}") from None


def _nearest_zones(name: str) -> str:
    known = available_timezones()
    wanted = name.lower().replace(" ", "_")
    cities = {z.lower().rpartition("/")[2]: z for z in sorted(known)}
    whole_names = {z.lower(): z for z in known}
    near = difflib.get_close_matches(wanted, whole_names, n=1, cutoff=0.7)
    by_city = difflib.get_close_matches(wanted.rpartition("/")[2], cities, n=1, cutoff=0.7)
    found = dict.fromkeys([whole_names[n] for n in near] + [cities[n] for n in by_city])
    if not found:
        return ' such as "America/Vancouver" or "Europe/Berlin"'
    return f"; did you mean {' or '.join(found)}?"


def local_time(zone: ZoneInfo | None, end_of_day: bool) -> Callable[[object], datetime]:
    """Return a reader of times in the course's zone; a bare date is that day's end (or start).

    Of a time that clocks show twice, the later is meant, in the students' favour. Where the zone is
    missing (a mistake that is reported by itself) only the form is checked.
    """

    def convert(value: object) -> datetime:
        if isinstance(value, datetime):
            naive = value
        elif isinstance(value, date):
            naive = datetime.combine(value, time(23, 59, 59) if end_of_day else time())
        else:
            raise Wrong("should be a date without quotes, such as 2026-10-01T23:59:59")
        if naive.tzinfo is not None:
            raise Wrong(
                "should have no UTC offset, because all dates are in course.timezone: write it as "
                f"{_without_offset(naive, zone)}"
            )
        if not 2000 <= naive.year < 2200:
            raise Wrong("should be a date from 2000 to 2199, such as 2026-10-01T23:59:59")
        return _in_zone(naive, zone) if zone else naive

    return convert


def _without_offset(moment: datetime, zone: ZoneInfo | None) -> str:
    local = moment.astimezone(zone) if zone else moment
    return local.replace(tzinfo=None).isoformat()


def _in_zone(naive: datetime, zone: ZoneInfo) -> datetime:
    first, second = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    real = first.astimezone(timezone.utc).astimezone(zone)
    if real.replace(tzinfo=None) != naive:
        raise Wrong(
            f"does not exist in {zone.key}, where the clocks skip it when they go forward: write "
            f"{real.replace(tzinfo=None).isoformat()}"
        )
    return second


def site(value: object) -> str:
    """Read the address of a web site, without a path."""
    address = text(value).rstrip("/")
    if _CREDENTIALS.search(address):
        raise Wrong("should not contain a user name or password")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or re.search(r"\s", address):
        raise Wrong('should be a full address, beginning with "https://"')
    if parts.path or parts.query or parts.fragment:
        raise Wrong(f'should be the site alone, without a path: "{parts.scheme}://{parts.netloc}"')
    return f"{parts.scheme}://{parts.netloc}"


def hub_prefix(value: object) -> str:
    """Read the hub's prefix, such as /jupyter; empty for a hub without one."""
    if value == "":
        return ""
    prefix = text(value)
    if not re.fullmatch(r"/?[\w.~-]+(/[\w.~-]+)*/?|/", prefix):
        raise Wrong('should be the hub\'s prefix alone, such as "/jupyter"')
    return prefix


def remote(value: object) -> str:
    """Read a git remote: SSH, HTTPS or an absolute path, without credentials."""
    address = text(value)
    scheme = re.match(r"(https?|ssh|git\+ssh|git|file)://", address)
    secret = _CREDENTIALS.search(address)
    if secret and (not scheme or scheme[1].startswith("http") or ":" in secret[0][3:]):
        raise Wrong(
            "should not contain a user name or password: leave those to git's credential helper"
        )
    scp_like = re.match(r"[\w.-]+@?[\w.-]*:[^/\\]", address)
    local = address.startswith("/")  # here alone a folder's name may have spaces
    if not (scheme or scp_like or local) or re.search(r"[^\S ]" if local else r"\s", address):
        raise Wrong('should be a git remote: "git@host:org/repo.git" or "https://host/org/repo"')
    return address


def inner_path(value: object) -> str:
    """Read a relative path that stays inside its folder; empty means the folder itself."""
    if value == "":
        return ""
    path = text(value)
    parts = PurePosixPath(path).parts
    if path.startswith("/") or "\\" in path or {"..", ".git"} & set(parts):
        raise Wrong('should be a relative path, without "..", ".git" or a leading "/"')
    return "/".join(parts)


def template(*needed: str, optional: Iterable[str] = ()) -> Callable[[object], str]:
    """Return a reader of relative paths with placeholders such as {student_id}."""
    known = (*needed, *optional)

    def convert(value: object) -> str:
        path = inner_path(value)
        used = re.findall(r"\{([^{}]*)\}", path)
        for name in used:
            if name not in known:
                listed = ", ".join(f"{{{k}}}" for k in known)
                raise Wrong(f"has the unknown placeholder {{{name}}}; the known ones are {listed}")
        if re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", path)):
            raise Wrong("has an unmatched brace")
        for name in needed:
            if used.count(name) != 1:
                raise Wrong(f"should contain {{{name}}} exactly once")
        return path

    return convert


def pattern(value: object) -> str:
    """Read a regular expression."""
    expression = text(value)
    try:
        re.compile(expression)
    except re.error as error:
        raise Wrong(f"is not a valid regular expression: {error.msg}") from None
    return expression


def time_format(value: object) -> str:
    """Read a strptime format that tells year, month and day."""
    layout = text(value)
    moment = datetime(2031, 11, 23, 17, 48)
    try:
        read = datetime.strptime(moment.strftime(layout), layout)
    except (ValueError, re.error):
        read = None
    if read is None or read.date() != moment.date():
        raise Wrong('should contain year, month and day, such as "%Y-%m-%d-%H%M"')
    return layout


def memory(value: object) -> str:
    """Read a size; with less than 128m no kernel starts, which would look like bad work."""
    size = text(value).lower()
    if not re.fullmatch(r"\d{1,9}[kmg]", size) or read_memory(size) < 128 << 20:
        raise Wrong('should be a size such as "512m" or "1g", and at least "128m"')
    return size


def modules(value: object) -> tuple[str, ...] | Literal["auto"]:
    """Read a list of Python modules, by the names that `import` takes, or the word "auto"."""
    if value == "auto":
        return "auto"
    names = value if isinstance(value, list) else [None]
    parts = [part for name in names for part in str(name).split(".")]
    if not all(isinstance(name, str) for name in names) or not all(map(str.isidentifier, parts)):
        raise Wrong('should be "auto" or a list of modules as `import` names them: ["numpy"]')
    return tuple(names)


def variable(value: object) -> str:
    """Read the name of an environment variable."""
    name = text(value)
    if len(name) > 40 or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise Wrong('should be the name of an environment variable, such as "CANVAS_TOKEN"')
    return name


def home_path(value: object) -> Path:
    """Read a path in which ~ is the home of the account that runs rudaux."""
    try:
        return Path(text(value)).expanduser()
    except RuntimeError:
        raise Wrong("names a home folder that does not exist") from None


def absolute_path(value: object) -> Path:
    """Read an absolute path."""
    path = home_path(value)
    if not path.is_absolute():
        raise Wrong('should be an absolute path, such as "/tank/home/dsci100"')
    return path


def assignment_name(value: object) -> str:
    """Read the name of a folder under source/; nbgrader takes names as patterns, split at a +."""
    name = text(value)
    if name.startswith(".") or re.search(r"[/\\+*?\[\]]", name) or len(name) > 200:
        raise Wrong(
            'should be the name of a folder, such as "homework_1", without / \\ + * ? [ ] and '
            "without a leading dot"
        )
    return name


def notebook_name(value: object) -> str:
    """Read the file name of a notebook."""
    name = text(value)
    if "/" in name or "\\" in name or not name.endswith(".ipynb") or name == ".ipynb":
        raise Wrong('should be the file name of a notebook, such as "homework_1.ipynb"')
    return name
