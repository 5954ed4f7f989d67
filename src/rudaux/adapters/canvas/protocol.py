"""What every Canvas request and answer have in common: URLs, parameters, paging, throttling."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import NoReturn, TypeAlias
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from rudaux.errors import CanvasFailure, ConfigError

Value: TypeAlias = "str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"

PER_PAGE = 100
RATE_FLOOR = 100.0
RATE_OUTFLOW = 10.0
LONGEST_PAUSE = 30.0

_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r';\s*rel\s*=\s*"?([^";,]+)', re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """One request to Canvas; `path` is below /api/v1, or starts with /api/ itself.

    `task` completes the sentence "Canvas was asked to ...". `repeatable` means idempotent: sending
    the request twice does no harm. `missing` is the message for a 404.
    """

    method: str
    path: str
    task: str
    query: Mapping[str, Value] = field(default_factory=dict)
    body: Mapping[str, Value] | None = None
    repeatable: bool = True
    missing: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back; `url` is the one that was requested."""

    status: int
    headers: Mapping[str, str]
    body: str
    url: str = ""

    def header(self, name: str) -> str:
        """Return a header's value, whatever the case of its name; "" if there is none."""
        wanted = name.lower()
        return next((v for k, v in self.headers.items() if k.lower() == wanted), "")


def api_base(url: str) -> str:
    """Return the API's address for `canvas.url`, which must be https (http: this machine only)."""
    parts = _split(url)
    if parts.username or parts.password:
        raise ConfigError("canvas.url contains a user name or password: keep only the address")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(
            f'canvas.url = "{url}" is not a web address: write it as https://canvas.example.edu'
        )
    if parts.query or parts.fragment:
        raise ConfigError("canvas.url contains a ? or #: keep only what comes before it")
    if not may_carry_secrets(url):
        raise ConfigError(
            f"canvas.url would send the access token unencrypted: write https://{parts.netloc}"
        )
    return url.strip().rstrip("/") + "/api/v1"


def may_carry_secrets(url: str) -> bool:
    """Return whether what is sent there is encrypted or stays on this machine."""
    parts = _split(url)
    return parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname or ""))


def resolve(base: str, link: str) -> str:
    """Make a link absolute; return "" if it is not a link."""
    try:
        return urljoin(base, link) if link else ""
    except ValueError:
        return ""


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url.strip())
    except ValueError:
        return SplitResult("", "", "", "", "")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port: the token is sent to its own origin only."""
    parts = _split(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        port = 0
    return parts.scheme, (parts.hostname or "").lower(), port


def address(base: str, path: str, query: Mapping[str, Value]) -> str:
    """Build a complete address: Canvas repeats only the query string in its `next` links."""
    base = base.removesuffix("/api/v1") if path.startswith("/api/") else base
    pairs = [pair for key, value in query.items() for pair in flatten(key, value)]
    return f"{base}{path}" + (f"?{urlencode(pairs)}" if pairs else "")


def flatten(key: str, value: Value) -> Iterator[tuple[str, str]]:
    """Spell a nested value as Rails reads it: `a[b]=1`, `a[]=1`.

    https://canvas.instructure.com/doc/api/index.html
    """
    if isinstance(value, Mapping):
        for inner, item in value.items():
            yield from flatten(f"{key}[{inner}]", item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from flatten(f"{key}[]", item)
    else:
        yield key, _scalar(value)


def _scalar(value: str | float | bool | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def next_page(answer: Answer) -> str | None:
    """Return the next page's address, or None at the end: a short or empty page is not the end.

    Raises `CanvasFailure` if the link leads to another host, which must not get the token.
    https://canvas.instructure.com/doc/api/file.pagination.html
    """
    for found in _LINK.finditer(answer.header("Link")):
        rel = _REL.search(found[2])
        if rel and "next" in rel[1].lower().split():
            url = resolve(answer.url, found[1])
            if origin(url) != origin(answer.url):
                raise CanvasFailure(
                    f"the next page of Canvas's list is at {spell(url)}, which is not the address "
                    "in canvas.url: set canvas.url to the address that Canvas itself uses"
                )
            return url
    return None


def spell(url: str) -> str:
    """Return an address as messages show it: scheme and host only; the rest may hold secrets."""
    parts = _split(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}"


def throttled(answer: Answer) -> bool:
    """Return whether Canvas asks us to slow down: 429, or an older installation's 403.

    https://canvas.instructure.com/doc/api/file.throttling.html
    """
    return answer.status == 429 or (answer.status == 403 and "Rate Limit Exceeded" in answer.body)


def courtesy_pause(answer: Answer) -> float:
    """Return the seconds to wait before the next request, so that we are not throttled.

    The quota in X-Rate-Limit-Remaining refills by 10 a second.
    """
    try:
        remaining = float(answer.header("X-Rate-Limit-Remaining"))
    except ValueError:
        return 0.0
    short = (RATE_FLOOR - remaining) / RATE_OUTFLOW
    return min(max(short, 0.0), LONGEST_PAUSE) if short == short else 0.0


def clock_offset(date: str, now: datetime) -> timedelta | None:
    """Return how far an answer's Date header is ahead of `now` (aware); None if it has none.

    The header counts whole seconds. https://www.rfc-editor.org/rfc/rfc9110#name-date
    """
    try:
        there = parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):
        return None
    return there.replace(tzinfo=there.tzinfo or timezone.utc) - now


def parse(body: str) -> object:
    """Read JSON with exact decimals, or raise ValueError; Canvas may prefix it with `while(1);`."""
    try:
        result: object = json.loads(
            body.removeprefix("while(1);"), parse_float=Decimal, parse_constant=_not_json
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return result


def _not_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
