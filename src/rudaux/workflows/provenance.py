"""What each grading records for a later regrade: where marks came from, and what was granted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from rudaux import __version__
from rudaux.domain.allowances import Allowance, Cell, allowances_for
from rudaux.domain.execution import Execution, GradedFrom, Job
from rudaux.ports import Context

CUT_SHORT = "grading was cut short before its end"
"""The reason of a record while marks are being written."""


@dataclass(frozen=True)
class Allowed:
    """What students of an assignment are granted on top of what its tests give."""

    credits: frozenset[Cell]
    kept: Mapping[str, Mapping[Cell, Allowance]]
    floors: Mapping[str, Mapping[Cell, Decimal]]
    cut_short: frozenset[str] = frozenset()

    @classmethod
    def read(
        cls, ctx: Context, assignment: str, floors: Mapping[str, Mapping[Cell, Decimal]]
    ) -> Allowed:
        """Read it from the ledger; `floors` are new."""
        ledger = ctx.ledger
        records = ledger.records(assignment).items()
        cut = frozenset(sid for sid, record in records if record.reason == CUT_SHORT)
        return cls(ledger.credits(assignment), ledger.allowances(assignment), floors, cut)

    def to(self, student_id: str) -> Mapping[Cell, Allowance]:
        """Return what one student is granted."""
        unsure = student_id in self.cut_short
        return allowances_for(student_id, self.credits, self.kept, self.floors, unsure)


def entered_by_hand(ctx: Context, job: Job) -> frozenset[Cell]:
    """Return the cells whose extra credit is a person's, before they are marked anew."""
    if not job.allowances:
        return frozenset()
    return frozenset(
        mark.key
        for mark in ctx.gradebook.cell_marks(job.assignment, job.student_id)
        if mark.extra
        and (allowance := job.allowances.get(mark.key))
        and not allowance.is_ours(
            mark.extra, mark.mark or Decimal(0), mark.maximum, mark.manual is not None
        )
    )


def remember(
    ctx: Context,
    execution: Execution,
    doubts: Sequence[str] = (),
    by_hand: frozenset[Cell] = frozenset(),
) -> None:
    """Record where a submission's new marks came from, and the extra credit it was granted.

    `by_hand` is what `entered_by_hand` returned before.
    """
    job = execution.job
    if job.allowances:
        _remember_allowances(ctx, job, by_hand)
    certain = execution.verdict == "ok" and not job.only and not doubts
    inputs = inputs_of(ctx, job) if certain else ""
    outputs = ctx.grader.outputs_digest(job.assignment, job.student_id) if inputs else ""
    what = GradedFrom(inputs, outputs) if outputs else GradedFrom()
    ctx.ledger.record_graded_from(job.assignment, job.student_id, what)


def inputs_of(ctx: Context, job: Job) -> str:
    """Return a digest of all that a run of the job depends on; "" if that is not certain."""
    environment = ctx.executor.environment(ctx.grader.kernels(job.assignment))
    if not job.digest or not environment:
        return ""
    how = replace(ctx.config.grading, jobs=0)
    text = f"{job.digest} {environment} {__version__} {how!r}"
    return hashlib.sha256(text.encode()).hexdigest()


def replay(ctx: Context, job: Job, before: GradedFrom | None) -> Execution | None:
    """Return what a run of the job would give, if its last grading makes that certain."""
    if before is None or not before.inputs or job.only or before.inputs != inputs_of(ctx, job):
        return None
    if ctx.grader.outputs_digest(job.assignment, job.student_id) != before.outputs:
        return None
    return ctx.grader.replay(job)


def _remember_allowances(ctx: Context, job: Job, theirs: frozenset[Cell]) -> None:
    """Keep a floor that is in use or was kept before, and how much extra credit is ours."""
    before = ctx.ledger.allowances(job.assignment).get(job.student_id, {})
    marks = {m.key: m for m in ctx.gradebook.cell_marks(job.assignment, job.student_id)}
    kept = {}
    for cell, allowance in job.allowances.items():
        mark = marks.get(cell)
        if mark is None:
            continue
        ours = Decimal(0) if cell in theirs else mark.extra
        is_known = bool(before.get(cell, Allowance()).floor)
        floor = allowance.floor if ours or is_known else Decimal(0)
        if ours or floor:
            kept[cell] = Allowance(floor, given=ours)
    ctx.ledger.record_allowances(job.assignment, job.student_id, kept)
