"""Undo a run's grades: Canvas gets back the values that it had before that run's push.

Feedback comments stay: students may have read them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.grades import CanvasSubmission, Push, in_words, same_score
from rudaux.domain.history import (
    Run,
    UndoKind,
    UndoLine,
    decide_undo,
    last_taken,
    written_by,
)
from rudaux.domain.modes import CLOSED_FOR_THEM
from rudaux.domain.outcome import Outcome
from rudaux.errors import CanvasFailure, RequestRefused, UsageError
from rudaux.ports import Context
from rudaux.workflows.access import closed_for, require, require_open
from rudaux.workflows.assignments import by_exact_name


@dataclass(frozen=True)
class UndoPlan:
    """What undoing a run writes; that many `feedback` files of the run stay in Canvas."""

    run: Run
    lines: tuple[UndoLine, ...]
    ids: Mapping[str, int]
    names: Mapping[str, str]
    feedback: int = 0

    def __len__(self) -> int:
        return self.counts["restore"]

    @property
    def counts(self) -> Counter[UndoKind]:
        """Lines per kind."""
        return Counter(line.kind for line in self.lines)


def plan(ctx: Context, run: int | None = None) -> UndoPlan:
    """Compare what a run wrote with Canvas now; without `run`, the last one that pushed grades.

    Raises `UsageError` if there is no such run, or it wrote no grade.
    """
    found = _find_run(ctx, run)
    written = written_by(ctx.ledger.push_records(run=found.id))
    require_open(ctx)
    existing = ctx.canvas.assignments()
    lines: list[UndoLine] = []
    ids: dict[str, int] = {}
    for name in dict.fromkeys(push.assignment for push in written):
        assignment = by_exact_name(existing, name)
        rows: dict[str, CanvasSubmission] = {}
        since, why = None, ""
        if assignment is not None:
            since = assignment.created_at
            rows, why = _rows(ctx, assignment)
            ids |= {} if why else {name: assignment.id}
        last = last_taken(ctx.ledger.push_records(name, since=since))
        decided = [
            decide_undo(
                push,
                last.get(push.student_id),
                rows.get(push.student_id),
                ctx.config.course.timezone,
            )
            for push in written
            if push.assignment == name and (since is None or push.at >= since)
        ]
        lines += _open_ones(ctx, assignment, decided, why)
    names = {s.id: s.name for s in ctx.canvas.students()}
    feedback = sum(sent.run == found.id for sent in ctx.ledger.feedback_records())
    return UndoPlan(found, tuple(lines), ids, names, feedback)


def _rows(ctx: Context, assignment: CanvasAssignment) -> tuple[dict[str, CanvasSubmission], str]:
    """Return what Canvas has, or why it takes no grades for this assignment now."""
    try:
        require("undo", assignment)
        return _shown(ctx, assignment.id), ""
    except RequestRefused as refused:
        return {}, str(refused)


def _open_ones(
    ctx: Context, assignment: CanvasAssignment | None, lines: Sequence[UndoLine], why: str
) -> Iterator[UndoLine]:
    """Leave alone what Canvas takes no grades for now."""
    restored = {x.student_id for x in lines if x.kind == "restore"}
    shut = closed_for(ctx, assignment, restored) if assignment and restored else frozenset()
    for line in lines:
        if why:
            yield replace(line, kind="not_gradable", why=why)
        elif line.student_id in shut:
            yield replace(line, kind="not_gradable", why=CLOSED_FOR_THEM)
        else:
            yield line


def undoable(ctx: Context) -> tuple[Run, ...]:
    """Return the runs that wrote grades, oldest first."""
    ids = {push.run for push in ctx.ledger.push_records() if not push.adopted}
    return tuple(run for run in ctx.ledger.run_records() if run.id in ids)


def _find_run(ctx: Context, wanted: int | None) -> Run:
    runs = undoable(ctx)
    if wanted is None:
        # An undo is never the default: asking twice must not bring the grades back.
        undos = {push.run for push in ctx.ledger.push_records() if push.undoes is not None}
        runs = tuple(run for run in runs if run.id not in undos)
        if not runs:
            raise UsageError("no run has pushed grades yet: there is nothing to undo.")
        return runs[-1]
    found = next((run for run in runs if run.id == wanted), None)
    if found is None:
        raise UsageError(f"run {wanted} wrote no grades: `rudaux canvas log` lists those that did.")
    return found


def apply(ctx: Context, plan: UndoPlan) -> Iterator[Outcome]:
    """Restore, read back, record; one outcome per student and assignment."""
    for name, assignment_id in plan.ids.items():
        lines = [line for line in plan.lines if line.assignment == name]
        _record(ctx, plan, [(x, x.wrote, x.now) for x in lines if x.unrecorded])
        rows = _shown(ctx, assignment_id)
        still: list[UndoLine] = []
        for line in lines:
            if line.kind == "restore" and _as_planned(line, rows.get(line.student_id)):
                still.append(line)
            elif line.kind == "restore":
                yield Outcome(_who(plan, line), "held", "edited in Canvas just now: kept")
        if still:
            yield from _restore(ctx, plan, assignment_id, still)


def _as_planned(line: UndoLine, row: CanvasSubmission | None) -> bool:
    return row is not None and not row.excused and same_score(row.entered, line.now)


def _restore(
    ctx: Context, plan: UndoPlan, assignment_id: int, lines: Sequence[UndoLine]
) -> Iterator[Outcome]:
    scores = {x.student_id: x.old for x in lines if x.old is not None}
    message = ""
    if scores:
        # The ledger knows of a write before Canvas does: a killed run must leave its trace.
        _record(ctx, plan, [(x, x.now, None) for x in lines if x.old is not None])
        message = ctx.canvas.push_grades(assignment_id, scores)
    refused = _clear(ctx, plan, assignment_id, [x for x in lines if x.old is None])
    rows = _shown(ctx, assignment_id)
    shown = {x.student_id: _entered(rows.get(x.student_id)) for x in lines}
    ctx.ledger.settle_pushes(
        _push(ctx, plan, x, x.now, shown[x.student_id])
        for x in lines
        if x.student_id not in refused
    )
    for line in lines:
        student = line.student_id
        if student in rows and same_score(shown[student], line.old):
            yield Outcome(_who(plan, line))
        else:
            why = str(refused.get(student) or message or f"Canvas shows {in_words(shown[student])}")
            text = f"{in_words(line.old)} was not restored: {why}"
            yield Outcome(_who(plan, line), "failed", text)


def _clear(
    ctx: Context, plan: UndoPlan, assignment_id: int, lines: Sequence[UndoLine]
) -> dict[str, CanvasFailure]:
    """Clear grades one by one, record each, and return the refusals."""
    by_student = {x.student_id: x for x in lines}
    refused: dict[str, CanvasFailure] = {}
    if not lines:
        return refused
    for student, refusal in ctx.canvas.clear_grades(assignment_id, by_student):
        line = by_student[student]
        if refusal is not None:
            refused[student] = refusal
        _record(ctx, plan, [(line, line.now, line.now if refusal else None)])
    return refused


def _shown(ctx: Context, assignment_id: int) -> dict[str, CanvasSubmission]:
    return {s.student_id: s for s in ctx.canvas.submissions(assignment_id)}


def _entered(row: CanvasSubmission | None) -> Decimal | None:
    return row.entered if row else None


def _record(
    ctx: Context,
    plan: UndoPlan,
    done: Sequence[tuple[UndoLine, Decimal | None, Decimal | None]],
) -> None:
    """Record undos as pushes of their own, from (line, value before, value read back)."""
    ctx.ledger.record_pushes(_push(ctx, plan, *each) for each in done)


def _push(
    ctx: Context, plan: UndoPlan, line: UndoLine, before: Decimal | None, shown: Decimal | None
) -> Push:
    student, run = line.student_id, plan.run.id
    return Push(line.assignment, student, before, line.old, shown, ctx.now(), undoes=run)


def _who(plan: UndoPlan, line: UndoLine) -> str:
    return plan.names.get(line.student_id, f"student {line.student_id}")
