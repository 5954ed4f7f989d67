"""Canvas's course, tools and assignments, as far as rudaux cares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class CanvasCourse:
    """The course as Canvas names it; None where Canvas does not say, or not to this token.

    concluded: it or its term is over; may_grade: the token's owner may enter grades now; limited:
    they see the students of some sections only.
    """

    id: int
    name: str
    timezone: str = ""
    term: str = ""
    concluded: bool | None = None
    may_grade: bool | None = None
    limited: bool | None = None


@dataclass(frozen=True)
class ExternalTool:
    """An external tool that the course can launch; `url` or `domain` may be unknown."""

    id: int
    name: str
    url: str | None = None
    domain: str | None = None


@dataclass(frozen=True)
class AssignmentSpec:
    """What rudaux wants a Canvas assignment to be; dates are aware."""

    name: str
    points: Decimal
    due_at: datetime | None
    unlock_at: datetime | None
    lock_at: datetime | None
    launch_url: str
    tool_id: int


@dataclass(frozen=True)
class CanvasAssignment:
    """An assignment as it is in Canvas: base dates (UTC), without overrides applied.

    `launch_url` and `tool_id` are None where it is not an external-tool assignment; with
    `post_manually` grades and comments stay hidden from students until somebody posts them.
    `grading_type` is how Canvas keeps and shows a grade: points, percent, pass_fail, ...;
    with `grades_groups` the grade of one student is given to their whole group. What
    was pushed before `created_at` (UTC) went to another assignment of that name.

    closed: some student's due date is in a grading period that is closed to the token's owner;
    moderated: its grades are not released yet; anonymous: graders see no names. None, as for
    `has_overrides`: not known.
    """

    id: int
    name: str
    points: Decimal | None
    due_at: datetime | None
    unlock_at: datetime | None
    lock_at: datetime | None
    published: bool
    launch_url: str | None
    tool_id: int | None
    has_overrides: bool | None = False
    only_visible_to_overrides: bool = False
    post_manually: bool = False
    grading_type: str = "points"
    grades_groups: bool = False
    created_at: datetime | None = None
    closed: bool | None = None
    moderated: bool | None = None
    anonymous: bool | None = None
