"""The one resolver of due dates: collection, lateness and schedule all ask it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rudaux.domain.roster import Student

OverrideKind = Literal["student", "section", "group", "course"]


@dataclass(frozen=True)
class Override:
    """A Canvas assignment override: for some students, one section, one group, or everyone.

    `overrides_due` tells an override to "no due date" (True, None) from one that leaves the due
    date alone (False).
    https://canvas.instructure.com/doc/api/assignments.html#AssignmentOverride
    """

    id: int
    due_at: datetime | None
    overrides_due: bool = True
    student_ids: frozenset[str] = frozenset()
    section_id: int | None = None
    group_id: int | None = None
    whole_course: bool = False
    title: str = field(default="", compare=False)

    @property
    def kind(self) -> OverrideKind:
        """For whom it is."""
        if self.student_ids:
            return "student"
        if self.section_id is not None:
            return "section"
        return "course" if self.group_id is None else "group"


@dataclass(frozen=True)
class Due:
    """A student's own deadline (aware; None: none), and the override that says so, if one does."""

    at: datetime | None
    override: Override | None = None


def deadline_of(
    student: Student,
    base: datetime | None,
    overrides: Iterable[Override] = (),
    group_members: Mapping[int, frozenset[str]] | None = None,
) -> datetime | None:
    """Return the student's own deadline (aware), or None for no deadline, as `due_of` decides."""
    return due_of(student, base, overrides, group_members).at


def due_of(
    student: Student,
    base: datetime | None,
    overrides: Iterable[Override] = (),
    group_members: Mapping[int, frozenset[str]] | None = None,
) -> Due:
    """Decide the student's own deadline, and where it is from.

    An ad-hoc override wins; else the latest of their section, group and
    course overrides; else `base`.
    """
    members = group_members or {}
    dated = [o for o in overrides if o.overrides_due]
    adhoc = [o for o in dated if student.id in o.student_ids]
    shared = [
        o
        for o in dated
        if o.whole_course
        or (o.section_id is not None and o.section_id in student.section_ids)
        or (o.group_id is not None and student.id in members.get(o.group_id, frozenset()))
    ]
    for choice in (adhoc, shared):
        if choice:
            latest = max(choice, key=_lateness)
            return Due(latest.due_at, latest)
    return Due(base)


def _lateness(override: Override) -> tuple[bool, float]:
    """No date at all is later than any date."""
    due = override.due_at
    return due is None, due.timestamp() if due else 0.0
