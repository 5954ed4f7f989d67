"""Canvas's special modes, read from its JSON; None means that Canvas does not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from rudaux.adapters.canvas.fields import flag, row, rows, text, whole
from rudaux.domain.canvas import CanvasAssignment


def limited(enrollments: Iterable[object]) -> bool | None:
    """Read from a teacher's own enrollments whether they see only some sections."""
    flags = {
        flag(own, "limit_privileges_to_course_section")
        for own in map(row, enrollments)
        if text(own, "type").removesuffix("Enrollment").lower() in {"teacher", "ta", "designer"}
        and own.get("enrollment_state") == "active"
    }
    # One enrollment without the limit is enough to see the whole course.
    return False if False in flags else None if None in flags else bool(flags) or None


def permission(data: object, name: str) -> bool | None:
    """Read whether the token's owner has a permission; None if Canvas does not say."""
    return flag(row(data), name)


def unconstrained(data: object) -> bool:
    """Read from an assignment with all its dates whether closed grading periods do not bind us.

    https://github.com/instructure/canvas-lms/blob/master/lib/api/v1/assignment.rb
    """
    dates = map(row, rows(row(data), "all_dates"))
    return any(d.get("in_closed_grading_period") is d.get("can_edit") is True for d in dates)


def released(groups: Iterable[object]) -> Mapping[int, bool | None]:
    """Read from assignment groups whether the grades of moderated assignments are released."""
    found = [row(a) for group in groups for a in rows(row(group), "assignments")]
    return {whole(a, "id"): flag(a, "grades_published") for a in found}


def closed_for(data: object, assignment_id: int) -> frozenset[str]:
    """Read which students' effective due date is in a closed grading period."""
    own = row(row(data).get(str(assignment_id)))
    return frozenset(
        student for student, d in own.items() if flag(row(d), "in_closed_grading_period")
    )


def under_moderation(
    assignment: CanvasAssignment, released: Mapping[int, bool | None]
) -> CanvasAssignment:
    """Correct `moderated`: no longer once the grades are released, None if that is not known."""
    if not assignment.moderated:
        return assignment
    state = released.get(assignment.id)
    return replace(assignment, moderated=None if state is None else not state)
