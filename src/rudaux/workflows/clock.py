"""This machine's clock against Canvas's: deadlines are Canvas's, and "now" is this machine's."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo

from rudaux.errors import ClockWrong
from rudaux.ports import Context

MOST = timedelta(minutes=5)
"""How far the two may differ: the last minutes before a deadline still belong to students."""


def clock_trouble(ctx: Context) -> str:
    """Return a sentence with both times if this machine's clock is wrong; "" if it is right.

    If Canvas does not say what time it is (no Date header), nothing is known.
    """
    if ctx.canvas.clock_offset() is None:
        ctx.canvas.course()
    offset = ctx.canvas.clock_offset()
    if offset is None or abs(offset) <= MOST:
        return ""
    # The offset is against the machine's own clock, whatever `ctx.now` says.
    here = datetime.now(timezone.utc)
    zone = ctx.config.course.timezone
    where = "behind" if offset > timedelta(0) else "ahead of"
    return (
        f"this machine's clock is {where} Canvas's: here it is {_time(here, zone)}, in Canvas "
        f"{_time(here + offset, zone)}. Set it right (`timedatectl set-ntp true`): with a wrong "
        "clock, work would be collected before or after its deadline"
    )


def require_clock(ctx: Context) -> None:
    """Raise `ClockWrong` if this machine's clock and Canvas's differ by more than `MOST`."""
    if trouble := clock_trouble(ctx):
        raise ClockWrong(f"{trouble}. Nothing was collected and nothing was pushed.")


def _time(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %-d %b %Y %H:%M:%S %Z}"
