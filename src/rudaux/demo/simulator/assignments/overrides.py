"""Assignment overrides: other dates for some students. Those of sections and groups are read only.

https://canvas.instructure.com/doc/api/assignments.html#method.assignment_overrides.create
"""

from __future__ import annotations

import json
from typing import Any

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.access import sections_seen, seen
from rudaux.demo.simulator.assignments.rows import override_json
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.dates import dates_in
from rudaux.demo.simulator.entities import Assignment, Override
from rudaux.demo.simulator.paging import page_of
from rudaux.demo.simulator.params import section_of
from rudaux.demo.simulator.visibility import GRADABLE, covered, overrides_of, students

LONGEST_TITLE = 255


def list_overrides(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id/overrides"""
    rows = [o for o in overrides_of(call.world, call.assignment().id) if _is_seen(call, o)]
    return page_of(call, rows, lambda o: override_json(call, o))


def _is_seen(call: Call, row: Override) -> bool:
    """Return whether it is for anybody whom the owner may see."""
    everyone = row.group_id is not None or sections_seen(call) is None
    return everyone or bool(covered(call.world, row) & seen(call, {*GRADABLE, "completed"}))


def create_override(call: Call) -> Reply:
    """POST .../overrides: a date that is not sent is not overridden."""
    assignment = call.assignment()
    call.need(call.switches.may_edit_assignments)
    new = _add(call, assignment, section_of(call.params, "assignment_override"))
    call.wrote()
    return Reply(override_json(call, new), 201)


def edit_override(call: Call) -> Reply:
    """PUT .../overrides/:id: a date that is not sent is no longer overridden."""
    row = _found(call)
    call.need(call.switches.may_edit_assignments)
    fields = section_of(call.params, "assignment_override")
    draft = Override(**vars(row))
    if "student_ids" in fields:
        draft.student_ids = _student_ids(call, fields["student_ids"])
        _refuse_taken(call, draft)
    draft.dates = dates_in(fields, call.zone, _bad_date)
    draft.title = _title(draft, fields)
    call.world.overrides[row.id] = draft
    call.wrote()
    return Reply(override_json(call, draft))


def delete_override(call: Call) -> Reply:
    """DELETE .../overrides/:id"""
    row = _found(call)
    call.need(call.switches.may_edit_assignments)
    del call.world.overrides[row.id]
    call.wrote()
    return Reply(override_json(call, row))


def _found(call: Call) -> Override:
    assignment = call.assignment()
    found = call.world.overrides.get(number(call.path_params["override"]))
    if found is None or found.assignment_id != assignment.id:
        raise refusals.not_found()
    return found


def _add(call: Call, assignment: Assignment, fields: dict[str, Any]) -> Override:
    draft = Override(-1, assignment.id, "")
    draft.student_ids = _student_ids(call, fields.get("student_ids"))
    _refuse_taken(call, draft)
    draft.dates = dates_in(fields, call.zone, _bad_date)
    draft.title = _title(draft, fields)
    draft.id = call.world.next_id("override")
    call.world.overrides[draft.id] = draft
    return draft


def _refused(message: str) -> refusals.Refusal:
    return refusals.Refusal(400, {"errors": [message]})


def _student_ids(call: Call, value: Any) -> list[int]:
    if not isinstance(value, list) or not value:
        raise _refused(f"invalid student_ids {json.dumps(value)}")
    here = students(call.world, {*GRADABLE, "completed"})
    found = [call.user_named(str(v)) for v in value]
    unknown = [str(v) for v, uid in zip(value, found, strict=True) if uid not in here]
    if unknown:
        raise _refused(f"unknown student ids: {json.dumps(unknown)}")
    return list(dict.fromkeys(uid for uid in found if uid is not None))


def _refuse_taken(call: Call, draft: Override) -> None:
    others = [o for o in overrides_of(call.world, draft.assignment_id) if o.id != draft.id]
    if any(set(o.student_ids) & set(draft.student_ids) for o in others):
        message = "already belongs to an assignment override"
        raise refusals.invalid("assignment_override_students", message, "taken")


def _bad_date(key: str, value: Any) -> refusals.Refusal:
    return _refused(f"invalid {key} {json.dumps(value)}")


def _title(draft: Override, fields: dict[str, Any]) -> str:
    title = fields.get("title")
    if not title and "student_ids" not in fields:
        return draft.title  # Canvas counts the students anew only where they are sent
    count = len(draft.student_ids)
    title = str(title or f"{count} student{'s' if count > 1 else ''}")
    if len(title) > LONGEST_TITLE:
        raise refusals.invalid("title", f"is too long (maximum is {LONGEST_TITLE} characters)")
    return title
