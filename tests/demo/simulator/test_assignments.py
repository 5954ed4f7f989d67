"""Assignments and overrides, with the surprises of the real Canvas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest

from rudaux.demo.simulator.state import World

from .practice import Practice, practising

LATE = datetime(2026, 10, 9, 6, 59, 59, tzinfo=timezone.utc)
SOON = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)


@pytest.fixture
def canvas() -> Iterator[Practice]:
    with practising(World.new()) as practice:
        yield practice


def create(canvas: Practice, **fields: Any) -> httpx.Response:
    return canvas.post("/assignments", json={"assignment": {"name": "hw1", **fields}})


def edit(canvas: Practice, assignment: int, **fields: Any) -> httpx.Response:
    return canvas.put(f"/assignments/{assignment}", json={"assignment": fields})


def override(canvas: Practice, assignment: int, **fields: Any) -> httpx.Response:
    body = {"assignment_override": fields}
    return canvas.post(f"/assignments/{assignment}/overrides", json=body)


def test_a_new_assignment_is_unpublished_and_worth_nothing_unless_said(canvas: Practice) -> None:
    answer = create(canvas)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["published"], body["workflow_state"]) == (False, "unpublished")
    assert body["points_possible"] == 0
    assert create(canvas, published=True, points_possible="").json()["published"] is True


def test_dates_come_back_in_utc_and_midnight_becomes_the_end_of_the_day(canvas: Practice) -> None:
    body = create(
        canvas,
        unlock_at="2026-10-01T00:00:00-07:00",
        due_at="2026-10-02T00:00:00-07:00",
        lock_at="2026-10-03T12:00:00",
    ).json()
    assert body["unlock_at"] == "2026-10-01T07:00:00Z"
    assert body["due_at"] == "2026-10-03T06:59:59Z"
    assert body["lock_at"] == "2026-10-03T19:00:00Z"  # no offset: in the course's zone


@pytest.mark.parametrize("text", ["2026-10-01", "tomorrow", "2026-10-01 10:00:00", "2026-13-01T1"])
def test_other_dates_are_refused(canvas: Practice, text: str) -> None:
    answer = create(canvas, due_at=text)
    assert answer.status_code == 400
    error = answer.json()["errors"]["assignment[due_at]"][0]
    assert error["message"] == "Invalid datetime for due_at"
    assert not canvas.world.assignments


def test_a_due_date_is_checked_against_stored_availability(canvas: Practice) -> None:
    made = create(canvas, due_at="2026-10-01T10:00:00Z", lock_at="2026-10-02T10:00:00Z").json()
    answer = edit(canvas, made["id"], due_at="2026-10-05T10:00:00Z")
    assert answer.json()["errors"]["due_at"][0]["message"] == "must be between availability dates"
    both = edit(canvas, made["id"], due_at="2026-10-05T10:00:00Z", lock_at=None)
    assert (both.status_code, both.json()["lock_at"]) == (200, None)


def test_an_edit_keeps_what_it_does_not_name_and_ignores_what_it_does_not_know(
    canvas: Practice,
) -> None:
    made = create(canvas, due_at="2026-10-01T10:00:00Z", points_possible=5).json()
    body = edit(canvas, made["id"], name="hw2", muted=True, post_manually=True, zzz=1).json()
    assert (body["name"], body["due_at"]) == ("hw2", "2026-10-01T10:00:00Z")
    assert (body["points_possible"], body["post_manually"]) == (5, False)


def test_base_dates_are_shown_only_where_overridden_ones_are_not_wanted(canvas: Practice) -> None:
    aid = canvas.world.add_assignment("hw1", due_at=SOON)
    io = canvas.world.add_student("Io Jupiter")
    canvas.world.add_override(aid, [io], due_at=LATE)
    shown = canvas.get(f"/assignments/{aid}").json()
    base = canvas.get(f"/assignments/{aid}?override_assignment_dates=false").json()
    assert (shown["due_at"], base["due_at"]) == ("2026-10-09T06:59:59Z", "2026-10-02T06:59:59Z")
    assert base["has_overrides"] is True


def test_a_due_date_shows_a_hidden_assignment_to_everybody(canvas: Practice) -> None:
    made = canvas.world.add_assignment("hw1", only_visible_to_overrides=True)
    hidden = edit(canvas, made, name="still hidden").json()
    assert hidden["only_visible_to_overrides"] is True
    dated = edit(canvas, made, due_at="2026-10-01T10:00:00Z").json()
    assert dated["only_visible_to_overrides"] is False


def test_the_external_tool_comes_back_in_canvas_own_spelling(canvas: Practice) -> None:
    tool = canvas.world.add_tool("course", "Jupyter")
    tag = {
        "url": "https://hub/x", "new_tab": True,
        "content_id": tool, "content_type": "context_external_tool",
    }  # fmt: skip
    fields = {"submission_types": "external_tool", "external_tool_tag_attributes": tag}
    body = create(canvas, **fields).json()
    assert body["submission_types"] == ["external_tool"]
    shown = body["external_tool_tag_attributes"]
    assert (shown["content_type"], shown["content_id"]) == ("ContextExternalTool", tool)
    changed = edit(canvas, body["id"], external_tool_tag_attributes={"url": "https://hub/y"})
    assert changed.json()["external_tool_tag_attributes"]["content_id"] == tool
    by_url = create(canvas, **{**fields, "external_tool_tag_attributes": {"url": "https://x"}})
    assert "content_id" not in by_url.json()["external_tool_tag_attributes"]
    tag["content_id"] = 999
    assert create(canvas, **fields).status_code == 404
    without = create(canvas, external_tool_tag_attributes={"url": "https://x"}).json()
    assert "external_tool_tag_attributes" not in without


@pytest.mark.parametrize(
    ("fields", "attribute"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"submission_types": ["telepathy"]}, "submission_types"),
        ({"points_possible": -1}, "points_possible"),
        ({"points_possible": "nan"}, "points_possible"),
    ],
)
def test_invalid_fields_are_refused_by_name(
    canvas: Practice, fields: dict[str, Any], attribute: str
) -> None:
    answer = create(canvas, **fields)
    assert answer.status_code == 400
    assert attribute in answer.json()["errors"]
    assert canvas.world.journal == []


def test_a_closed_grading_period_protects_dates_and_points(canvas: Practice) -> None:
    aid = canvas.world.add_assignment("hw1", due_at=SOON, closed_period=True)
    assert edit(canvas, aid, due_at="2026-10-09T10:00:00Z").status_code == 403
    points = edit(canvas, aid, points_possible=3)
    assert points.status_code == 400
    assert "closed grading period" in points.json()["errors"]["points_possible"][0]["message"]
    assert edit(canvas, aid, points_possible=10).status_code == 200


def test_an_override_shows_only_the_dates_it_overrides(canvas: Practice) -> None:
    aid = canvas.world.add_assignment("hw1", due_at=SOON)
    io = canvas.world.add_student("Io Jupiter")
    answer = override(canvas, aid, student_ids=[io], due_at="2026-10-08T23:59:59-07:00")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["title"], body["student_ids"]) == ("1 student", [io])
    assert (body["due_at"], body["all_day"]) == ("2026-10-09T06:59:59Z", True)
    assert not {"unlock_at", "lock_at", "course_section_id"} & set(body)
    changed = {"assignment_override": {"lock_at": None}}
    path = f"/assignments/{aid}/overrides/{body['id']}"
    after = canvas.put(path, json=changed).json()
    assert "due_at" not in after
    assert after["lock_at"] is None
    assert canvas.call("DELETE", path).json() == after
    assert canvas.get(f"/assignments/{aid}/overrides").json() == []


def test_a_section_override_has_no_students(canvas: Practice) -> None:
    aid, lab = canvas.world.add_assignment("hw1"), canvas.world.add_section("Lab")
    canvas.world.add_override(aid, section_id=lab, due_at=None)
    [body] = canvas.get(f"/assignments/{aid}/overrides").json()
    assert (body["course_section_id"], body["due_at"]) == (lab, None)
    assert "student_ids" not in body


def test_a_student_is_in_one_override_of_their_own_at_most(canvas: Practice) -> None:
    aid = canvas.world.add_assignment("hw1")
    one, two = canvas.world.add_student("Io Jupiter"), canvas.world.add_student("Titan Saturn")
    assert override(canvas, aid, student_ids=[one], due_at=None).status_code == 201
    answer = override(canvas, aid, student_ids=[two, one], due_at=None)
    assert answer.status_code == 400
    error = answer.json()["errors"]["assignment_override_students"][0]
    assert (error["type"], error["message"]) == (
        "taken", "already belongs to an assignment override",
    )  # fmt: skip
    assert len(canvas.world.overrides) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"student_ids": ["99"]}, 'unknown student ids: ["99"]'),
        ({"student_ids": []}, "invalid student_ids []"),
        ({"title": "x"}, "invalid student_ids null"),
    ],
)
def test_a_wrong_override_is_refused_in_words(
    canvas: Practice, fields: dict[str, Any], message: str
) -> None:
    aid = canvas.world.add_assignment("hw1")
    answer = override(canvas, aid, **fields)
    assert (answer.status_code, answer.json()) == (400, {"errors": [message]})


def test_all_dates_can_be_included(canvas: Practice) -> None:
    io = canvas.world.add_student("Io Jupiter")
    canvas.world.add_student("Titan Saturn")
    aid = canvas.world.add_assignment("hw1", due_at=SOON, only_visible_to_overrides=True)
    canvas.world.add_override(aid, [io], due_at=LATE)
    body = canvas.get(f"/assignments/{aid}?include[]=all_dates").json()
    assert [d.get("base", False) for d in body["all_dates"]] == [True, False]
