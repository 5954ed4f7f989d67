"""Special modes of Canvas: closed periods, moderation, anonymity, concluded courses, sections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from rudaux.demo.simulator.state import World
from tests.demo.simulator.practice import Practice, practising

DUE = datetime(2026, 9, 28, 6, 59, 59, tzinfo=timezone.utc)
LATER = DUE + timedelta(days=14)


@pytest.fixture
def canvas() -> Iterator[Practice]:
    world = World.new()
    other = world.add_section("Section 2")
    world.add_student("Io Jupiter", user_id=11)
    world.add_student("Titan Saturn", user_id=12, sections=[other])
    world.add_assignment("homework_1", due_at=DUE)
    with practising(world) as practice:
        yield practice


def graded(canvas: Practice, user: int = 11) -> int:
    path = f"/assignments/2001/submissions/{user}"
    return canvas.put(path, json={"submission": {"posted_grade": "7"}}).status_code


def test_a_period_is_closed_for_those_whose_own_date_lies_in_it(canvas: Practice) -> None:
    canvas.world.course.closed_until = DUE + timedelta(days=1)
    canvas.world.add_override(2001, [12], due_at=LATER)
    assert canvas.get("/assignments/2001").json()["in_closed_grading_period"]
    dates = canvas.get("/effective_due_dates?assignment_ids[]=2001").json()["2001"]
    assert {u: d["in_closed_grading_period"] for u, d in dates.items()} == {"11": True, "12": False}
    assert (graded(canvas, 11), graded(canvas, 12)) == (400, 200)
    data = {"grade_data": {"12": {"posted_grade": "3"}, "11": {"posted_grade": "4"}}}
    job = canvas.post("/assignments/2001/submissions/update_grades", json=data).json()
    assert canvas.finish(job)["message"].startswith("Unexpected error, ID: ")
    assert canvas.world.scores(2001) == {11: None, 12: 3.0}
    canvas.world.users[1001].admin = True
    assert graded(canvas, 11) == 200


def test_dates_neither_leave_nor_enter_a_closed_period(canvas: Practice) -> None:
    canvas.world.course.closed_until = DUE + timedelta(days=1)
    for path, body in (
        ("/assignments/2001", {"due_at": "2026-10-20T06:59:59Z"}),
        ("/assignments", {"name": "late", "due_at": "2026-09-20T06:59:59Z"}),
    ):
        method = "PUT" if path[-1].isdigit() else "POST"
        answer = canvas.call(method, path, json={"assignment": body})
        assert answer.status_code == 403
        assert "closed grading period" in answer.json()["errors"]["due_at"][0]["message"]
    shown = canvas.get("/assignments/2001?include[]=all_dates&include[]=can_edit").json()
    assert [d["can_edit"] for d in shown["all_dates"]] == [False]


def test_a_moderated_assignment_takes_no_grades_until_they_are_released(canvas: Practice) -> None:
    row = canvas.world.assignments[2001]
    row.moderated_grading = True
    assert graded(canvas) == 403
    listed = canvas.get("/assignment_groups?include[]=assignments&include[]=grades_published")
    assert listed.json()[0]["assignments"][0]["grades_published"] is False
    assert "grades_published" not in canvas.get("/assignments/2001").json()
    row.grades_published = True
    assert graded(canvas) == 200


def test_an_anonymous_assignment_hides_names_until_all_is_posted(canvas: Practice) -> None:
    canvas.world.assignments[2001].anonymous_grading = True
    rows = canvas.get("/assignments/2001/submissions").json()
    assert [("user_id" in r, "anonymous_id" in r) for r in rows] == [(False, True)] * 2
    assert canvas.get("/assignments/2001").json()["anonymize_students"]
    for uid in (11, 12):
        canvas.world.submission(2001, uid).posted_at = DUE
    assert {r["user_id"] for r in canvas.get("/assignments/2001/submissions").json()} == {11, 12}


def test_a_course_that_is_over_is_read_only_for_its_teachers(canvas: Practice) -> None:
    asked = "/permissions?permissions[]=manage_grades"
    canvas.world.course.term_end_at = DUE
    canvas.world.course.teachers_end_at = datetime.now(timezone.utc) + timedelta(days=9)
    assert canvas.get("?include[]=concluded").json()["concluded"] is True
    assert canvas.get(asked).json() == {"manage_grades": True}
    assert graded(canvas) == 200
    canvas.world.course.teachers_end_at = None
    assert canvas.get(asked).json() == {"manage_grades": False}
    assert graded(canvas) == 403
    assert len(canvas.get("/assignments/2001/submissions").json()) == 2


def test_a_token_limited_to_its_section_sees_no_other(canvas: Practice) -> None:
    for enrollment in canvas.world.enrollments.values():
        enrollment.limited = enrollment.user_id == 1001
    canvas.world.add_override(2001, [12], due_at=LATER)
    people = canvas.get("/enrollments?type[]=StudentEnrollment").json()
    assert [p["user_id"] for p in people] == [11]
    assert [r["user_id"] for r in canvas.get("/assignments/2001/submissions").json()] == [11]
    assert canvas.get("/assignments/2001/overrides").json() == []
    assert (graded(canvas, 11), graded(canvas, 12)) == (200, 404)
    data = {"grade_data": {"12": {"posted_grade": "3"}}}
    job = canvas.post("/assignments/2001/submissions/update_grades", json=data).json()
    assert canvas.finish(job)["message"] == "Couldn't find User(s) with API ids '12'"


def test_keys_can_be_absent_from_every_answer(canvas: Practice) -> None:
    canvas.switches.absent_keys = frozenset({"in_closed_grading_period", "entered_score"})
    assert "in_closed_grading_period" not in canvas.get("/assignments").json()[0]
    assert "entered_score" not in canvas.get("/assignments/2001/submissions").json()[0]
