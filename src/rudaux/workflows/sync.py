"""Canvas roster and configured assignments -> gradebook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timezone

from rudaux.config import AssignmentSettings
from rudaux.domain.outcome import Outcome
from rudaux.domain.roster import GradebookStudent, RosterChange, Student, compare_rosters
from rudaux.domain.submissions import GradebookAssignment
from rudaux.ports import Context
from rudaux.workflows import takeover
from rudaux.workflows.takeover import TakeOver


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
    waiting: tuple[Student, ...] = ()
    """Invited, and not on the roster until they accept."""
    taken_over: tuple[TakeOver, ...] = ()

    def __len__(self) -> int:
        assignments = (self.added, self.redated, self.removed, self.taken_over)
        return len(self.roster) + sum(len(part) for part in assignments)

    @property
    def loses_work(self) -> bool:
        """Whether recorded submissions would be removed (only if somebody asked for that)."""
        return any(s.submissions for s in self.roster.removed) or any(
            a.submissions for a in self.removed
        )


def compare(
    ctx: Context,
    students: Iterable[Student],
    remove_dropped: bool = False,
    with_work: Collection[str] = (),
) -> RosterChange:
    """Compare what Canvas lists with the gradebook and with what was accepted before.

    If somebody is not listed, Canvas is asked whether the token sees all sections.
    """
    listed, known = tuple(students), ctx.gradebook.students()
    gone = {s.id for s in known} - {s.id for s in listed}
    return compare_rosters(
        listed,
        known,
        ctx.ledger.dropped(),
        remove_dropped,
        ctx.ledger.roster_size(),
        bool(gone and ctx.canvas.course().limited),
        with_work,
    )


def plan(ctx: Context, remove_dropped: bool = False) -> SyncPlan:
    """Compare Canvas and configuration with the gradebook; writes nothing."""
    ctx.gradebook.check()
    students = ctx.canvas.students()
    handed_in = ctx.grader.handed_in()
    roster = compare(ctx, students, remove_dropped, {student for _, student in handed_in})
    known = {a.name: a for a in ctx.gradebook.assignments()}
    wanted = {a.name: a for a in ctx.config.assignments}
    gone = [a for name, a in known.items() if name not in wanted]
    worked_on = {name for name, _ in handed_in}
    removed = tuple(a for a in gone if remove_dropped or not (a.submissions or a.name in worked_on))
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
        waiting=ctx.canvas.waiting(),
        taken_over=takeover.plan(ctx, students, handed_in),
    )


def apply(ctx: Context, plan: SyncPlan) -> Iterator[Outcome]:
    """Write the plan; back up the gradebook before anything with work is removed."""
    if plan.loses_work:
        copy = ctx.gradebook.backup("before-removing")
        yield Outcome("gradebook", reason=f"the old one is kept in {copy}")
    roster = plan.roster
    ctx.ledger.disown(_removed(ctx, plan))
    ctx.gradebook.save_students([*roster.joined, *roster.renamed])
    yield from (Outcome(s.name, reason="joined") for s in roster.joined)
    yield from (Outcome(s.name, reason="renamed") for s in roster.renamed)
    yield from (Outcome(s.name, reason="returned") for s in roster.returned)
    ctx.gradebook.remove_students([s.id for s in roster.removed])
    yield from (Outcome(s.id, reason="dropped") for s in roster.removed)
    for assignment in (*plan.added, *plan.redated):
        ctx.gradebook.save_assignment(assignment.name, assignment.due)
        yield Outcome(assignment.name, reason="in the gradebook")
    ctx.gradebook.remove_assignments([a.name for a in plan.removed])
    yield from (Outcome(a.name, reason="removed from the gradebook") for a in plan.removed)
    yield from takeover.apply(ctx, plan.taken_over)
    _remember(ctx, plan.students, roster, roster.kept)


def accept(ctx: Context, students: Sequence[Student], roster: RosterChange) -> None:
    """Record that a person accepts this roster as it is; the gradebook does not change."""
    _remember(ctx, students, roster, (*roster.kept, *roster.removed))


def _remember(
    ctx: Context,
    students: Sequence[Student],
    roster: RosterChange,
    gone: Iterable[GradebookStudent],
) -> None:
    """Record who is gone and how many are left, so that nobody is asked about them again.

    A roster of some sections says nothing about the others, nor how many there are.
    """
    if roster.unseen:
        back = {s.id for s in roster.returned}
        if back:
            ctx.ledger.record_dropped(ctx.ledger.dropped() - back)
        return
    dropped = frozenset(s.id for s in gone)
    if dropped != ctx.ledger.dropped():
        ctx.ledger.record_dropped(dropped)
    if len(students) != ctx.ledger.roster_size():
        ctx.ledger.record_roster_size(len(students))


def _removed(ctx: Context, plan: SyncPlan) -> frozenset[tuple[str, str]]:
    """Return the graded submissions that are removed, so that they are not reported missing."""
    students = {s.id for s in plan.roster.removed}
    assignments = {a.name for a in plan.removed}
    return frozenset(
        (name, student)
        for name, student in ctx.ledger.graded()
        if name in assignments or student in students
    )
