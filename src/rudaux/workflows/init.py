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
from rudaux.workflows.assignments import AssignmentsPlan, by_exact_name
from rudaux.workflows.deadlines import find_deadlines
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
    exposed: bool = False
    """Whether other accounts of this machine get into the course folder, solutions and all."""

    def __len__(self) -> int:
        return len(self.sync) + len(self.release) + len(self.assignments) + len(self.schedule)


def plan(ctx: Context, clone: Path) -> InitPlan:
    """Read and decide everything before anything is written; `clone`: see `release.workspace`."""
    course = ctx.canvas.course()
    canvas = assignments.plan(ctx)
    synced = sync.plan(ctx)
    return InitPlan(
        course,
        synced,
        release.plan(ctx, clone),
        canvas,
        schedule.plan(ctx, coming_deadlines(ctx, canvas, synced)),
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
    existing = tuple(line.current for line in canvas.lines if line.current)
    return {
        settings.name: find_deadlines(
            ctx, settings, synced.students, _planned(existing, settings.name, settings.due)
        ).distinct
        for settings in ctx.config.assignments
    }


def _planned(
    existing: tuple[CanvasAssignment, ...], name: str, due: datetime
) -> CanvasAssignment | None:
    current = by_exact_name(existing, name)
    return replace(current, due_at=due) if current else None
