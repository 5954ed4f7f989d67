"""Which snapshots deadlines need, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Protocol


class Naming(Protocol):
    """How a snapshot's name gives its time; `timezone` is its zone."""

    @property
    def pattern(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def timezone(self) -> tzinfo: ...


def snapshot_name(naming: Naming, at: datetime) -> str:
    """Return the name of the snapshot that is taken at `at` (aware)."""
    return at.astimezone(naming.timezone).strftime(naming.format)


def in_wrong_zone(newest: datetime, now: datetime) -> bool:
    """Return whether the newest snapshot's name is read as a time to come by a wrong time zone.

    Then one from before a deadline looks like one from after it. Clocks differ by less, and time
    zones not by so much that a name further ahead could be a snapshot's.
    """
    return timedelta(minutes=10) < newest - now <= timedelta(hours=26)


def snapshot_time(naming: Naming, name: str) -> datetime | None:
    """Read the time (UTC) in a snapshot's name; None if there is none.

    In the hour that occurs twice the earlier reading counts: then the next snapshot is used, which
    is certainly after the deadline.
    """
    match = re.search(naming.pattern, name)
    if match is None:
        return None
    try:
        at = datetime.strptime(match[0], naming.format)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=naming.timezone, fold=0)
    return at.astimezone(timezone.utc)


def serves(naming: Naming, at: datetime, deadline: datetime) -> bool:
    """Return whether a snapshot taken at `at` is, by its name, at or after the deadline.

    A name is less exact than a clock: without seconds, 23:59:40 is 23:59, before 23:59:30.
    """
    read = snapshot_time(naming, snapshot_name(naming, at))
    return read is not None and read >= deadline


def first_moment(naming: Naming, deadline: datetime) -> datetime:
    """Return the first full minute (UTC) whose snapshot serves the deadline (aware)."""
    return next((at for at in _moments(deadline) if serves(naming, at, deadline)), deadline)


def _moments(deadline: datetime) -> Iterator[datetime]:
    """Yield the minutes to try: each of an hour, then each half hour of two days."""
    start = deadline.astimezone(timezone.utc)
    if start.second or start.microsecond:
        start = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
    yield from (start + timedelta(minutes=n) for n in range(60))
    start = start.replace(minute=0)
    yield from (start + timedelta(minutes=30 * n) for n in range(2, 98))
