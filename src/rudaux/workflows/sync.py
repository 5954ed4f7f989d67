"""Canvas roster and configured assignments -> gradebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timezone

from rudaux.config import AssignmentSettings
from rudaux.domain.outcome import Outcome
from rudaux.domain.roster import RosterChange, Student, compare_rosters
from rudaux.domain.submissions import GradebookAssignment
from rudaux.ports import Context


@dataclass(frozen=True)
class SyncPlan:
    """What a sync changes; `students` is the active roster, changed or not."""

    students: tuple[Student, ...]
    roster: RosterChange
    added: tuple[AssignmentSettings, ...] = ()
    redated: tuple[AssignmentSettings, ...] = ()
    removed: tuple[GradebookAssignment, ...] = ()
    kept: tuple[GradebookAssignment, ...] = ()
    """Gone from the configuration, but with submissions: they and their grades stay."""

    def __len__(self) -> int:
        return len(self.roster) + len(self.added) + len(self.redated) + len(self.removed)

    @property
    def loses_work(self) -> bool:
        """Whether something with recorded submissions would go (only ever when asked for)."""
        return any(s.submissions for s in self.roster.removed) or any(
            a.submissions for a in self.removed
        )


def plan(ctx: Context, remove_dropped: bool = False) -> SyncPlan:
    """Compare Canvas and configuration with the gradebook; writes nothing."""
    ctx.gradebook.check()
    students = ctx.canvas.students()
    roster = compare_rosters(
        students, ctx.gradebook.students(), ctx.ledger.dropped(), remove_dropped
    )
    known = {a.name: a for a in ctx.gradebook.assignments()}
    wanted = {a.name: a for a in ctx.config.assignments}
    gone = [a for name, a in known.items() if name not in wanted]
    removed = tuple(a for a in gone if remove_dropped or not a.submissions)
    return SyncPlan(
        students=students,
        roster=roster,
        added=tuple(a for a in wanted.values() if a.name not in known),
        redated=tuple(
            a
            for a in wanted.values()
            if a.name in known and known[a.name].due_at != a.due.astimezone(timezone.utc)
        ),
        removed=removed,
        kept=tuple(a for a in gone if a not in removed),
    )


def apply(ctx: Context, plan: SyncPlan) -> Iterator[Outcome]:
    """Write the plan; a copy of the gradebook is kept before anything with work goes."""
    if plan.loses_work:
        copy = ctx.gradebook.backup("before-removing")
        yield Outcome("gradebook", reason=f"a copy of it as it was is {copy}")
    roster = plan.roster
    ctx.ledger.disown(_removed(ctx, plan))
    ctx.gradebook.save_students([*roster.joined, *roster.renamed])
    yield from (Outcome(s.name, reason="joined") for s in roster.joined)
    yield from (Outcome(s.name, reason="renamed") for s in roster.renamed)
    ctx.gradebook.remove_students([s.id for s in roster.removed])
    yield from (Outcome(s.id, reason="dropped") for s in roster.removed)
    for assignment in (*plan.added, *plan.redated):
        ctx.gradebook.save_assignment(assignment.name, assignment.due)
        yield Outcome(assignment.name, reason="in the gradebook")
    ctx.gradebook.remove_assignments([a.name for a in plan.removed])
    yield from (Outcome(a.name, reason="removed from the gradebook") for a in plan.removed)
    kept = frozenset(s.id for s in roster.kept)
    if kept != ctx.ledger.dropped():
        ctx.ledger.record_dropped(kept)


def _removed(ctx: Context, plan: SyncPlan) -> frozenset[tuple[str, str]]:
    """Return what goes of the graded submissions: nobody shall miss it afterwards."""
    students = {s.id for s in plan.roster.removed}
    assignments = {a.name for a in plan.removed}
    return frozenset(
        (name, student)
        for name, student in ctx.ledger.graded()
        if name in assignments or student in students
    )
