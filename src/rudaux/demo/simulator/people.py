"""The course, its late policy, users, enrollments and groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.access import concluded, sections_seen
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.dates import shown
from rudaux.demo.simulator.entities import Enrollment, Group, Membership, OtherCourse, User
from rudaux.demo.simulator.paging import page_of
from rudaux.demo.simulator.params import as_list
from rudaux.demo.simulator.visibility import CURRENT

TYPES = {
    "teacher": "TeacherEnrollment",
    "student": "StudentEnrollment",
    "student_view": "StudentViewEnrollment",
    "ta": "TaEnrollment",
    "observer": "ObserverEnrollment",
    "designer": "DesignerEnrollment",
}
UNCONFIRMED = {"invited", "creation_pending", "rejected"}


def get_course(call: Call) -> Reply:
    """GET /courses/:id"""
    call.course()
    return Reply(_course_json(call))


def _course_json(call: Call) -> dict[str, Any]:
    course = call.world.course
    body: dict[str, Any] = {
        "id": course.id,
        "name": course.nickname or course.name,
        "account_id": course.account_id,
        "workflow_state": course.workflow_state,
        "time_zone": course.time_zone,
        "enrollments": _own_enrollments(call),
    }
    if course.nickname:
        body["original_name"] = course.name
    if "concluded" in call.includes:
        body["concluded"] = concluded(call)
    if "term" in call.includes:
        body["term"] = _term(course.term, shown(course.term_end_at))
    return body


def _own_role(call: Call, role: str) -> dict[str, Any]:
    kind = {"type": role, "role": TYPES[role]}
    return {**kind, "user_id": call.user_id, "enrollment_state": "active"}


def _term(name: str, end: str | None = None) -> dict[str, Any]:
    return {"id": 1, "name": name, "start_at": None, "end_at": end, "workflow_state": "active"}


def _own_enrollments(call: Call) -> list[dict[str, Any]]:
    return [
        {
            "type": e.type.removesuffix("Enrollment").lower(),
            "role": e.role or e.type,
            "user_id": e.user_id,
            "enrollment_state": e.state,
            "limit_privileges_to_course_section": e.limited,
        }
        for e in call.world.enrollments.values()
        if e.user_id == call.user_id
    ]


def get_late_policy(call: Call) -> Reply:
    """GET /courses/:id/late_policy: 404 where there is none.

    https://canvas.instructure.com/doc/api/late_policy.html
    """
    call.course()
    call.need(call.switches.may_grade)
    policy = call.world.course.late_policy
    if policy is None:
        raise refusals.not_found()
    shape = {"id": 1, "course_id": call.world.course.id, **asdict(policy)}
    return Reply({"late_policy": shape})


def own_courses(call: Call) -> Reply:
    """GET /courses: those of the token's owner, of one role where `enrollment_type` names it."""
    role = str(call.params.get("enrollment_type") or "")
    rows = [_course_json(call)] if role in {"", "teacher"} else []
    rows += [_other_json(call, o) for o in call.world.other_courses if role in {"", o.role}]
    return page_of(call, rows, lambda row: row)


def _other_json(call: Call, other: OtherCourse) -> dict[str, Any]:
    """Return a course of the list; of one that its dates have closed, no more than that."""
    if other.restricted:
        return {"id": other.id, "access_restricted_by_date": True}
    return {
        "id": other.id,
        "name": other.name,
        "workflow_state": "available",
        "time_zone": call.world.course.time_zone,
        "enrollments": [_own_role(call, other.role)],
        **({"term": _term(other.term)} if "term" in call.includes else {}),
    }


def user_json(call: Call, user: User, confirmed: bool = True) -> dict[str, Any]:
    """Return a user; what the token may not see is an absent key, not a null."""
    rights = call.switches
    row: dict[str, Any] = {
        "id": user.id,
        "name": user.name,
        "sortable_name": user.sortable_name,
    }
    if rights.show_sis:
        row["sis_user_id"] = user.sis_user_id
    if rights.show_login and confirmed:
        row["login_id"] = user.login_id
    if rights.show_email and confirmed:
        row["email"] = user.email
    return row


def list_users(call: Call) -> Reply:
    """GET /courses/:id/users: one row per user, the Test Student dropped after paging."""
    call.course()
    call.need(call.switches.may_read_roster)
    asked = [str(t) for t in as_list(call.params.get("enrollment_type"))]
    types = {TYPES.get(t, t) for t in asked} or set(TYPES.values())
    states = {str(s) for s in as_list(call.params.get("enrollment_state"))} or CURRENT
    by_user: dict[int, list[Enrollment]] = {}
    for enrollment in _seen_enrollments(call):
        if enrollment.type in types and enrollment.state in states:
            by_user.setdefault(enrollment.user_id, []).append(enrollment)
    return page_of(
        call,
        _searched(call, by_user),
        lambda user: _roster_row(call, user, by_user[user.id]),
        drop=lambda user: user.test,
        last=False,
    )


def _seen_enrollments(call: Call) -> list[Enrollment]:
    sections = sections_seen(call)
    rows = call.world.enrollments.values()
    return [e for e in rows if sections is None or e.section_id in sections]


def _searched(call: Call, ids: Iterable[int]) -> list[User]:
    people = [call.world.users[i] for i in ids]
    term = str(call.params.get("search_term") or "").lower()
    if term and len(term) < 2:
        error = {"field": "search_term", "code": "invalid"}
        message = "2 or more characters is required"
        raise refusals.Refusal(400, {"errors": [{**error, "message": message}]})
    people = [u for u in people if term in u.name.lower() or term in {str(u.id), u.login_id}]
    return sorted(people, key=lambda u: (u.sortable_name.lower(), u.id))


def _roster_row(call: Call, user: User, theirs: list[Enrollment]) -> dict[str, Any]:
    confirmed = any(e.state not in UNCONFIRMED for e in theirs)
    row = user_json(call, user, confirmed)
    if "enrollments" in call.includes:
        row["enrollments"] = [enrollment_json(call, e) for e in theirs]
    return row


def list_enrollments(call: Call) -> Reply:
    """GET /courses/:id/enrollments: a row per enrollment.

    Without `state[]` a teacher gets inactive ones too, whatever the documentation says.
    https://github.com/instructure/canvas-lms/issues/1723
    """
    call.course()
    call.need(call.switches.may_read_roster)
    types = {str(t) for t in as_list(call.params.get("type"))}
    states = {str(s) for s in as_list(call.params.get("state"))} or {*CURRENT, "inactive"}
    rows = [
        e for e in _seen_enrollments(call) if e.state in states and (not types or e.type in types)
    ]
    if "user_id" in call.params:
        wanted = call.user_named(str(call.params["user_id"]))
        rows = [e for e in rows if e.user_id == wanted]
    names = call.world.users
    rows.sort(key=lambda e: (e.type, names[e.user_id].sortable_name.lower(), e.id))
    return page_of(call, rows, lambda e: enrollment_json(call, e, True), bookmarks=True)


def delete_enrollment(call: Call) -> Reply:
    """DELETE /courses/:id/enrollments/:id: with task=delete the student has dropped the course."""
    call.course()
    call.need(call.switches.may_read_roster)
    found = call.world.enrollments.get(number(call.path_params["enrollment"]))
    if found is None:
        raise refusals.not_found()
    call.wrote()
    call.world.set_state(found.user_id, "deleted", call.now)
    return Reply(enrollment_json(call, found, True))


def enrollment_json(call: Call, row: Enrollment, with_user: bool = False) -> dict[str, Any]:
    """Return an enrollment as JSON."""
    world = call.world
    shape: dict[str, Any] = {
        "id": row.id,
        "user_id": row.user_id,
        "course_id": world.course.id,
        "course_section_id": row.section_id,
        "type": row.type,
        "role": row.role or row.type,
        "enrollment_state": row.state,
        "created_at": shown(row.created_at),
        "updated_at": shown(row.updated_at or row.created_at),
        "limit_privileges_to_course_section": row.limited,
    }
    if call.switches.show_sis:
        shape["sis_user_id"] = world.users[row.user_id].sis_user_id
    if with_user:
        shape["user"] = user_json(call, world.users[row.user_id], row.state not in UNCONFIRMED)
        shape["user"].pop("email", None)
    return shape


def list_groups(call: Call) -> Reply:
    """GET /courses/:id/groups"""
    call.course()
    return page_of(call, list(call.world.groups.values()), lambda g: _group_json(call, g))


def _group_json(call: Call, group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "course_id": call.world.course.id,
    }


def list_memberships(call: Call) -> Reply:
    """GET /groups/:id/memberships"""
    group = call.group()
    asked = as_list(call.params.get("filter_states"))
    states = set(asked) or {"accepted", "invited", "requested"}
    rows = [m for m in group.memberships if m.state in states]

    def row(member: Membership) -> dict[str, Any]:
        shape = {"id": member.id, "group_id": group.id, "user_id": member.user_id}
        return {**shape, "workflow_state": member.state}

    return page_of(call, rows, row)
