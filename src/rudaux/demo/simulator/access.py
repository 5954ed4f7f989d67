"""What the token's owner may see and do: sections, a course that is over, grades."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.dates import shown
from rudaux.demo.simulator.paging import page_of
from rudaux.demo.simulator.params import as_list
from rudaux.demo.simulator.visibility import students


def is_admin(call: Call) -> bool:
    """Return whether an administrator of the account asks: dates do not bind them."""
    owner = call.world.users.get(call.user_id)
    return owner is not None and owner.admin


def concluded(call: Call, for_teachers: bool = False) -> bool:
    """Return whether the course is over; a term may give teachers more time."""
    course = call.world.course
    term = (course.teachers_end_at if for_teachers else None) or course.term_end_at
    end = course.end_at if course.end_at and course.restrict_to_dates else term
    return course.workflow_state == "completed" or (end is not None and end < call.now)


def read_only(call: Call) -> bool:
    """Return whether the owner can only read, for their role in the course is over."""
    return concluded(call, for_teachers=True) and not is_admin(call)


def may_grade(call: Call) -> bool:
    """Return whether the owner may enter grades now."""
    return call.switches.may_grade and not read_only(call)


def sections_seen(call: Call) -> set[int] | None:
    """Return the sections that the owner is limited to; None: all of the course."""
    own = [e for e in call.world.enrollments.values() if e.user_id == call.user_id]
    own = [e for e in own if e.state == "active"]
    return {e.section_id for e in own} if own and all(e.limited for e in own) else None


def seen(call: Call, states: Iterable[str]) -> set[int]:
    """Return the students in one of the states whom the owner may see."""
    return students(call.world, states, sections_seen(call))


def own_tokens(call: Call) -> Reply:
    """GET /users/self/user_generated_tokens: a token's first five characters, never all of it.

    https://developerdocs.instructure.com/services/canvas/file.all_resources/access_tokens
    """
    call.need(call.user_named(str(call.path_params["user"])) == call.user_id)
    own = {k: t for k, t in call.world.tokens.items() if t.user_id == call.user_id}
    rows = [
        {
            "id": number,
            "user_id": call.user_id,
            "workflow_state": token.state,
            "token_hint": value[:5],
            "expires_at": shown(token.expires_at),
        }
        for number, (value, token) in enumerate(own.items(), 1)
    ]
    return page_of(call, rows, lambda row: row)


def permissions(call: Call) -> Reply:
    """GET /courses/:id/permissions"""
    call.course()
    edits = call.switches.may_edit_assignments and not read_only(call)
    known = {"manage_grades": may_grade(call), "manage_assignments_edit": edits}
    asked = [str(p) for p in as_list(call.params.get("permissions"))]
    body: dict[str, Any] = {p: known.get(p, is_admin(call)) for p in asked}
    return Reply(body)
