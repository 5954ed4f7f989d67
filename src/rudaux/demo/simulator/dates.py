"""Dates as Canvas takes and gives them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

DATES = ("due_at", "unlock_at", "lock_at")
_ISO = re.compile(
    r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$", re.IGNORECASE
)


def shown(moment: datetime | None) -> str | None:
    """Write a date as Canvas returns it: UTC with a Z."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def zone_of(name: str | None) -> tzinfo:
    """Return the zone that Canvas reckons a course in."""
    return ZoneInfo(name) if name else timezone.utc


def parsed(text: Any, zone: tzinfo) -> datetime | None:
    """Read a date; None and "" clear it. Without an offset it is in `zone`, as in Canvas.

    Raises ValueError for what Canvas's own pattern refuses.
    """
    if text is None or text == "":
        return None
    match = _ISO.match(str(text))
    if not match:
        raise ValueError(text)
    moment = datetime.fromisoformat(match[1])
    offset = (match[2] or "").upper()
    if not offset:
        return moment.replace(tzinfo=zone).astimezone(timezone.utc)
    if offset == "Z":
        return moment.replace(tzinfo=timezone.utc)
    digits = offset.replace(":", "")
    offset = f"{digits[:3]}:{digits[3:]}"
    return datetime.fromisoformat(match[1] + offset).astimezone(timezone.utc)


def fancy_midnight(moment: datetime | None, zone: tzinfo) -> datetime | None:
    """Move midnight to the end of that day, as Canvas does to due and lock dates.

    https://github.com/instructure/canvas-lms/blob/master/gems/canvas_time
    """
    if moment is None:
        return None
    local = moment.astimezone(zone)
    if (local.hour, local.minute, local.second) != (0, 0, 0):
        return moment
    return local.replace(hour=23, minute=59, second=59).astimezone(timezone.utc)


def dates_in(
    fields: Mapping[str, Any], zone: tzinfo, refusal: Callable[[str, Any], Exception]
) -> dict[str, datetime | None]:
    """Read those of `DATES` that were sent; raises the `refusal` of one that is none."""
    dates: dict[str, datetime | None] = {}
    for key in DATES:
        if key in fields:
            try:
                moment = parsed(fields[key], zone)
            except ValueError:
                raise refusal(key, fields[key]) from None
            dates[key] = moment if key == "unlock_at" else fancy_midnight(moment, zone)
    return dates
