"""What to look at before grades are released: an assignment's report, and the term's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from rudaux.domain.failures import FailureGroup
from rudaux.domain.roster import Student
from rudaux.domain.statistics import Bin, Flag, ItemStatistics, Summary, TestKey
from rudaux.domain.submissions import Shown, State, count_shown

COMPLETE: frozenset[State] = frozenset({"graded", "pushed"})
FLAGS: Mapping[Flag, str] = {
    "not_reached": "nobody reached it",
    "all_fail": "everybody fails it",
    "negative_discrimination": "good students fail it",
    "slow": "slow",
    "all_pass": "everybody passes it",
}
"""Flags in words, in the order in which they matter."""


@dataclass(frozen=True)
class LostPoints:
    """A cell for which a student did not get all points, and the last line its test said."""

    notebook: str
    cell: str
    points: Decimal
    maximum: Decimal
    error: str = ""


@dataclass(frozen=True)
class StudentResult:
    """Where one student stands; `score` is in Canvas points, None without a final one."""

    student: Student
    state: Shown
    reason: str = ""
    score: Decimal | None = None
    late: bool = False
    lost: tuple[LostPoints, ...] = ()


@dataclass(frozen=True)
class AssignmentReport:
    """One assignment. Statistics are over submissions that were autograded and are complete.

    `at` and `due` are aware, in the course's time zone; `summary` and `bins` in Canvas points.
    `closely` are the groups of errors without any quoted word, for a report without people.
    """

    course: str
    name: str
    at: datetime
    due: datetime | None
    points: Decimal
    results: tuple[StudentResult, ...]
    summary: Summary | None
    bins: tuple[Bin, ...]
    tests: tuple[ItemStatistics, ...]
    failures: tuple[FailureGroup, ...]
    closely: tuple[FailureGroup, ...] = ()

    @property
    def students(self) -> int:
        """How many students the statistics cover."""
        return self.summary.count if self.summary else 0

    @property
    def counts(self) -> Mapping[Shown, int]:
        """Students of the roster per state."""
        return count_shown(result.state for result in self.results)

    @property
    def late(self) -> int:
        """How many handed in after their own deadline."""
        return sum(result.late for result in self.results)

    @property
    def flagged(self) -> tuple[ItemStatistics, ...]:
        """The tests that a person should look at, worst first; not those that everybody passes."""
        order = list(FLAGS)
        wrong = [t for t in self.tests if set(t.flags) - {"all_pass"}]
        return tuple(sorted(wrong, key=lambda t: min(order.index(f) for f in t.flags)))

    @cached_property
    def common(self) -> Mapping[TestKey, FailureGroup]:
        """The commonest error of each test that somebody fails."""
        found: dict[TestKey, FailureGroup] = {}
        for group in self.failures:
            for test in group.tests:
                found.setdefault(test, group)
        return found

    @property
    def waiting(self) -> tuple[tuple[Shown, str, tuple[StudentResult, ...]], ...]:
        """Who is neither graded nor not due, by state and reason, most first."""
        groups: dict[tuple[Shown, str], list[StudentResult]] = {}
        for result in self.results:
            done = result.state in COMPLETE and result.score is not None
            if not done and result.state != "not_due":
                # A path contains the student's own id; the reason is the same.
                reason = re.sub(rf"\b{re.escape(result.student.id)}\b", "…", result.reason)
                groups.setdefault((result.state, reason), []).append(result)
        ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1])))
        return tuple((state, reason, tuple(who)) for (state, reason), who in ordered)


@dataclass(frozen=True)
class TermReport:
    """All assignments of a course over the term, in the order of their due dates."""

    course: str
    at: datetime
    assignments: Sequence[AssignmentReport]
