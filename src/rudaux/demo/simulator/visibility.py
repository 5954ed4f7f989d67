"""Who is in the course, who is assigned what, and by when."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from rudaux.demo.simulator.entities import Assignment, Override
from rudaux.demo.simulator.state import World

STUDENT_TYPES = {"StudentEnrollment", "StudentViewEnrollment"}
CURRENT = {"active", "invited", "creation_pending"}
GRADABLE = {*CURRENT, "inactive"}


def students(
    world: World, states: Iterable[str], sections: Collection[int] | None = None
) -> set[int]:
    """Return the students, Test Student included, that have an enrollment in one of the states.

    `sections`: only enrollments in these.
    """
    wanted = set(states)
    return {
        e.user_id
        for e in world.enrollments.values()
        if e.type in STUDENT_TYPES
        and e.state in wanted
        and (sections is None or e.section_id in sections)
    }


def overrides_of(world: World, assignment_id: int) -> list[Override]:
    """Return an assignment's overrides, oldest first."""
    return [o for o in world.overrides.values() if o.assignment_id == assignment_id]


def covered(world: World, override: Override) -> set[int]:
    """Return the students an override is for."""
    if override.section_id is not None:
        rows = world.enrollments.values()
        return {e.user_id for e in rows if e.section_id == override.section_id}
    if override.group_id is not None:
        group = world.groups.get(override.group_id)
        members = group.memberships if group else []
        return {m.user_id for m in members if m.state == "accepted"}
    return set(override.student_ids)


def assigned(world: World, assignment: Assignment, candidates: set[int]) -> set[int]:
    """Return those of the candidates who have the assignment."""
    if not assignment.only_visible_to_overrides:
        return candidates
    reached: set[int] = set()
    for override in overrides_of(world, assignment.id):
        reached |= covered(world, override)
    return candidates & reached


def due_dates(world: World, assignment: Assignment) -> dict[int, datetime | None]:
    """Return due dates that overrides change: ad-hoc ones win, else the latest of the shared."""
    shared: dict[int, list[datetime | None]] = {}
    result: dict[int, datetime | None] = {}
    dated = [o for o in overrides_of(world, assignment.id) if "due_at" in o.dates]
    for override in dated:
        for uid in covered(world, override):
            shared.setdefault(uid, []).append(override.dates["due_at"])
    for uid, dates in shared.items():
        result[uid] = latest(dates)
    for override in dated:
        result.update(dict.fromkeys(override.student_ids, override.dates["due_at"]))
    return result


def latest(dates: Iterable[datetime | None]) -> datetime | None:
    """Return the latest date; no date at all is later than any."""
    found = list(dates)
    return None if None in found else max(d for d in found if d is not None)


def in_closed_period(world: World, assignment: Assignment, user_id: int | None = None) -> bool:
    """Return whether a due date is in a closed grading period: the student's, or anybody's."""
    limit = world.course.closed_until
    if assignment.closed_period or limit is None:
        return assignment.closed_period
    own = due_dates(world, assignment)
    people = [user_id] if user_id else assigned(world, assignment, students(world, CURRENT))
    dates = [own.get(uid, assignment.due_at) for uid in people]
    return any(due is not None and due <= limit for due in dates)


def anonymized(world: World, assignment: Assignment) -> bool:
    """Return whether graders see no names: it is graded anonymously and not all posted."""
    if not assignment.anonymous_grading:
        return False
    here = assigned(world, assignment, students(world, CURRENT))
    rows = (world.submission(assignment.id, uid) for uid in here)
    return any(row.posted_at is None for row in rows)
