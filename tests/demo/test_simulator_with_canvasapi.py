"""The public client `canvasapi`, made for the real Canvas, drives the simulator.

It knows nothing of this project, so what it expects of Canvas is a second opinion.
https://canvasapi.readthedocs.io
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import canvasapi  # type: ignore[import-untyped]  # ships no types
import pytest
from canvasapi.exceptions import (  # type: ignore[import-untyped]
    BadRequest,
    Forbidden,
    InvalidAccessToken,
    RateLimitExceeded,
    ResourceDoesNotExist,
    Unauthorized,
)

from rudaux.demo.simulator.entities import LatePolicy
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World

DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)
MOONS = ("Io Jupiter", "Titan Saturn", "Ariel Uranus")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    world = World.new()
    for moon in MOONS:
        world.add_student(moon, email=f"{moon.split()[0].lower()}@example.edu")
    with serve(world) as running:
        yield running


def connect(simulator: Simulator, token: str = "practice-token") -> Any:
    with pytest.warns(UserWarning, match="HTTP URLs"):
        return canvasapi.Canvas(simulator.url, token)


@pytest.fixture
def course(simulator: Simulator) -> Any:
    return connect(simulator).get_course(12345)


def finished(progress: Any) -> Any:
    while progress.workflow_state in {"queued", "running"}:
        progress = progress.query()
    return progress


def test_it_reads_the_course_and_its_people(simulator: Simulator, course: Any) -> None:
    for n in range(30):
        simulator.world.add_student(f"Moon{n} Saturn")
    assert course.name == "Practice course"
    assert [c.id for c in connect(simulator).get_courses()] == [12345]
    assert connect(simulator).get_current_user().name == "Instructor"
    students = list(course.get_users(enrollment_type=["student"], include=["enrollments"]))
    assert len(students) == 33
    assert len({s.id for s in students}) == 33
    assert students[0].enrollments[0]["type"] == "StudentEnrollment"
    enrolled = course.get_enrollments(type=["StudentEnrollment"], state=["active"], per_page=7)
    assert {e.user["id"] for e in enrolled} == {s.id for s in students}
    assert [s.name for s in course.get_sections()] == ["Practice course"]


def test_it_reads_groups_and_tools(simulator: Simulator, course: Any) -> None:
    simulator.world.add_group("Big moons", [1002, 1003])
    simulator.world.add_tool("account", "Jupyter", domain="hub.example.edu")
    group = course.get_groups()[0]
    assert [m.user_id for m in group.get_memberships()] == [1002, 1003]
    assert [u.id for u in group.get_users()] == [1002, 1003]
    assert list(course.get_external_tools()) == []
    tool = course.get_external_tools(include_parents=True, search_term="jup")[0]
    assert (tool.name, tool.domain) == ("Jupyter", "hub.example.edu")
    account = connect(simulator).get_account(course.account_id)
    assert [t.id for t in account.get_external_tools()] == [tool.id]


def test_it_creates_edits_and_deletes_assignments(simulator: Simulator, course: Any) -> None:
    tool = simulator.world.add_tool("course", "Jupyter")
    tag = {"url": "https://hub/x", "new_tab": True, "content_id": tool}
    tag["content_type"] = "context_external_tool"
    fields = {"name": "hw1", "points_possible": 10, "published": True, "due_at": DUE}
    made = course.create_assignment(
        {**fields, "submission_types": ["external_tool"], "external_tool_tag_attributes": tag}
    )
    assert made.due_at_date == DUE
    assert made.external_tool_tag_attributes["content_id"] == tool
    edited = made.edit(assignment={"points_possible": 12})
    assert (edited.name, edited.points_possible) == ("hw1", 12)
    found = course.get_assignments(search_term="HW", override_assignment_dates=False)
    assert [a.id for a in found] == [made.id]
    made.delete()
    with pytest.raises(ResourceDoesNotExist):
        course.get_assignment(made.id)


def test_it_manages_overrides(simulator: Simulator, course: Any) -> None:
    lab = simulator.world.add_section("Lab")
    work = course.get_assignment(simulator.world.add_assignment("hw1"))
    fields = {"student_ids": [1002, 1003], "due_at": "2026-10-09T06:59:59Z"}
    made = work.create_override(assignment_override=fields)
    assert (made.title, made.student_ids) == ("2 students", [1002, 1003])
    work.create_override(assignment_override={"course_section_id": lab, "due_at": ""})
    assert [hasattr(o, "student_ids") for o in work.get_overrides()] == [True, False]
    with pytest.raises(BadRequest):
        work.create_override(assignment_override=fields)
    edited = made.edit(assignment_override={"student_ids": [1002]})
    assert edited.student_ids == [1002]
    work.get_override(made.id).delete()
    assert len(list(work.get_overrides())) == 1


def test_it_grades_one_by_one_and_in_bulk(simulator: Simulator, course: Any) -> None:
    aid = simulator.world.add_assignment("hw1")
    work = course.get_assignment(aid)
    one = work.get_submission(1002)
    one.edit(submission={"posted_grade": 8.5}, comment={"text_comment": "well done"})
    again = work.get_submission(1002, include=["submission_comments"])
    assert (again.score, again.submission_comments[0]["comment"]) == (8.5, "well done")
    data = {"1003": {"posted_grade": "7"}, "77": {"posted_grade": "7"}}
    job = finished(work.submissions_bulk_update(grade_data=data))
    assert (job.workflow_state, job.message) == (
        "failed", "Couldn't find User(s) with API ids '77'",
    )  # fmt: skip
    over = course.submissions_bulk_update(grade_data={str(aid): {"1004": {"posted_grade": "9"}}})
    assert finished(over).workflow_state == "completed"
    scores = {s.user_id: s.score for s in work.get_submissions()}
    assert scores == {1002: 8.5, 1003: 7, 1004: 9}
    every = course.get_multiple_submissions(student_ids=["all"], per_page=2)
    assert {s.user_id for s in every} == {1002, 1003, 1004}


def test_it_uploads_feedback(simulator: Simulator, course: Any, tmp_path: Path) -> None:
    simulator.switches.upload_mode = "instfs"  # in local mode it finishes without its token
    aid = simulator.world.add_assignment("hw1")
    report = tmp_path / "hw1.html"
    report.write_text("<p>well done</p>")
    submission = course.get_assignment(aid).get_submission(1002)
    success, file = submission.upload_comment(str(report))
    assert (success, file["display_name"], file["size"]) == (True, "hw1.html", 16)
    assert simulator.world.comments(aid, 1002)[0].file_ids == [file["id"]]
    assert simulator.world.contents[file["id"]] == b"<p>well done</p>"


def test_it_reads_the_late_policy_and_speaks_graphql(simulator: Simulator, course: Any) -> None:
    with pytest.raises(ResourceDoesNotExist):
        course.get_late_policy()
    simulator.world.course.late_policy = LatePolicy(late_submission_deduction=4)
    assert course.get_late_policy().late_submission_deduction == 4
    aid = simulator.world.add_assignment("hw1")
    query = (
        "mutation($id: ID!, $m: Boolean!) { setAssignmentPostPolicy(input: {assignmentId: $id,"
        " postManually: $m}) { postPolicy { postManually } } }"
    )
    body = connect(simulator).graphql(query, variables={"id": str(aid), "m": True})
    assert body["data"]["setAssignmentPostPolicy"]["postPolicy"] == {"postManually": True}


def test_it_tells_a_bad_token_from_a_missing_permission(simulator: Simulator, course: Any) -> None:
    with pytest.raises(InvalidAccessToken):
        connect(simulator, "wrong").get_course(12345)
    simulator.switches.may_read_roster = False
    with pytest.raises(Forbidden):
        list(course.get_users())
    simulator.switches.permission_status = 401
    with pytest.raises(Unauthorized) as refused:
        list(course.get_users())
    assert not isinstance(refused.value, InvalidAccessToken)


def test_it_understands_being_throttled_in_the_new_dialect(
    simulator: Simulator, course: Any
) -> None:
    simulator.switches.fault = lambda method, path: "throttle"
    with pytest.raises(RateLimitExceeded):
        list(course.get_users())
