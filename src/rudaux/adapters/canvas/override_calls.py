"""The Canvas endpoints that write assignment overrides.

https://canvas.instructure.com/doc/api/assignments.html#method.assignment_overrides.create
"""

from __future__ import annotations

from typing import get_args

from rudaux.adapters.canvas.calls import no_assignment, utc
from rudaux.adapters.canvas.protocol import Call, Value
from rudaux.domain.deadlines import DateKind, Override
from rudaux.domain.extensions import keeps_title


def create(course_id: int, assignment_id: int, override: Override) -> Call:
    """Make an ad-hoc override; sent twice, Canvas refuses the second: a student may be in one."""
    body = {**_students(override), "title": override.title, **_dates(override)}
    return Call(
        "POST",
        _path(course_id, assignment_id),
        f'make the override "{override.title}" of assignment {assignment_id}',
        body={"assignment_override": body},
        repeatable=False,
        missing=no_assignment(course_id, assignment_id),
    )


def update(course_id: int, assignment_id: int, override: Override, students: bool) -> Call:
    """Change an override; a date that is left out would no longer be overridden.

    Without students Canvas keeps the students and the title; with them it replaces both.
    """
    body: dict[str, Value] = dict(_dates(override))
    if students:
        body |= _students(override)
        body |= {"title": override.title} if keeps_title(override) else {}
    return Call(
        "PUT",
        f"{_path(course_id, assignment_id)}/{override.id}",
        f'change the override "{override.title}" of assignment {assignment_id}',
        body={"assignment_override": body},
        missing=f"Canvas no longer has override {override.id} of assignment {assignment_id}: "
        "somebody has just removed it; run this again",
    )


def remove(course_id: int, assignment_id: int, override_id: int) -> Call:
    """Remove an override."""
    task = f"remove the override {override_id} of assignment {assignment_id}"
    return Call("DELETE", f"{_path(course_id, assignment_id)}/{override_id}", task)


def same_target(one: Override, other: Override) -> bool:
    """Return whether both are for exactly the same students, under the same title."""
    return (one.student_ids, one.title) == (other.student_ids, other.title)


def _students(override: Override) -> dict[str, Value]:
    return {"student_ids": [int(student) for student in sorted(override.student_ids)]}


def _dates(override: Override) -> dict[str, Value]:
    kinds = get_args(DateKind)
    return {f"{kind}_at": utc(override.date(kind)) for kind in kinds if override.sets(kind)}


def _path(course_id: int, assignment_id: int) -> str:
    return f"/courses/{course_id}/assignments/{assignment_id}/overrides"
