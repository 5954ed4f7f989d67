"""What the ledger remembers of earlier runs, and what that means for the next push."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone, tzinfo
from decimal import Decimal
from typing import Literal

from rudaux.domain.execution import Verdict
from rudaux.domain.grades import CanvasSubmission, Push, on_day, same_score


@dataclass(frozen=True)
class Run:
    """One run of a command: who ran it where, and how it ended; None: it runs or was killed."""

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


@dataclass(frozen=True)
class Graded:
    """One time that a submission was run to be graded, with what was repaired before.

    `verdict` and `image` are those of its `Execution`.
    """

    at: datetime
    verdict: Verdict
    seconds: float
    repairs: tuple[str, ...] = ()
    image: str = ""
    run: int | None = None


def last_scores(pushes: Iterable[Push]) -> dict[str, Decimal]:
    """Return the score that rudaux last put into Canvas for each student, from its pushes.

    They are those of one assignment. An undo leads back to the score before the run it undoes: if
    that run had replaced a person's value, it is a person's again.
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
    """Return the undo of each student whose last push was one; undoing an undo does not count."""
    found: dict[str, Push] = {}
    undos: set[int | None] = set()
    for push in _taken(pushes):
        if push.undoes is None or push.undoes in undos:
            found.pop(push.student_id, None)
        else:
            undos.add(push.run)
            found[push.student_id] = push
    return found


def unconfirmed(pushes: Iterable[Push], shown: Mapping[str, Decimal | None]) -> dict[str, Push]:
    """Return each student's write that Canvas shows although it was never read back as written.

    A run was killed, or Canvas was slower than the run waited: the value is still rudaux's.
    """
    waiting: dict[str, list[Push]] = {}
    for push in pushes:
        if same_score(push.new, push.read_back):
            waiting.pop(push.student_id, None)
        else:
            waiting.setdefault(push.student_id, []).append(push)
    return {
        student: push
        for student, open_pushes in waiting.items()
        for push in open_pushes
        if push.new is not None and same_score(push.new, shown.get(student))
    }


def confirmed(pushes: Iterable[Push], shown: Mapping[str, Push]) -> tuple[Push, ...]:
    """Return the pushes, with those that Canvas shows after all read back (see `unconfirmed`)."""
    found = {id(push) for push in shown.values()}
    return tuple(replace(p, read_back=p.new) if id(p) in found else p for p in pushes)


def _taken(pushes: Iterable[Push]) -> Iterator[Push]:
    """Leave out what Canvas did not show as it was written."""
    return (p for p in pushes if same_score(p.new, p.read_back))


UndoKind = Literal["restore", "restored", "edited", "excused", "not_gradable"]


@dataclass(frozen=True)
class UndoLine:
    """What an undo would do for one student's assignment: Canvas `now` becomes `old` again.

    `wrote` is what the run to be undone put there; `unrecorded`: Canvas has the old value already,
    and the ledger does not know it.
    """

    assignment: str
    student_id: str
    kind: UndoKind
    wrote: Decimal | None
    old: Decimal | None
    now: Decimal | None = None
    why: str = ""
    unrecorded: bool = False


def written_by(pushes: Iterable[Push]) -> tuple[Push, ...]:
    """Return one push per student and assignment of a run, from the first value to the last.

    What the run only recorded is left out: it did not write it.
    """
    whole: dict[tuple[str, str], Push] = {}
    for push in pushes:
        if push.adopted:
            continue
        key = (push.assignment, push.student_id)
        whole[key] = replace(push, old=whole.get(key, push).old)
    return tuple(whole.values())


def decide_undo(
    push: Push, last: Push | None, canvas: CanvasSubmission | None, zone: tzinfo = timezone.utc
) -> UndoLine:
    """Decide from what a run wrote (`push`), the student's last successful push, and Canvas now.

    Days are those of `zone`.
    """
    name, student, wrote, old = push.assignment, push.student_id, push.new, push.old
    if canvas is None:
        why = "Canvas does not list them for this assignment"
        return UndoLine(name, student, "not_gradable", wrote, old, None, why)
    now = canvas.entered
    if canvas.excused:
        return UndoLine(name, student, "excused", wrote, old, now, "excused in Canvas")
    if same_score(now, old):
        unrecorded = last is not None and same_score(last.new, wrote)
        return UndoLine(name, student, "restored", wrote, old, now, "", unrecorded)
    if same_score(now, wrote):
        return UndoLine(name, student, "restore", wrote, old, now)
    why = f"edited in Canvas{on_day(canvas, zone)} by someone else: kept"
    if last is not None and last.run != push.run and same_score(now, last.new):
        why = f"run {last.run} wrote another value since: kept"
    return UndoLine(name, student, "edited", wrote, old, now, why)


def last_taken(pushes: Iterable[Push]) -> dict[str, Push]:
    """Return each student's last push that Canvas showed as written, of one assignment's."""
    return {push.student_id: push for push in _taken(pushes)}
