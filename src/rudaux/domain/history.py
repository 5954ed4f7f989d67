"""What the ledger remembers of earlier runs, and what follows from it for the next push."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from rudaux.domain.grades import Push, same_score


@dataclass(frozen=True)
class Run:
    """One command at work: who ran it where, and how it ended; None: it has not, or was killed."""

    id: int
    command: str
    user: str
    host: str
    pid: int
    started_at: datetime
    ended_at: datetime | None = None
    exit_code: int | None = None


@dataclass(frozen=True)
class FeedbackSent:
    """A feedback file that was attached to a student's submission."""

    assignment: str
    student_id: str
    name: str
    at: datetime
    run: int | None = None


def last_scores(pushes: Iterable[Push]) -> dict[str, Decimal]:
    """Give each student's score that rudaux last put into Canvas, from one assignment's pushes.

    An undo leads back to what that was before the run it undoes: a person's value which that run
    had replaced is a person's again.
    """
    last: dict[str, Decimal | None] = {}
    before: dict[tuple[int | None, str], Decimal | None] = {}
    for push in _taken(pushes):
        student = push.student_id
        before.setdefault((push.run, student), last.get(student))
        undone = push.undoes is not None
        last[student] = before.get((push.undoes, student), push.new) if undone else push.new
    return {student: score for student, score in last.items() if score is not None}


def undone(pushes: Iterable[Push]) -> dict[str, Push]:
    """Give the undo of each student whose last push was one; undoing an undo does not count."""
    found: dict[str, Push] = {}
    undos: set[int | None] = set()
    for push in _taken(pushes):
        if push.undoes is None or push.undoes in undos:
            found.pop(push.student_id, None)
        else:
            undos.add(push.run)
            found[push.student_id] = push
    return found


def _taken(pushes: Iterable[Push]) -> Iterator[Push]:
    """Leave out what Canvas did not show as it was written."""
    return (p for p in pushes if same_score(p.new, p.read_back))
