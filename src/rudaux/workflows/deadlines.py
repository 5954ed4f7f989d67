"""Each student's own deadline, from Canvas where the assignment is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rudaux.config import AssignmentSettings
from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.deadlines import Override, deadline_of
from rudaux.domain.roster import Student
from rudaux.errors import CanvasFailure
from rudaux.ports import Context


@dataclass(frozen=True)
class Deadlines:
    """Aware deadlines of one assignment: the base one, and each student's own (None: none).

    `overrides` and `members` of groups are what Canvas said.
    """

    base: datetime | None
    own: Mapping[str, datetime | None]
    overrides: tuple[Override, ...] = field(default=(), compare=False)
    members: Mapping[int, frozenset[str]] = field(default_factory=dict, compare=False)

    def is_due(self, student_id: str, now: datetime) -> bool:
        """Whether the student's own deadline has passed."""
        deadline = self.own.get(student_id)
        return deadline is not None and deadline <= now

    @property
    def distinct(self) -> tuple[datetime, ...]:
        """Every deadline that somebody has, and the base one, earliest first."""
        return tuple(sorted({d for d in (self.base, *self.own.values()) if d is not None}))


def find_deadlines(
    ctx: Context,
    settings: AssignmentSettings,
    students: Iterable[Student],
    assignment: CanvasAssignment | None,
) -> Deadlines:
    """Resolve all deadlines of an assignment; `assignment` None: it is not in Canvas yet."""
    if assignment is None:
        return Deadlines(settings.due, {s.id: settings.due for s in students})
    base, people = assignment.due_at or settings.due, tuple(students)
    overrides = ctx.canvas.overrides(assignment.id) if assignment.has_overrides else ()
    groups = {o.group_id for o in overrides if o.group_id is not None}
    if any(o.section_id for o in overrides) and any(not s.section_ids for s in people):
        raise CanvasFailure(
            f"{settings.name} has a due date of its own for a section, and Canvas hides from this "
            "token who is in which section: use the token of somebody who may see that."
        )
    members = {group: ctx.canvas.group_members(group) for group in groups}
    own = {s.id: deadline_of(s, base, overrides, members) for s in people}
    return Deadlines(base, own, tuple(overrides), members)
