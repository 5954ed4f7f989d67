"""What each grading records for a later regrade: where marks came from, and what was granted."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from rudaux import __version__
from rudaux.config import private_folder
from rudaux.config.private import make_folder
from rudaux.domain.allowances import Allowance, Cell, allowances_for
from rudaux.domain.execution import Execution, GradedFrom, Job
from rudaux.errors import GradebookFailure, MarksInTheWay
from rudaux.ports import Beside, Context
from rudaux.workflows.gradebook import changing_cells

_NOTE = "agreed.json"
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


def hand_over(ctx: Context, beside: Beside, assignment: str, students: Iterable[str]) -> None:
    """Take over what was graded beside the course: all of it, or nothing if killed early.

    Once the folder is renamed it is settled: `finish` does the rest, if need be in the next run.
    """
    beside.close()
    note = {"assignment": assignment, "students": sorted(students)}
    (beside.folder / _NOTE).write_text(json.dumps(note), encoding="utf-8")
    agreed = _agreed(ctx)
    make_folder(agreed)
    beside.folder.rename(agreed / assignment)
    finish(ctx)


def finish(ctx: Context) -> None:
    """Finish taking over what a person has agreed to; usually there is nothing."""
    for folder in sorted(_agreed(ctx).glob("*")):
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        try:
            with changing_cells(ctx, note["assignment"]):
                ctx.grader.take_over(folder, note["assignment"], note["students"])
        except MarksInTheWay as marks:
            # Nothing was taken over, and it would block every other run.
            set_aside(ctx)
            raise GradebookFailure(
                f"The regrade of {note['assignment']} was not taken over, because somebody has "
                f"since marked a cell that it removes; its results are in .rudaux/kept. {marks} "
                "Then regrade again; until then the grades stay as they are."
            ) from marks
        ctx.ledger.take_over(folder / "ledger.db", note["assignment"], note["students"])
        done = _agreed(ctx).with_name("taken-over")
        shutil.rmtree(done, ignore_errors=True)
        folder.rename(done)
        shutil.rmtree(done)
        _remove_empty(_agreed(ctx))


def set_aside(ctx: Context) -> None:
    """Set aside what was agreed to, because a person goes on from other grades."""
    for folder in sorted(_agreed(ctx).glob("*")):
        kept = private_folder(ctx.config) / "kept" / f"regrade-{folder.name}"
        shutil.rmtree(kept, ignore_errors=True)
        make_folder(kept.parent)
        folder.rename(kept)
        _remove_empty(_agreed(ctx))


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _agreed(ctx: Context) -> Path:
    return ctx.config.private / "agreed"


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
