"""The one resolver of due dates: collection, lateness and schedule all ask it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rudaux.domain.roster import Student

DateKind = Literal["due", "unlock", "lock"]
Members = Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class Override:
    """A Canvas assignment override: for some students, one section, one group, or everyone.

    `overrides_due` distinguishes an override to "no due date" (True, None) from one that leaves the
    due date alone (False); the other two dates likewise. `outside` are Canvas ids of students in it
    who are not on the roster.
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
    unlock_at: datetime | None = None
    overrides_unlock: bool = False
    lock_at: datetime | None = None
    overrides_lock: bool = False
    outside: frozenset[str] = frozenset()

    @property
    def adhoc(self) -> bool:
        """Whether it names students, and not a section, a group or the course."""
        return not (self.whole_course or self.section_id or self.group_id)

    def sets(self, kind: DateKind) -> bool:
        """Return whether it changes that date."""
        return {
            "due": self.overrides_due,
            "unlock": self.overrides_unlock,
            "lock": self.overrides_lock,
        }[kind]

    def reaches(self, student: Student, members: Members) -> bool:
        """Return whether it is for that student; `members` are those of groups."""
        return (
            self.whole_course
            or student.id in self.student_ids
            or self.section_id in student.section_ids
            or (self.group_id is not None and student.id in members.get(self.group_id, ()))
        )

    def date(self, kind: DateKind) -> datetime | None:
        """Return that date; None is no date where `sets` is true, and unknown where it is not."""
        return {"due": self.due_at, "unlock": self.unlock_at, "lock": self.lock_at}[kind]


def deadline_of(
    student: Student,
    base: datetime | None,
    overrides: Iterable[Override] = (),
    group_members: Members | None = None,
) -> datetime | None:
    """Return the student's own deadline (aware), or None for no deadline.

    An ad-hoc override wins; else the latest of their section, group and
    course overrides; else `base`.
    """
    return date_of("due", student, base, overrides, group_members)


def newcomers(students: Collection[Student], due: Mapping[str, datetime | None]) -> frozenset[str]:
    """Return who was not in the course yet when their work was due.

    If that is so for most of the class, the dates tell nothing: everybody was enrolled anew.
    """
    late = [s.id for s in students if s.joined_at and (at := due.get(s.id)) and s.joined_at > at]
    return frozenset(late) if 2 * len(late) <= len(students) else frozenset()


def date_of(
    kind: DateKind,
    student: Student,
    base: datetime | None,
    overrides: Iterable[Override] = (),
    group_members: Members | None = None,
) -> datetime | None:
    """Return one of the student's own dates, by the rule of `deadline_of`.

    Of several unlock dates, Canvas takes the earliest.
    """
    found = in_force(kind, student, overrides, group_members)
    if not found:
        return base
    dates = [date for o in found if (date := o.date(kind)) is not None]
    if len(dates) < len(found):
        return None  # no unlock date is the earliest, no other date the latest
    return min(dates) if kind == "unlock" else max(dates)


def in_force(
    kind: DateKind,
    student: Student,
    overrides: Iterable[Override],
    group_members: Members | None = None,
) -> tuple[Override, ...]:
    """Return the overrides that decide this date: their own, else those they share."""
    dated = [o for o in overrides if o.sets(kind) and o.reaches(student, group_members or {})]
    own = tuple(o for o in dated if student.id in o.student_ids)
    return own or tuple(dated)


def same_moment(one: datetime | None, other: datetime | None) -> bool:
    """Return whether Canvas would show both alike: it moves midnight to the end of that day."""
    if one is None or other is None:
        return one is other
    return abs((one - other).total_seconds()) in {0, 86_399}
