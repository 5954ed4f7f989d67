"""Each student's own deadline, from Canvas where the assignment is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rudaux.config import AssignmentSettings
from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.deadlines import Members, Override, deadline_of
from rudaux.domain.extensions import Change, OverrideRecord
from rudaux.domain.roster import Student
from rudaux.errors import CanvasFailure
from rudaux.ports import Context


@dataclass(frozen=True)
class Deadlines:
    """Aware deadlines of one assignment: the base one, and each student's own (None: none).

    `late_until`: students who had nothing by their deadline are collected again then. `overrides`
    and `members` of groups are what Canvas said.
    """

    base: datetime | None
    own: Mapping[str, datetime | None]
    late_until: datetime | None = field(default=None, compare=False)
    overrides: tuple[Override, ...] = field(default=(), compare=False)
    members: Members = field(default_factory=dict, compare=False)

    def is_due(self, student_id: str, now: datetime) -> bool:
        """Return whether the student's own deadline has passed."""
        deadline = self.own.get(student_id)
        return deadline is not None and deadline <= now

    def second_chance(self, student_id: str, now: datetime) -> datetime | None:
        """Return when late work of this student was due, once that has passed; None: not yet."""
        deadline, late = self.own.get(student_id), self.late_until
        if deadline is None or late is None or not deadline < late <= now:
            return None
        return late

    @property
    def distinct(self) -> tuple[datetime, ...]:
        """Every deadline that somebody has, the base one and the one for late work, sorted."""
        dates = {self.base, self.late_until, *self.own.values()}
        return tuple(sorted({d for d in dates if d is not None}))

    def after(self, changes: Iterable[Change]) -> Deadlines:
        """Return the deadlines as they will be once these overrides are written."""
        new = {c.student.id: c.due_at for c in changes if c.due_at and not c.left}
        return replace(self, own={**self.own, **{s: d for s, d in new.items() if s in self.own}})


def find_deadlines(
    ctx: Context,
    settings: AssignmentSettings,
    students: Iterable[Student],
    assignment: CanvasAssignment | None,
) -> Deadlines:
    """Resolve all deadlines of an assignment; `assignment` None: it is not in Canvas yet.

    An extension that a student was given counts even if Canvas has not accepted it yet.
    """
    if assignment is None:
        due = dict.fromkeys((s.id for s in students), settings.due)
        return Deadlines(settings.due, due, settings.late_until)
    base, people = assignment.due_at or settings.due, tuple(students)
    overrides = _overrides(ctx, assignment) if assignment.has_overrides is not False else ()
    groups = {o.group_id for o in overrides if o.group_id is not None}
    if any(o.section_id for o in overrides) and any(not s.section_ids for s in people):
        raise CanvasFailure(
            f"{settings.name} has a due date of its own for a section, but Canvas does not show "
            "this token who is in which section: use the token of somebody who may see that."
        )
    members = {group: ctx.canvas.group_members(group) for group in groups}
    own = {s.id: deadline_of(s, base, overrides, members) for s in people}
    for student, record in last_records(ctx, assignment).items():
        known = own.get(student)
        if known is not None and record.promised and record.due_at and record.due_at > known:
            own[student] = record.due_at
    return Deadlines(base, own, settings.late_until, tuple(overrides), members)


def _overrides(ctx: Context, assignment: CanvasAssignment) -> tuple[Override, ...]:
    """Return an assignment's overrides; missing some would cut students' time short."""
    found = ctx.canvas.overrides(assignment.id)
    if found or assignment.has_overrides is None or ctx.canvas.course().limited:
        return found
    rows = ctx.canvas.assignments()  # the last one may have been removed just now
    if any(row.id == assignment.id and row.has_overrides for row in rows):
        raise CanvasFailure(
            f"Canvas says that {assignment.name} has other dates for some students, but lists "
            "none of them, and nobody's work is collected by a date that may be wrong. Run this "
            "again; if it happens again, check the assignment's dates in Canvas."
        )
    return found


def last_records(ctx: Context, assignment: CanvasAssignment) -> dict[str, OverrideRecord]:
    """Return the last record of each student's override, for the assignment now in Canvas."""
    return {r.student_id: r for r in records_of(ctx, assignment)}


def records_of(ctx: Context, assignment: CanvasAssignment) -> tuple[OverrideRecord, ...]:
    """Return what was written for this assignment, not for an older one of the same name."""
    if not assignment.id:
        return ()  # it is about to be made
    made = assignment.created_at
    records = ctx.ledger.override_records(assignment.name)
    return tuple(r for r in records if made is None or r.at >= made)
