"""Assignments: list, get, create, edit.

https://canvas.instructure.com/doc/api/assignments.html
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.access import is_admin
from rudaux.demo.simulator.assignments.rows import assignment_json
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.dates import dates_in, shown
from rudaux.demo.simulator.entities import Assignment, ToolTag
from rudaux.demo.simulator.paging import page_of
from rudaux.demo.simulator.params import as_list, section_of, truthy
from rudaux.demo.simulator.visibility import (
    CURRENT,
    assigned,
    due_dates,
    in_closed_period,
    students,
)

GRADING_TYPES = {"pass_fail", "percent", "letter_grade", "gpa_scale", "points", "not_graded"}
SUBMISSION_TYPES = {
    "online_quiz", "none", "on_paper", "discussion_topic", "external_tool", "online_upload",
    "online_text_entry", "online_url", "media_recording", "student_annotation", "not_graded",
}  # fmt: skip
TOOL_TYPES = {"ContextExternalTool", "context_external_tool"}
CLOSED = "cannot be changed because this assignment is due in a closed grading period"


def list_assignments(call: Call) -> Reply:
    """GET /courses/:id/assignments"""
    call.course()
    rows = [a for a in call.world.assignments.values() if not a.deleted]
    rows.sort(key=lambda a: (a.position, a.id))
    return page_of(call, rows, lambda a: assignment_json(call, a))


def get_assignment(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id"""
    return Reply(assignment_json(call, call.assignment()))


def list_groups(call: Call) -> Reply:
    """GET /courses/:id/assignment_groups: one group; only here Canvas says `grades_published`."""
    call.course()
    row: dict[str, Any] = {"id": 1, "name": "Assignments", "position": 1, "group_weight": 0}
    if "assignments" in call.includes:
        here = [a for a in call.world.assignments.values() if not a.deleted]
        row["assignments"] = [assignment_json(call, a) for a in here]
        if "grades_published" in call.includes:
            for shape, a in zip(row["assignments"], here, strict=True):
                shape["grades_published"] = not a.under_moderation
    return page_of(call, [row], lambda r: r)


def effective_due_dates(call: Call) -> Reply:
    """GET /courses/:id/effective_due_dates: by assignment, then by student."""
    call.course()
    asked = {number(i) for i in as_list(call.params.get("assignment_ids"))}
    body: dict[str, Any] = {}
    for row in call.world.assignments.values():
        if row.deleted or (asked and row.id not in asked):
            continue
        own = due_dates(call.world, row)
        body[str(row.id)] = {
            str(uid): {
                "due_at": shown(own.get(uid, row.due_at)),
                "grading_period_id": None,
                "in_closed_grading_period": in_closed_period(call.world, row, uid),
            }
            for uid in assigned(call.world, row, students(call.world, CURRENT))
        }
    return Reply(body)


def create_assignment(call: Call) -> Reply:
    """POST /courses/:id/assignments: unpublished unless `published` says otherwise."""
    call.course()
    call.need(call.switches.may_edit_assignments)
    fields = section_of(call.params, "assignment")
    draft = Assignment(-1, "Assignment", call.now, call.now)
    draft.position = 1 + sum(not a.deleted for a in call.world.assignments.values())
    _apply(call, draft, fields)
    if _closed(call, draft.due_at) and not is_admin(call):
        raise _in_closed("set the due date to a date within")
    draft.id = call.world.next_id("assignment")
    call.world.assignments[draft.id] = draft
    call.wrote()
    return Reply(assignment_json(call, draft), 201)


def edit_assignment(call: Call) -> Reply:
    """PUT /courses/:id/assignments/:id: what is not sent stays."""
    row = call.assignment()
    call.need(call.switches.may_edit_assignments)
    fields = section_of(call.params, "assignment")
    draft = Assignment(**vars(row))
    _apply(call, draft, fields)
    _guard_closed_period(call, row, draft)
    # Canvas makes it visible to everybody as soon as it gets a due date of its own.
    if fields.get("due_at"):
        draft.only_visible_to_overrides = False
    draft.updated_at = call.now
    call.world.assignments[row.id] = draft
    call.wrote()
    return Reply(assignment_json(call, draft))


def _guard_closed_period(call: Call, row: Assignment, draft: Assignment) -> None:
    """Refuse what a closed grading period does not allow; what is launched is not a field of it."""
    if is_admin(call):
        return
    if draft.due_at != row.due_at:
        if row.closed_period or _closed(call, row.due_at):
            raise _in_closed("change the due date when due in")
        if _closed(call, draft.due_at):
            raise _in_closed("change the due date to a date within")
    if not in_closed_period(call.world, row):
        return
    free = {"submission_types", "only_visible_to_overrides", "due_at", "tool"}
    for key, value in vars(draft).items():
        if key not in free and value != getattr(row, key):
            raise refusals.invalid(key, CLOSED)


def _closed(call: Call, due_at: datetime | None) -> bool:
    limit = call.world.course.closed_until
    return due_at is not None and limit is not None and due_at <= limit


def _in_closed(what: str) -> refusals.Refusal:
    message = f"Cannot {what} a closed grading period"
    return refusals.invalid("due_at", message, status=403)


def _apply(call: Call, draft: Assignment, fields: dict[str, Any]) -> None:
    _apply_name(draft, fields)
    _apply_points(draft, fields)
    _apply_dates(call, draft, fields)
    if "submission_types" in fields:
        types = [str(t) for t in as_list(fields["submission_types"])]
        if not set(types) <= SUBMISSION_TYPES:
            raise refusals.invalid("submission_types", "Invalid submission types")
        draft.submission_types = types or ["none"]
    if "published" in fields:
        draft.published = truthy(fields["published"])
    _apply_tool(call, draft, section_of(fields, "external_tool_tag_attributes"))


def _apply_name(draft: Assignment, fields: dict[str, Any]) -> None:
    if "name" in fields:
        draft.name = str(fields["name"] or "")
    if not draft.name.strip():
        raise refusals.invalid("name", "can't be blank", "blank")
    if len(draft.name) > 255:
        raise refusals.invalid("name", "is too long (maximum is 255 characters)", "too_long")


def _apply_points(draft: Assignment, fields: dict[str, Any]) -> None:
    if "grading_type" in fields and fields["grading_type"] in GRADING_TYPES:
        draft.grading_type = fields["grading_type"]
    if "points_possible" in fields:
        text = str(fields["points_possible"] or "").strip()
        try:
            draft.points_possible = float(text) if text else 0.0
        except ValueError:
            draft.points_possible = math.nan
        if not math.isfinite(draft.points_possible):
            raise refusals.invalid("points_possible", "is not a number", "not_a_number")
        if draft.points_possible < 0:
            message = "must be greater than or equal to 0"
            raise refusals.invalid("points_possible", message)
    if draft.grading_type == "not_graded":
        draft.points_possible = None


def _apply_dates(call: Call, draft: Assignment, fields: dict[str, Any]) -> None:
    def refusal(key: str, _value: object) -> refusals.Refusal:
        return refusals.invalid(f"assignment[{key}]", f"Invalid datetime for {key}", "invalid")

    for key, moment in dates_in(fields, call.zone, refusal).items():
        setattr(draft, key, moment)
    due = draft.due_at
    early = due and draft.unlock_at and due < draft.unlock_at
    if early or (due and draft.lock_at and due > draft.lock_at):
        raise refusals.invalid("due_at", "must be between availability dates")


def _apply_tool(call: Call, draft: Assignment, tag: dict[str, Any]) -> None:
    if draft.submission_types != ["external_tool"]:
        draft.tool = None
        return
    if not tag:
        return
    old = draft.tool or ToolTag("")
    draft.tool = new = ToolTag(old.url, old.new_tab, old.content_id)
    new.url = str(tag.get("url") or old.url)
    if "new_tab" in tag:
        new.new_tab = truthy(tag["new_tab"])
    if tag.get("content_type") in TOOL_TYPES and tag.get("content_id") is not None:
        found = call.world.tools.get(number(tag["content_id"]))
        if found is None:  # unscoped: a tool of another context is not refused
            raise refusals.not_found()
        new.content_id = found.id
