"""When cron grades what: one entry per assignment and deadline, in the machine's own time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo


@dataclass(frozen=True, order=True)
class Entry:
    """One crontab line of this course; the times are the machine's local ones.

    `due_at` is the deadline it belongs to (aware). Cron knows no years, so the command checks the
    year.
    """

    assignment: str
    minute: int
    hour: int
    day: int
    month: int
    year: int
    command: str

    def at(self, machine: tzinfo) -> datetime:
        """Return when it runs (aware)."""
        return datetime(self.year, self.month, self.day, self.hour, self.minute, tzinfo=machine)


def local_run_time(due_at: datetime, delay_minutes: int, machine: tzinfo) -> datetime:
    """Return the machine's local time of the grading run, rounded up to a whole minute.

    `due_at` is aware. Going through UTC makes it right across a daylight-saving change: a time that
    exists in UTC exists in every zone. A run in the second pass of a repeated hour is put off until
    after it, because cron would run it in the first.
    """
    run = due_at.astimezone(timezone.utc) + timedelta(minutes=delay_minutes)
    if run.second or run.microsecond:
        run = run.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while run.astimezone(machine).fold:
        run += timedelta(minutes=1)
    return run.astimezone(machine)
