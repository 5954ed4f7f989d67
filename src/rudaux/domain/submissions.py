"""Where a student stands with an assignment: every student is in exactly one state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args

State = Literal["not_due", "missing", "collected", "failed", "needs_manual", "graded", "pushed"]
STATES: tuple[State, ...] = get_args(State)
Shown = State | Literal["to_collect"]
"""A state as people are told of it: who is due and not collected is not "not due" to them."""
SHOWN: tuple[Shown, ...] = ("not_due", "to_collect", *STATES[1:])
_WORDS: Mapping[Shown, str] = {
    "not_due": "not due",
    "to_collect": "to collect",
    "missing": "missing",
    "collected": "collected",
    "failed": "could not be graded",
    "needs_manual": "waits for you",
    "graded": "graded",
    "pushed": "in Canvas",
}


def state_words(state: Shown, number: int = 1) -> str:
    """Return what people are told of a state that so many students are in."""
    words = _WORDS[state]
    return words if number == 1 else words.replace("waits", "wait", 1)


@dataclass(frozen=True)
class GradebookSubmission:
    """A submission as the gradebook and the `autograded` folder know it.

    `autograded`: both have it, with a grade for every cell that the source marks. `score` is in
    nbgrader's points, with the late `penalty` deducted and never below 0.
    """

    student_id: str
    submitted_at: datetime | None
    autograded: bool
    needs_manual: bool
    score: Decimal
    penalty: Decimal = Decimal(0)


@dataclass(frozen=True)
class Record:
    """The ledger's last word on one student's assignment.

    missing: proven that nothing was handed in; failed: we could not collect or grade it; held: it
    was graded, but a person must decide something about the work; graded: autograding finished.
    """

    kind: Literal["missing", "failed", "held", "graded"]
    reason: str
    at: datetime


@dataclass(frozen=True)
class Standing:
    """A student's state, and the reason where it is not obvious."""

    student_id: str
    state: State
    reason: str = ""
    due: bool = True
    asks: bool = False
    """Whether a person must decide about a grade, although the state is clear."""

    @property
    def overdue(self) -> bool:
        """Whether the deadline has passed, and nothing was collected."""
        return self.due and self.state == "not_due"

    @property
    def shown(self) -> Shown:
        """The state as people are told of it."""
        return "to_collect" if self.overdue else self.state


def standing_of(
    student_id: str,
    due: bool,
    submission: GradebookSubmission | None,
    record: Record | None,
    pushed: bool,
    moved: str = "",
) -> Standing:
    """Return the furthest state reached; a student due but not collected is still `not_due`.

    `pushed` means that Canvas was given the score the gradebook holds now. `moved` says so where a
    deadline is still to come: work that was collected before is not due again until then.
    """
    if submission is None:
        return _without_submission(student_id, due, record, pushed)
    if moved and not pushed:
        return Standing(student_id, "not_due", moved, due)
    if record and record.kind == "failed":
        return Standing(student_id, "failed", record.reason, due)
    if not submission.autograded:
        return Standing(student_id, "collected", "", due)
    if submission.needs_manual:
        waits = "waits for marks by hand"
        note = f"; {record.reason}" if record and record.reason else ""
        return Standing(student_id, "needs_manual", waits + note, due)
    if record and record.kind == "held":
        return Standing(student_id, "needs_manual", record.reason, due)
    note = record.reason if record else ""
    return Standing(student_id, "pushed" if pushed else "graded", note, due)


def _without_submission(
    student_id: str, due: bool, record: Record | None, pushed: bool
) -> Standing:
    if not due:
        return Standing(student_id, "not_due", "", due)
    if record and record.kind == "missing":
        return Standing(student_id, "pushed" if pushed else "missing", record.reason, due)
    if record and record.kind == "failed":
        return Standing(student_id, "failed", record.reason, due)
    if record:
        return Standing(student_id, "failed", "graded, but no longer in the gradebook", due)
    return Standing(student_id, "not_due", "due, but not collected yet", due)


def count_states(standings: Iterable[Standing]) -> Mapping[State, int]:
    """Count students per state, every state present."""
    counts = Counter(s.state for s in standings)
    return {state: counts[state] for state in STATES}


def count_shown(states: Iterable[Shown]) -> Mapping[Shown, int]:
    """Count students per state as people are told of it, every state present."""
    counts = Counter(states)
    return {state: counts[state] for state in SHOWN}


@dataclass(frozen=True)
class GradebookAssignment:
    """An assignment in the gradebook; `max_score` in nbgrader's points comes from the source."""

    name: str
    due_at: datetime | None
    max_score: Decimal
    submissions: int
