"""More time for students -> overrides in Canvas: written ahead, read back, recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from rudaux.config import AssignmentSettings
from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.deadlines import Override, date_of, deadline_of, same_moment
from rudaux.domain.extensions import (
    Change,
    Joined,
    OverrideRecord,
    joined_at,
    keep_up,
    late_deadline,
    made_by,
    purpose_of,
    title_for,
)
from rudaux.domain.outcome import Outcome
from rudaux.domain.roster import RosterChange, Student
from rudaux.errors import CanvasFailure, NotFound, PermissionRefused, RequestRefused
from rudaux.ports import Context
from rudaux.workflows.assignments import by_exact_name
from rudaux.workflows.deadlines import Deadlines, find_deadlines, records_of

Assignments = Mapping[str, CanvasAssignment]
_REFUSALS = (NotFound, PermissionRefused, RequestRefused)
"""Refusals of one override, not signs that Canvas is down."""


@dataclass(frozen=True)
class OverridesPlan:
    """What `apply` writes, and what is left to a person.

    `undated` are assignments without an unlock date, `unknown` counts students for whom Canvas does
    not say when they joined. `joins` and `shown` only bring the ledger up to date.
    """

    changes: tuple[Change, ...] = ()
    undated: tuple[str, ...] = ()
    unknown: int = 0
    joins: Mapping[str, Joined] = field(default_factory=dict)
    shown: tuple[tuple[int, int], ...] = ()
    deadlines: Mapping[str, Deadlines] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.writes)

    @property
    def writes(self) -> tuple[Change, ...]:
        """The changes that are written."""
        return tuple(c for c in self.changes if not c.left)

    @property
    def coming(self) -> Mapping[str, tuple[datetime, ...]]:
        """Every deadline of each assignment as it will be once the plan is applied."""
        return {
            name: found.after(c for c in self.writes if c.assignment == name).distinct
            for name, found in self.deadlines.items()
        }


def plan(
    ctx: Context,
    students: Sequence[Student],
    roster: RosterChange,
    planned: Assignments | None = None,
    only: str | None = None,
) -> OverridesPlan:
    """Decide who gets more time by the rules, although nobody asked; writes nothing.

    These are students who registered late, whose extension was cut short, or whose override from
    rudaux has fallen behind everybody's deadline. `planned` are the assignments as they will be in
    Canvas; without it, as they are now. `only` looks at the assignment of that name alone.
    """
    existing = in_canvas(ctx) if planned is None else planned
    joins = _joins(ctx, students, roster)
    known = {**ctx.ledger.joins(), **joins}
    changes: list[Change] = []
    shown: list[tuple[int, int]] = []
    undated: list[str] = []
    deadlines = {}
    for settings in ctx.config.assignments:
        if only not in {None, settings.name}:
            continue
        assignment = existing.get(settings.name)
        found = find_deadlines(ctx, settings, students, assignment)
        deadlines[settings.name] = found
        if assignment is None:
            continue
        each = Each(ctx, settings, assignment, found)
        for student in students:
            joined = known.get(student.id)
            change = each.kept_up(student, joined.at if joined else None)
            changes += [change] if change else []
        changes += _of_those_gone(ctx, each, students, roster)
        shown += each.shown()
        undated += [settings.name] if each.undated else []
    late = ctx.config.late_registration is not None
    unknown = sum(known[s.id].at is None for s in students) if late else 0
    return OverridesPlan(tuple(changes), tuple(undated), unknown, joins, tuple(shown), deadlines)


def in_canvas(ctx: Context) -> dict[str, CanvasAssignment]:
    """Return the configured assignments that Canvas has, by name."""
    rows = ctx.canvas.assignments()
    found = ((a.name, by_exact_name(rows, a.name)) for a in ctx.config.assignments)
    return {name: row for name, row in found if row is not None}


class Each:
    """One assignment's overrides, looked at student by student."""

    def __init__(
        self,
        ctx: Context,
        settings: AssignmentSettings,
        assignment: CanvasAssignment,
        deadlines: Deadlines,
    ) -> None:
        self._late, self._zone = ctx.config.late_registration, ctx.config.course.timezone
        self.name, self.base = settings.name, deadlines.base
        self._unlock = assignment.unlock_at or settings.unlock
        self._lock = assignment.lock_at
        self.deadlines = deadlines
        self.records = records_of(ctx, assignment)
        self.made = made_by(self.records)
        self.undated = False

    def of(self, student: Student) -> tuple[OverrideRecord, ...]:
        """Return what was written for a student before."""
        return tuple(r for r in self.records if r.student_id == student.id)

    def adhoc(self, student: Student) -> Override | None:
        """Return the one override that names the student: Canvas allows no second."""
        return next((o for o in self.deadlines.overrides if student.id in o.student_ids), None)

    def change(self, student: Student, due_at: datetime | None, reason: str = "") -> Change:
        """Start a change for a student: what is there, and whether Canvas would lock too soon."""
        overrides, members = self.deadlines.overrides, self.deadlines.members
        lock = date_of("lock", student, self._lock, overrides, members)
        closes = due_at if due_at is not None and lock is not None and lock < due_at else None
        return Change(
            self.name, student, "create", "late registration", self.adhoc(student),
            self.deadlines.own.get(student.id), due_at, reason, lock_at=closes,
        )  # fmt: skip

    def kept_up(self, student: Student, joined: datetime | None) -> Change | None:
        """Return what the rules give a student beyond what Canvas has; None: nothing."""
        there, records = self.adhoc(student), self.of(student)
        ours = there is not None and purpose_of(there, self.made) is not None
        others = tuple(o for o in self.deadlines.overrides if not (ours and o is there))
        natural = deadline_of(student, self.base, others, self.deadlines.members)
        wanted = self._by_registration(student, joined, natural)
        if (cut_short := self._cut_short(student)) is not None:
            due = max(d for d in (wanted, cut_short.due_at) if d is not None)
            return self.extended(student, due, cut_short.reason)
        decided = keep_up(self.change(student, wanted), wanted, natural, records)
        if decided is None or decided.left:
            return decided
        begun = self.change(student, decided.due_at)
        return replace(begun, action=decided.action, purpose=decided.purpose)

    def _cut_short(self, student: Student) -> OverrideRecord | None:
        """Return the extension that a person gave and that never reached Canvas."""
        last = next(reversed(self.of(student)), None)
        if last is None or not last.promised or last.purpose != "extension" or not last.due_at:
            return None
        has = deadline_of(student, self.base, self.deadlines.overrides, self.deadlines.members)
        return last if has is not None and has < last.due_at else None

    def extended(self, student: Student, due: datetime, reason: str) -> Change:
        """Return the change that gives a student time until then, because a person says so."""
        begun = replace(self.change(student, due, reason), purpose="extension")
        there = begun.override
        if there is None:
            return begun
        others = len(there.student_ids | there.outside) - 1
        if not others:
            return replace(begun, action="lengthen")
        kept = f"taken out of the override {there.title} ({there.id}) in Canvas"
        told = reason if kept in reason else "; ".join(filter(None, [reason, kept]))
        return replace(begun, action="split", reason=told)

    def _by_registration(
        self, student: Student, joined: datetime | None, natural: datetime | None
    ) -> datetime | None:
        if self._late is None or joined is None or natural is None:
            return None
        overrides, members = self.deadlines.overrides, self.deadlines.members
        unlock = date_of("unlock", student, self._unlock, overrides, members)
        if unlock is None:
            self.undated = True
            return None
        return late_deadline(joined, unlock, natural, self._late.days, self._zone)

    def shown(self) -> list[tuple[int, int]]:
        """Return records and overrides of writes that succeeded but were never read back."""
        return [
            (record.id, o.id)
            for record in self.records
            if record.state == "planned" and record.action != "remove"
            for o in self.deadlines.overrides
            if record.student_id in o.student_ids and same_moment(o.due_at, record.due_at)
        ]


def _joins(ctx: Context, students: Sequence[Student], roster: RosterChange) -> dict[str, Joined]:
    """Return what is new about who joined when, and who is gone."""
    before, dropped = ctx.ledger.joins(), ctx.ledger.dropped()
    now = {s.id: Joined(joined_at(s, before.get(s.id), s.id in dropped)) for s in students}
    if not roster.shrunk and not roster.unseen:
        now |= {sid: replace(one, gone=True) for sid, one in before.items() if sid not in now}
    return {sid: one for sid, one in now.items() if before.get(sid) != one}


def _of_those_gone(
    ctx: Context, each: Each, students: Sequence[Student], roster: RosterChange
) -> Iterator[Change]:
    """Remove what rudaux made for students who have left; what a person made stays."""
    here = {s.id for s in students} | {s.canvas_id for s in students}
    gone = [
        (o, purpose)
        for o in each.deadlines.overrides
        if (purpose := purpose_of(o, each.made))
        and (ids := o.student_ids | o.outside)
        and not ids & here
    ]
    if not gone or roster.shrunk or roster.unseen or ctx.canvas.course().limited:
        return
    names = {s.id: s.name for s in ctx.gradebook.students()}
    for override, purpose in gone:
        (sid,) = override.student_ids | override.outside
        student = Student(sid, names.get(sid, f"student {sid}"))
        yield Change(each.name, student, "remove", purpose, override, override.due_at, None)


def apply(ctx: Context, plan: OverridesPlan) -> Iterator[Outcome]:
    """Write the plan, one outcome per override."""
    ctx.ledger.record_joins(plan.joins)
    for number, override in plan.shown:
        ctx.ledger.settle_override(number, "done", override)
    yield from write(ctx, plan.writes)


def write(ctx: Context, changes: Iterable[Change]) -> Iterator[Outcome]:
    """Write overrides, read them back and record them; if one is refused, the others go on.

    Each is in the ledger before it is in Canvas, so that a later run can finish one cut short.
    """
    todo: dict[str, list[Change]] = {}
    for change in changes:
        todo.setdefault(change.assignment, []).append(change)
    ids = {name: row.id for name, row in in_canvas(ctx).items()} if todo else {}
    for name, group in todo.items():
        if name not in ids:
            raise NotFound(f"Canvas has no assignment named {name}: run `rudaux init` first.")
        written = []
        for change in group:
            number = ctx.ledger.record_override(change.record(ctx.now()))
            try:
                _write(ctx, ids[name], change)
            except _REFUSALS as refused:
                yield _refused(ctx, change, number, refused)
            else:
                written.append((number, change))
        there = ctx.canvas.overrides(ids[name]) if written else ()
        yield from (_settled(ctx, number, change, there) for number, change in written)


def _write(ctx: Context, assignment_id: int, change: Change) -> None:
    there, student = change.override, change.student
    if change.action == "remove" and there is not None:
        ctx.canvas.remove_override(assignment_id, there.id)
        return
    if change.action == "lengthen" and there is not None:
        ctx.canvas.update_override(assignment_id, _dated(there, change))
        return
    made = Override(
        0, None, student_ids=frozenset({student.id}), title=title_for(change.purpose, student)
    )
    if change.action != "split" or there is None:
        ctx.canvas.create_override(assignment_id, _dated(made, change))
        return
    others = replace(there, student_ids=there.student_ids - {student.id})
    ctx.canvas.update_override(assignment_id, others, students=True)
    made = replace(
        made, unlock_at=there.unlock_at, overrides_unlock=there.overrides_unlock,
        lock_at=there.lock_at, overrides_lock=there.overrides_lock,
    )  # fmt: skip
    try:
        ctx.canvas.create_override(assignment_id, _dated(made, change))
    except _REFUSALS as refused:
        _put_back(ctx, assignment_id, there, refused)
        raise


def _put_back(ctx: Context, assignment_id: int, there: Override, why: CanvasFailure) -> None:
    """Put a student back into the override they shared, if Canvas refuses one of their own."""
    try:
        ctx.canvas.update_override(assignment_id, there, students=True)
    except _REFUSALS as refused:
        raise RequestRefused(
            f"{why}; and Canvas does not take them back into the override {there.title} "
            f"({there.id}) either ({refused}): add them there by hand, or they lose that time"
        ) from refused


def _dated(override: Override, change: Change) -> Override:
    dated = replace(override, due_at=change.due_at, overrides_due=True)
    if change.lock_at is None:
        return dated
    return replace(dated, lock_at=change.lock_at, overrides_lock=True)


def _refused(ctx: Context, change: Change, number: int, why: CanvasFailure) -> Outcome:
    """Record a refusal: time given by the rules still counts, an extension asked for does not."""
    keeps = change.purpose == "late registration" and change.action != "remove"
    ctx.ledger.settle_override(number, "refused" if keeps else "failed", None)
    return Outcome(change.student.name, "failed", f"{change.assignment}: {why}")


def _settled(ctx: Context, number: int, change: Change, there: Sequence[Override]) -> Outcome:
    name, sid = change.student.name, change.student.id
    if change.action == "remove":
        left = any(change.override and o.id == change.override.id for o in there)
        ctx.ledger.settle_override(number, "failed" if left else "done", None)
        if left:
            text = f"{change.assignment}: Canvas still has the override; delete it there"
            return Outcome(name, "failed", text)
        return Outcome(name, reason=f"{change.assignment}: override removed")
    now = next((o for o in there if sid in o.student_ids), None)
    if now is None or not same_moment(now.due_at, change.due_at):
        ctx.ledger.settle_override(number, "failed", now.id if now else None)
        text = f"{change.assignment}: Canvas accepted the new date but does not show it"
        return Outcome(name, "failed", f"{text}; check the dates there")
    ctx.ledger.settle_override(number, "done", now.id)
    return Outcome(name, reason=f"{change.assignment}: has more time in Canvas")
