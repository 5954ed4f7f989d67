"""Everything `rudaux init` brings in step, as one plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from rudaux.config.private import others_can_enter
from rudaux.domain.canvas import CanvasAssignment, CanvasCourse
from rudaux.domain.checks import Check
from rudaux.domain.outcome import Outcome
from rudaux.ports import Context
from rudaux.workflows import assignments, overrides, release, schedule, sync
from rudaux.workflows.access import require_open
from rudaux.workflows.assignments import AssignmentLine, AssignmentsPlan
from rudaux.workflows.check import check_zone
from rudaux.workflows.overrides import OverridesPlan
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
    """Whether other accounts on this machine can read the course folder, solutions included."""
    overrides: OverridesPlan = field(default_factory=OverridesPlan)
    zone: Check | None = None
    """What is wrong if Canvas shows due dates at other times than rudaux.toml does."""

    def __len__(self) -> int:
        parts = (self.sync, self.release, self.assignments, self.overrides, self.schedule)
        return sum(len(part) for part in parts)


def plan(ctx: Context, clone: Path, replace_dates: bool = False) -> InitPlan:
    """Read and decide everything before anything is written.

    `clone`: see `release.workspace`; `replace_dates`: see `assignments.plan`.
    """
    course = require_open(ctx, grading=False)
    canvas = assignments.plan(ctx, replace_dates)
    synced = sync.plan(ctx)
    extended, zone = _overrides(ctx, canvas, synced), check_zone(ctx, course)
    return InitPlan(
        course,
        synced,
        release.plan(ctx, clone),
        canvas,
        schedule.plan(ctx, extended.coming),
        tuple(n for n, d in extended.deadlines.items() if d.own and not any(d.own.values())),
        others_can_enter(ctx.config.folder),
        extended,
        zone if zone.result != "ok" else None,
    )


def apply(ctx: Context, plan: InitPlan) -> Iterator[Outcome]:
    """Apply the parts: an assignment comes to Canvas once its notebook can be pulled."""
    yield from sync.apply(ctx, plan.sync)
    yield from release.apply(ctx, plan.release)
    yield from assignments.apply(ctx, plan.assignments)
    yield from overrides.apply(ctx, plan.overrides)
    yield from schedule.apply(ctx, plan.schedule)


def coming_deadlines(
    ctx: Context, canvas: AssignmentsPlan, synced: SyncPlan
) -> Mapping[str, tuple[datetime, ...]]:
    """Return every deadline of each assignment as it will be once the plan is applied."""
    return _overrides(ctx, canvas, synced).coming


def _overrides(ctx: Context, canvas: AssignmentsPlan, synced: SyncPlan) -> OverridesPlan:
    planned = {line.spec.name: _planned(line) for line in canvas.lines}
    return overrides.plan(ctx, synced.students, synced.roster, planned)


def _planned(line: AssignmentLine) -> CanvasAssignment:
    """Return the assignment as it will be; one that is not in Canvas yet has the id 0."""
    spec = line.spec
    if line.current is None:
        return CanvasAssignment(
            0, spec.name, spec.points, spec.due_at, spec.unlock_at, spec.lock_at, True,
            spec.launch_url, spec.tool_id,
        )  # fmt: skip
    return replace(line.current, due_at=spec.due_at, unlock_at=spec.unlock_at, lock_at=spec.lock_at)
