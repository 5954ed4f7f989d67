"""What Canvas allows now in the course and an assignment, asked before it is tried."""

from __future__ import annotations

from collections.abc import Iterable

from rudaux.domain.canvas import CanvasAssignment, CanvasCourse
from rudaux.domain.grades import CanvasSubmission
from rudaux.domain.modes import Doing, course_refusal, refusal
from rudaux.errors import PermissionRefused, RequestRefused
from rudaux.ports import Context


def require_open(ctx: Context, grading: bool = True) -> CanvasCourse:
    """Return the course; raise `PermissionRefused` if nothing can be written to it now."""
    course = ctx.canvas.course()
    if why := course_refusal(course, grading):
        raise PermissionRefused(why)
    return course


def require(doing: Doing, assignment: CanvasAssignment, open_for_some: bool = False) -> None:
    """Raise `RequestRefused` if Canvas would not allow that for an assignment now."""
    if why := refusal(doing, assignment, open_for_some):
        raise RequestRefused(why)


def submissions(ctx: Context, assignment: CanvasAssignment) -> tuple[CanvasSubmission, ...]:
    """Read what Canvas has; raise `RequestRefused` if it hides whose work it is."""
    try:
        return ctx.canvas.submissions(assignment.id)
    except RequestRefused as refused:
        raise RequestRefused(f"{assignment.name}: {refused}") from refused


def closed_for(
    ctx: Context, assignment: CanvasAssignment, students: Iterable[str]
) -> frozenset[str]:
    """Return which of the students get no grades because their grading period is closed."""
    if not assignment.closed:
        return frozenset()
    everybody = frozenset(students)
    found = ctx.canvas.closed_for(assignment.id)
    return everybody if found is None else everybody & found
