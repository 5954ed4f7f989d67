"""Everything `rudaux init` brings in step, as one plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rudaux.config.private import others_can_enter
from rudaux.domain.canvas import CanvasAssignment, CanvasCourse
from rudaux.domain.outcome import Outcome
from rudaux.ports import Context
from rudaux.workflows import assignments, release, schedule, sync
from rudaux.workflows.access import require_open
from rudaux.workflows.assignments import AssignmentLine, AssignmentsPlan
from rudaux.workflows.deadlines import Deadlines, find_deadlines
from rudaux.workflows.release import ReleasePlan
from rudaux.workflows.schedule import SchedulePlan
from rudaux.workflows.sync import SyncPlan


@dataclass(frozen=True)
class InitPlan:
    """The parts in the order they are applied."""

    course: CanvasCourse
    sync: SyncPlan
    release: ReleasePlan
    assignments: AssignmentsPlan
    schedule: SchedulePlan
    undated: tuple[str, ...] = ()
    """Assignments for which nobody has a due date."""
    exposed: bool = False
    """Whether other accounts of this machine get into the course folder, solutions and all."""

    def __len__(self) -> int:
        return len(self.sync) + len(self.release) + len(self.assignments) + len(self.schedule)


def plan(ctx: Context, clone: Path) -> InitPlan:
    """Read and decide everything before anything is written; `clone`: see `release.workspace`."""
    course = require_open(ctx, grading=False)
    canvas = assignments.plan(ctx)
    synced = sync.plan(ctx)
    coming = _deadlines(ctx, canvas, synced)
    return InitPlan(
        course,
        synced,
        release.plan(ctx, clone),
        canvas,
        schedule.plan(ctx, {name: d.distinct for name, d in coming.items()}),
        tuple(name for name, d in coming.items() if d.own and not any(d.own.values())),
        others_can_enter(ctx.config.folder),
    )


def apply(ctx: Context, plan: InitPlan) -> Iterator[Outcome]:
    """Apply the parts: nothing is in Canvas before its notebook can be pulled."""
    yield from sync.apply(ctx, plan.sync)
    yield from release.apply(ctx, plan.release)
    yield from assignments.apply(ctx, plan.assignments)
    yield from schedule.apply(ctx, plan.schedule)


def coming_deadlines(
    ctx: Context, canvas: AssignmentsPlan, synced: SyncPlan
) -> Mapping[str, tuple[datetime, ...]]:
    """Give every deadline of each assignment as it will be once the plan is applied."""
    return {name: d.distinct for name, d in _deadlines(ctx, canvas, synced).items()}


def _deadlines(ctx: Context, canvas: AssignmentsPlan, synced: SyncPlan) -> dict[str, Deadlines]:
    planned = {line.spec.name: _planned(line) for line in canvas.lines}
    return {
        a.name: find_deadlines(ctx, a, synced.students, planned.get(a.name))
        for a in ctx.config.assignments
    }


def _planned(line: AssignmentLine) -> CanvasAssignment | None:
    return replace(line.current, due_at=line.spec.due_at) if line.current else None
