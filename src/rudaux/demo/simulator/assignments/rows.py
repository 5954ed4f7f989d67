"""Assignments and overrides as Canvas shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rudaux.demo.simulator.access import is_admin, read_only, seen
from rudaux.demo.simulator.call import Call
from rudaux.demo.simulator.dates import DATES, shown
from rudaux.demo.simulator.entities import Assignment, Override, ToolTag
from rudaux.demo.simulator.params import truthy
from rudaux.demo.simulator.visibility import (
    GRADABLE,
    anonymized,
    in_closed_period,
    latest,
    overrides_of,
    students,
)

STATES = {*GRADABLE, "completed"}


def assignment_json(call: Call, row: Assignment) -> dict[str, Any]:
    """Return an assignment; overrides change its dates unless the request asks otherwise."""
    world, rights = call.world, call.switches
    shape: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "created_at": shown(row.created_at),
        "updated_at": shown(row.updated_at),
        **{key: shown(value) for key, value in _dates(call, row).items()},
        "course_id": world.course.id,
        "points_possible": row.points_possible,
        "grading_type": row.grading_type,
        "submission_types": row.submission_types,
        "workflow_state": "published" if row.published else "unpublished",
        "published": row.published,
        "post_manually": row.hides_grades,
        "anonymous_grading": row.anonymous_grading,
        "anonymize_students": anonymized(world, row),
        "moderated_grading": row.moderated_grading,
        "only_visible_to_overrides": row.only_visible_to_overrides,
        "in_closed_grading_period": in_closed_period(world, row),
        "group_category_id": row.group_category_id,
    }
    if rights.may_grade or rights.may_edit_assignments:
        shape["has_overrides"] = bool(overrides_of(world, row.id))
    if row.tool:
        shape["external_tool_tag_attributes"] = _tool_json(row.tool)
    return {**shape, **_included(call, row)}


def _tool_json(tool: ToolTag) -> dict[str, Any]:
    tag: dict[str, Any] = {"url": tool.url, "new_tab": tool.new_tab}
    if tool.content_id is not None:
        tag.update({"content_type": "ContextExternalTool", "content_id": tool.content_id})
    return tag


def _dates(call: Call, row: Assignment) -> dict[str, datetime | None]:
    """Return base dates, or what a teacher sees of all overrides together (the default)."""
    base = {key: getattr(row, key) for key in DATES}
    overrides = overrides_of(call.world, row.id)
    if not overrides or not truthy(call.params.get("override_assignment_dates", True)):
        return base
    sets = [o.dates for o in overrides] + ([] if row.only_visible_to_overrides else [base])
    merged = dict(base)
    for key in DATES:
        known = [dates[key] for dates in sets if key in dates]
        if known and key == "unlock_at":
            merged[key] = None if None in known else min(d for d in known if d)
        elif known:
            merged[key] = latest(known)
    return merged


def _included(call: Call, row: Assignment) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    overrides = overrides_of(call.world, row.id)
    if "all_dates" in call.includes:
        base = {key: shown(getattr(row, key)) for key in DATES}
        rows: list[dict[str, Any]] = [{"base": True, "title": "Everyone", **base}]
        rows += [{"id": o.id, "title": o.title, **_override_dates(call, o)} for o in overrides]
        extra["all_dates"] = rows
    if "can_edit" in call.includes:
        extra["can_edit"] = rights = call.switches.may_edit_assignments and not read_only(call)
        for dates in extra.get("all_dates", ()):
            closed = _date_is_closed(call, row, dates.get("due_at"))
            dates["in_closed_grading_period"] = closed
            dates["can_edit"] = rights and (not closed or is_admin(call))
    return extra


def _date_is_closed(call: Call, row: Assignment, due_at: str | None) -> bool:
    limit = shown(call.world.course.closed_until)
    return row.closed_period or bool(due_at and limit and due_at <= limit)


def override_json(call: Call, row: Override) -> dict[str, Any]:
    """Return an override: only the dates it overrides, and exactly one kind of target."""
    shape: dict[str, Any] = {"id": row.id, "assignment_id": row.assignment_id, "title": row.title}
    shape.update(_override_dates(call, row))
    if row.section_id is not None:
        shape["course_section_id"] = row.section_id
    elif row.group_id is not None:
        shape["group_id"] = row.group_id
    else:
        hidden = students(call.world, STATES) - seen(call, STATES)
        shape["student_ids"] = [s for s in row.student_ids if s not in hidden]
    return shape


def _override_dates(call: Call, row: Override) -> dict[str, Any]:
    shape: dict[str, Any] = {k: shown(row.dates[k]) for k in DATES if k in row.dates}
    if "due_at" in row.dates:
        due = row.dates["due_at"]
        local = due.astimezone(call.zone) if due else None
        all_day = bool(local and (local.hour, local.minute) == (23, 59))
        shape["all_day"] = all_day
        shape["all_day_date"] = local.date().isoformat() if local and all_day else None
    return shape
