"""What happened in the term, and what the rules make of it: nothing here is rudaux's own code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Vancouver")
JOINED_LATE = timedelta(days=7)
PERCENT_PER_DAY, AT_MOST = 10, 50


def day(month: int, number: int, hour: int = 23, minute: int = 59, second: int = 59) -> datetime:
    """Return a moment of the term in the course's zone: the end of a day unless it says more."""
    return datetime(2025, month, number, hour, minute, second, tzinfo=ZONE)


@dataclass(frozen=True)
class Task:
    """An assignment: `earned` says what an answer gets, in nbgrader's points out of `maximum`."""

    name: str
    opens: datetime
    due: datetime
    points: int
    earned: Mapping[str, Decimal]
    maximum: int = 3
    late_until: datetime | None = None
    manual: bool = False


RIGHT, PARTLY, WRONG = "return 2 * n", "return 2 * n if n else 1", "return 7"
MARK = {RIGHT: Decimal(3), PARTLY: Decimal("1.5"), WRONG: Decimal("0.5")}
"""What the teaching assistants give for the answer in words, of 3 points."""
_TESTS = {RIGHT: Decimal(3), PARTLY: Decimal(2), WRONG: Decimal(0)}
_MENDED = {**_TESTS, PARTLY: Decimal(3)}
"""The broken test let those pass who are partly right, and what they had is not taken away."""

TASKS = (
    Task("worksheet_1", day(9, 8, 9, 0, 0), day(9, 19), 10, _TESTS),
    Task("worksheet_2", day(9, 22, 9, 0, 0), day(10, 3), 10, _TESTS, late_until=day(10, 6)),
    Task(
        "project", day(10, 6, 9, 0, 0), day(10, 17), 20,
        {answer: _TESTS[answer] + MARK[answer] for answer in MARK}, maximum=6, manual=True,
    ),
    Task("worksheet_3", day(10, 20, 9, 0, 0), day(10, 31), 7, _MENDED, late_until=day(11, 2)),
    Task("worksheet_4", day(11, 3, 9, 0, 0), day(11, 21), 10, _TESTS),
)  # fmt: skip
BROKEN, BY_HAND, OUTAGE = TASKS[3], TASKS[2], TASKS[4]
"""The one with the broken test, the one marked by hand, the one whose deadline met no storage."""


@dataclass(frozen=True)
class Saved:
    """A student saved this answer at that moment."""

    at: datetime
    answer: str


@dataclass
class Facts:
    """The term so far, by student and the name of an assignment."""

    joined: dict[str, datetime] = field(default_factory=dict)
    left: dict[str, datetime] = field(default_factory=dict)
    saved: dict[tuple[str, str], list[Saved]] = field(default_factory=dict)
    given: dict[tuple[str, str], list[tuple[datetime, datetime]]] = field(default_factory=dict)
    """When somebody was given time by rudaux, and until when."""
    instead: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """Due dates that the instructor set in Canvas, for a student or all of a section."""
    storage_down: list[tuple[datetime, datetime]] = field(default_factory=list)
    """From when on no snapshot could be taken, and when the next one was."""
    excused: set[tuple[str, str]] = field(default_factory=set)
    edited: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def deadline(self, student: str, task: Task, now: datetime) -> datetime:
        """Return until when the student has time, as it stands at `now`."""
        natural = self.instead.get((student, task.name), task.due)
        found = [natural]
        exact = self.joined[student] + JOINED_LATE
        if self.joined[student] > task.opens and exact > natural:
            found.append(exact.astimezone(ZONE).replace(hour=23, minute=59, second=59))
        found += [until for at, until in self.given.get((student, task.name), []) if at <= now]
        return max(found)

    def handed_in(self, student: str, task: Task, now: datetime) -> Saved | None:
        """Return what counts: what the first snapshot at or after a deadline holds."""
        deadline = self.deadline(student, task, now)
        found = self._in_snapshot(student, task, deadline)
        if found is None and task.late_until and deadline < task.late_until:
            found = self._in_snapshot(student, task, task.late_until)
        return found

    def _in_snapshot(self, student: str, task: Task, deadline: datetime) -> Saved | None:
        down = [until for since, until in self.storage_down if since <= deadline < until]
        taken = max(down, default=deadline)
        saved = [s for s in self.saved.get((student, task.name), []) if s.at <= taken]
        return max(saved, key=lambda s: s.at, default=None)

    def score(self, student: str, task: Task, now: datetime) -> Decimal | None:
        """Return what Canvas must show at the end of the term."""
        if (student, task.name) in self.excused:
            return None
        if (student, task.name) in self.edited:
            return self.edited[student, task.name]
        work = self.handed_in(student, task, now)
        if work is None:
            return Decimal("0.0000")
        share = task.earned[work.answer] / task.maximum
        late = (work.at - self.deadline(student, task, now)).total_seconds()
        if late > 0:
            days = math.ceil(late / 86_400)
            share *= 1 - Decimal(min(PERCENT_PER_DAY * days, AT_MOST)) / 100
        return (share * task.points).quantize(Decimal("0.0001"), ROUND_HALF_UP)
