"""Scores into Canvas: checked right before, written in bulk, read back, retried one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from rudaux.domain.grades import CanvasSubmission, Push, PushLine, in_words, same_score
from rudaux.domain.outcome import Result
from rudaux.errors import CanvasFailure
from rudaux.ports import Context

CHUNK = 500
"""Scores per bulk update: one that dies half way affects no more than these."""

FRESH = timedelta(seconds=10)
"""How long a look at Canvas counts as current: a person who is asked takes longer."""

Rows = Mapping[str, CanvasSubmission]


@dataclass(frozen=True)
class Written:
    """What became of one line."""

    student_id: str
    result: Result = "done"
    reason: str = ""


def write_grades(
    ctx: Context,
    assignment: str,
    assignment_id: int,
    lines: Sequence[PushLine],
    read_at: datetime,
) -> Iterator[Written]:
    """Write each line's new score, unless Canvas changed since the plan; yield what became of it.

    `read_at`: when the plan read Canvas. Every write is in the ledger before it is in Canvas.
    """
    writes: list[PushLine] = []
    messages: dict[str, str] = {}
    rows: Rows | None = None
    rest = iter(lines)
    while chunk := tuple(islice(rest, CHUNK)):
        # Canvas may take minutes for a chunk, and people go on working meanwhile.
        if ctx.now() - read_at > FRESH:
            read_at, rows = ctx.now(), _rows(ctx, assignment_id)
        if rows is not None:
            moved = _all_moved(chunk, rows)
            yield from (Written(student, "held", why) for student, why in moved.items())
            chunk = tuple(line for line in chunk if line.student_id not in moved)
        if chunk:
            message = _in_bulk(ctx, assignment, assignment_id, chunk)
            messages.update(dict.fromkeys((x.student_id for x in chunk), message))
            writes += chunk
    if not writes:
        return
    shown = _rows(ctx, assignment_id)
    taken = [line for line in writes if _took(line, shown)]
    _settle(ctx, assignment, taken, shown)
    yield from (Written(line.student_id) for line in taken)
    left = [line for line in writes if not _took(line, shown)]
    yield from _singly(ctx, assignment, assignment_id, left, shown, messages)


def _in_bulk(ctx: Context, assignment: str, assignment_id: int, lines: Sequence[PushLine]) -> str:
    """Write a chunk, and return what Canvas complained about."""
    at = ctx.now()
    ctx.ledger.record_pushes(Push(assignment, x.student_id, x.old, x.new, None, at) for x in lines)
    return ctx.canvas.push_grades(assignment_id, _scores(lines))


def _singly(
    ctx: Context,
    assignment: str,
    assignment_id: int,
    lines: Sequence[PushLine],
    shown: Rows,
    messages: Mapping[str, str],
) -> Iterator[Written]:
    """Write one by one what the bulk update did not; leave edits made meanwhile alone."""
    moved = _all_moved(lines, shown, written=True)
    again = [line for line in lines if line.student_id not in moved]
    rows = dict(shown)
    refusals: dict[str, CanvasFailure] = {}
    if again:
        for student, answer in ctx.canvas.push_singly(assignment_id, _scores(again)):
            if isinstance(answer, CanvasSubmission):
                rows[student] = answer
            else:
                refusals[student] = answer
    _settle(ctx, assignment, lines, rows)
    for line in lines:
        student = line.student_id
        if _took(line, rows):
            yield Written(student)
        elif student in moved:
            yield Written(student, "held", moved[student])
        else:
            # A refusal is worded the same for everybody, so that it can be said once.
            why = str(refusals.get(student, "")) or messages.get(student, "")
            grade = "the grade" if why else f"the grade {in_words(line.new)}"
            why = why or f"Canvas shows {in_words(_entered(rows, student))}"
            yield Written(student, "failed", f"{grade} was not saved: {why}")


def _all_moved(lines: Sequence[PushLine], rows: Rows, written: bool = False) -> dict[str, str]:
    found = ((x.student_id, _moved(x, rows.get(x.student_id), written)) for x in lines)
    return {student: why for student, why in found if why}


def _moved(line: PushLine, row: CanvasSubmission | None, written: bool) -> str:
    """Return what a person did in Canvas since the plan was made, or "".

    Once it is `written`, a third value may also be Canvas's doing.
    """
    if row is None:
        return "Canvas no longer lists them for this assignment"
    if row.excused:
        return "excused in Canvas just now: left alone"
    if same_score(row.entered, line.old) or same_score(row.entered, line.new):
        return ""
    if written:
        return (
            f"{in_words(line.new)} was written and Canvas shows {in_words(row.entered)}, edited by "
            "someone or changed by Canvas: kept (--overwrite-edits replaces it)"
        )
    return f"edited in Canvas just now, to {in_words(row.entered)}: kept"


def _took(line: PushLine, rows: Rows) -> bool:
    row = rows.get(line.student_id)
    return row is not None and not row.excused and same_score(row.entered, line.new)


def _settle(ctx: Context, assignment: str, lines: Sequence[PushLine], rows: Rows) -> None:
    at = ctx.now()
    ctx.ledger.settle_pushes(
        Push(assignment, x.student_id, x.old, x.new, _entered(rows, x.student_id), at)
        for x in lines
    )


def _rows(ctx: Context, assignment_id: int) -> Rows:
    return {row.student_id: row for row in ctx.canvas.submissions(assignment_id)}


def _scores(lines: Sequence[PushLine]) -> dict[str, Decimal]:
    return {line.student_id: line.new for line in lines if line.new is not None}


def _entered(rows: Rows, student_id: str) -> Decimal | None:
    row = rows.get(student_id)
    return row.entered if row else None
