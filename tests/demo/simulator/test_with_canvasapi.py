"""The public client `canvasapi`, made for the real Canvas, drives the simulator.

It knows nothing of this project, so what it expects of Canvas is a second opinion.
https://canvasapi.readthedocs.io
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
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

from rudaux.adapters.canvas import CanvasClient
from rudaux.config import Level
from rudaux.demo.simulator.entities import LatePolicy
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.domain.artifacts import FeedbackFile
from rudaux.domain.canvas import AssignmentSpec

DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)
LEVELS: tuple[Level, ...] = ("course", "account", "group")
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
    students = list(course.get_users(enrollment_type=["student"], include=["enrollments"]))
    assert len(students) == 33
    assert len({s.id for s in students}) == 33
    assert students[0].enrollments[0]["type"] == "StudentEnrollment"
    enrolled = course.get_enrollments(type=["StudentEnrollment"], state=["active"], per_page=7)
    assert {e.user["id"] for e in enrolled} == {s.id for s in students}


def test_it_reads_groups_and_tools(simulator: Simulator, course: Any) -> None:
    simulator.world.add_group("Big moons", [1002, 1003])
    simulator.world.add_tool("account", "Jupyter", domain="hub.example.edu")
    group = course.get_groups()[0]
    assert [m.user_id for m in group.get_memberships()] == [1002, 1003]
    assert list(course.get_external_tools()) == []
    tool = course.get_external_tools(include_parents=True)[0]
    assert (tool.name, tool.domain) == ("Jupyter", "hub.example.edu")
    account = connect(simulator).get_account(course.account_id)
    assert [t.id for t in account.get_external_tools()] == [tool.id]


def test_it_creates_and_edits_assignments(simulator: Simulator, course: Any) -> None:
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
    found = course.get_assignments(override_assignment_dates=False)
    assert [a.id for a in found] == [made.id]
    with pytest.raises(ResourceDoesNotExist):
        course.get_assignment(made.id + 1)


def test_it_manages_overrides(simulator: Simulator, course: Any) -> None:
    work = course.get_assignment(simulator.world.add_assignment("hw1"))
    fields = {"student_ids": [1002, 1003], "due_at": "2026-10-09T06:59:59Z"}
    made = work.create_override(assignment_override=fields)
    assert (made.title, made.student_ids) == ("2 students", [1002, 1003])
    simulator.world.add_override(work.id, section_id=simulator.world.add_section("Lab"))
    assert [hasattr(o, "student_ids") for o in work.get_overrides()] == [True, False]
    with pytest.raises(BadRequest):
        work.create_override(assignment_override=fields)
    edited = made.edit(assignment_override={"student_ids": [1002]})
    assert edited.student_ids == [1002]
    edited.delete()
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
    job = finished(work.submissions_bulk_update(grade_data={"1004": {"posted_grade": "9"}}))
    assert job.workflow_state == "completed"
    scores = {s.user_id: s.score for s in work.get_submissions()}
    assert scores == {1002: 8.5, 1003: 7, 1004: 9}


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


def test_it_posts_grades_and_manages_comments(simulator: Simulator, course: Any) -> None:
    aid = simulator.world.add_assignment("hw1", post_manually=True)
    work = course.get_assignment(aid)
    for student, grade in ((1002, "8.5"), (1003, "7")):
        work.get_submission(student).edit(submission={"posted_grade": grade})
    assert {s.posted_at for s in work.get_submissions()} == {None}
    query = (
        "mutation($id: ID!) { postAssignmentGrades(input: {assignmentId: $id, gradedOnly: true})"
        " { progress { _id state } } }"
    )
    canvas = connect(simulator)
    body = canvas.graphql(query, variables={"id": str(aid)})
    progress = body["data"]["postAssignmentGrades"]["progress"]["_id"]
    assert finished(canvas.get_progress(progress)).workflow_state == "completed"
    posted = {s.user_id: s.posted_at is not None for s in work.get_submissions()}
    assert posted == {1002: True, 1003: True, 1004: False}


def test_it_excuses_and_regrades(simulator: Simulator, course: Any) -> None:
    one = course.get_assignment(simulator.world.add_assignment("hw1")).get_submission(1002)
    one.edit(submission={"excuse": True})
    assert (one.excused, one.score) == (True, None)
    one.edit(submission={"posted_grade": "3"})
    assert (one.excused, one.score, one.grade) == (False, 3, "3")
    with pytest.raises(BadRequest):
        one.edit(submission={"excuse": True, "posted_grade": "3"})


NUMBER = re.compile(r"/\d+")


def addresses(simulator: Simulator) -> set[tuple[str, str]]:
    """What was asked so far, ids left out."""
    return {(r.method, NUMBER.sub("/:id", r.path)) for r in simulator.requests}


def test_it_has_driven_every_address_that_rudaux_uses(
    simulator: Simulator, course: Any, tmp_path: Path
) -> None:
    """Each address that our client asks is asked by the public one too, and both are understood."""
    world = simulator.world
    tool = world.add_tool("account", "Jupyter", domain="hub.example.edu")
    group = world.add_group("Big moons", [1002])
    ours = CanvasClient(simulator.url, 12345, "practice-token")
    spec = AssignmentSpec("hw1", Decimal(10), DUE, None, None, "https://hub.example.edu/x", tool)
    made = ours.create_assignment(spec)
    ours.update_assignment(made.id, spec)
    world.add_override(made.id, [1002], due_at=DUE)
    assert len(ours.students()) == len(MOONS)
    assert [ours.course().id, len(ours.overrides(made.id))] == [12345, 1]
    assert all(ours.tools(level) for level in LEVELS)
    assert ours.group_members(group) == {"1002"}
    assert ours.push_grades(made.id, {"1002": Decimal("8.5")}) == ""
    ours.attach_feedback(made.id, "1002", [FeedbackFile("hw1.html", b"<p>")], "Feedback")
    assert ours.assignments()[0].has_overrides
    assert len(ours.submissions(made.id)) == len(MOONS)
    used = addresses(simulator)
    simulator.requests.clear()
    drive(connect(simulator), made.id, group, tmp_path)
    # That client has no call for the tools of a group nor for one's own rights, and lists users at
    # their other address.
    assert ("GET", "/api/v1/courses/:id/search_users") in addresses(simulator)
    assert used - addresses(simulator) == {
        ("GET", "/api/v1/groups/:id/external_tools"),
        ("GET", "/api/v1/courses/:id/permissions"),
        ("GET", "/api/v1/courses/:id/users"),
    }


def drive(canvas: Any, assignment_id: int, group: int, folder: Path) -> None:
    course = canvas.get_course(12345)
    assert list(course.get_users(include=["email"]))
    assert list(course.get_enrollments())
    [shown] = [g for g in course.get_groups() if g.id == group]
    assert list(shown.get_memberships())
    places = [course, canvas.get_account(course.account_id)]
    assert all(list(p.get_external_tools(include_parents=True)) for p in places)
    made = course.create_assignment({"name": "hw2", "published": True})
    assert made.edit(assignment={"points_possible": 5}).points_possible == 5
    work = course.get_assignment(assignment_id, override_assignment_dates=False)
    assert work.name == "hw1"
    assert len(list(course.get_assignments())) == 2
    assert [o.student_ids for o in work.get_overrides()] == [[1002]]
    job = work.submissions_bulk_update(grade_data={"1003": {"posted_grade": "7"}})
    assert finished(job).workflow_state == "completed"
    assert {s.user_id: s.score for s in work.get_submissions()} == {1002: 8.5, 1003: 7, 1004: None}
    report = folder / "hw1.html"
    report.write_text("<p>")
    one = work.get_submission(1003, include=["submission_comments"])
    # Its HTTP library follows the redirect to the confirmation, without the token.
    with pytest.raises(InvalidAccessToken):
        one.upload_comment(str(report))
    one.edit(comment={"text_comment": "hello"})
    assert one.submission_comments[-1]["comment"] == "hello"
