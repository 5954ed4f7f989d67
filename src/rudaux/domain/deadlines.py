"""The one resolver of due dates: collection, lateness and schedule all ask it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rudaux.domain.roster import Student


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


def deadline_of(
    student: Student,
    base: datetime | None,
    overrides: Iterable[Override] = (),
    group_members: Mapping[int, frozenset[str]] | None = None,
) -> datetime | None:
    """Give the student's own deadline (aware), or None for no deadline.

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
            return _latest(o.due_at for o in choice)
    return base


def _latest(dates: Iterable[datetime | None]) -> datetime | None:
    """No date at all is later than any date."""
    known = list(dates)
    return None if None in known else max(d for d in known if d is not None)
