"""Grades, excuses and comments; one by one and in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from rudaux.demo.simulator.entities import LatePolicy
from rudaux.demo.simulator.scores import interpret_grade, ruby_text, score_to_grade
from rudaux.demo.simulator.state import World

from .practice import Practice, practising

DUE = datetime(2026, 10, 1, tzinfo=timezone.utc)


@pytest.fixture
def canvas() -> Iterator[Practice]:
    """A course with three students (1002, 1003, 1004) and one assignment worth 10 (2001)."""
    world = World.new()
    for name in ("Io Jupiter", "Titan Saturn", "Ariel Uranus"):
        world.add_student(name)
    world.add_assignment("hw1", 10, DUE, submission_types=["online_upload"])
    with practising(world) as practice:
        yield practice


def put(canvas: Practice, user: int | str = 1002, **body: Any) -> httpx.Response:
    return canvas.put(f"/assignments/2001/submissions/{user}", json=body)


def bulk(canvas: Practice, **users: dict[str, Any]) -> dict[str, Any]:
    data = {"grade_data": {key.removeprefix("u"): entry for key, entry in users.items()}}
    answer = canvas.post("/assignments/2001/submissions/update_grades", json=data)
    assert answer.status_code == 200
    return canvas.finish(answer.json())


@pytest.mark.parametrize(
    ("posted", "score"),
    [
        ("8.5", 8.5), ("8.5000", 8.5), (7, 7.0), (".5", 0.5), ("+3", 3.0), ("-1", -1.0),
        ("85%", 8.5), ("120", 120.0), ("150%", 15.0), ("pass", 10.0), ("complete", 10.0),
        ("fail", 0.0), ("incomplete", 0.0), (0.0001, 0.0001),
        ("1e-05", None), (0.00001, None), ("NaN", None), ("85.", None), ("1,5", None),
        (" 85", None), ("B", None), ("", None),
    ],
)  # fmt: skip
def test_a_posted_grade_is_read_as_canvas_reads_it(
    canvas: Practice, posted: Any, score: float | None
) -> None:
    canvas.world.grade(2001, 1002, 3)
    answer = put(canvas, submission={"posted_grade": posted})
    assert (answer.status_code, answer.json()["score"]) == (200, score)
    canvas.world.grade(2001, 1003, 3)
    assert bulk(canvas, u1003={"posted_grade": posted})["workflow_state"] == "completed"
    assert canvas.world.scores(2001)[1003] == score


def test_each_grading_type_reads_and_shows_its_own_way() -> None:
    world = World.new()

    def both(kind: str, posted: str) -> tuple[float | None, str | None]:
        row = world.assignments[world.add_assignment("hw", 20, grading_type=kind)]
        score = interpret_grade(row, posted)
        return score, score_to_grade(row, score)

    assert both("letter_grade", "B+") == (17.8, "B+")
    assert both("letter_grade", "a") == (20.0, "A")
    assert both("percent", "17.05") == (17.05, "85.25%")
    assert both("pass_fail", "pass") == (20.0, "complete")
    assert both("pass_fail", "5") == (None, None)
    assert both("points", "8.0") == (8.0, "8")


def test_small_and_huge_numbers_get_an_exponent_as_in_ruby() -> None:
    texts = [ruby_text(v) for v in (1e-5, 0.0001, 1.5e-7, 1e16, 123456.0, 10, True, None)]
    assert texts == ["1.0e-05", "0.0001", "1.5e-07", "1.0e+16", "123456.0", "10", "true", ""]


def test_a_grade_needs_no_submission_and_is_posted_at_once(canvas: Practice) -> None:
    body = put(canvas, submission={"posted_grade": "8"}).json()
    assert (body["workflow_state"], body["grader_id"], body["grade"]) == ("graded", 1001, "8")
    assert body["posted_at"] is not None
    canvas.world.assignments[2001].post_manually = True
    hidden = put(canvas, 1003, submission={"posted_grade": "8"}).json()
    assert (hidden["score"], hidden["posted_at"]) == (8, None)


def test_one_by_one_null_and_false_change_nothing_but_an_empty_text_clears(
    canvas: Practice,
) -> None:
    canvas.world.grade(2001, 1002, 3)
    assert put(canvas, submission={"posted_grade": None}).json()["score"] == 3
    assert put(canvas, submission={"excuse": False}).json()["score"] == 3
    assert canvas.world.journal == []
    assert put(canvas, submission={"posted_grade": ""}).json()["score"] is None


@pytest.mark.parametrize("entry", [{"posted_grade": None}, {"excuse": False}])
def test_in_bulk_null_and_false_clear_the_grade(canvas: Practice, entry: dict[str, Any]) -> None:
    canvas.world.grade(2001, 1002, 3)
    bulk(canvas, u1002=entry)
    assert canvas.world.scores(2001)[1002] is None


def test_excusing_clears_and_grading_unexcuses(canvas: Practice) -> None:
    assert canvas.get("/assignments/2001/submissions/1002").json()["excused"] is None
    excused = put(canvas, submission={"excuse": True}).json()
    assert (excused["excused"], excused["score"]) == (True, None)
    both = put(canvas, submission={"excuse": True, "posted_grade": "3"})
    assert both.status_code == 400
    assert both.json() == {"error": "Cannot simultaneously grade and excuse an assignment"}
    graded = put(canvas, submission={"posted_grade": "3"}).json()
    assert (graded["excused"], graded["score"]) == (False, 3)


def test_who_may_be_graded(canvas: Practice) -> None:
    world = canvas.world
    inactive = world.add_student("Rhea Saturn", state="inactive")
    gone = world.add_student("Dione Saturn", state="completed")
    test = world.add_test_student()
    graded = {"submission": {"posted_grade": "1"}}
    assert put(canvas, inactive, **graded).status_code == 200
    assert put(canvas, test, **graded).status_code == 200
    assert put(canvas, gone, **graded).status_code == 400
    assert put(canvas, 99, **graded).status_code == 404
    listed = canvas.get("/assignments/2001/submissions").json()
    assert [s["user_id"] for s in listed] == [1002, 1003, 1004, test]


def test_who_is_not_assigned_has_no_row_and_cannot_be_graded(canvas: Practice) -> None:
    canvas.world.assignments[2001].only_visible_to_overrides = True
    canvas.world.add_override(2001, [1002], due_at=DUE + timedelta(days=1))
    rows = canvas.get("/assignments/2001/submissions").json()
    assert [(s["user_id"], s["cached_due_date"]) for s in rows] == [(1002, "2026-10-02T00:00:00Z")]
    assert put(canvas, 1003, submission={"posted_grade": "1"}).status_code == 403
    failed = bulk(canvas, u1003={"posted_grade": "1"})
    assert failed["message"] == "Couldn't find User(s) with API ids '1003'"


def test_an_unpublished_assignment_cannot_be_graded(canvas: Practice) -> None:
    canvas.world.assignments[2001].published = False
    body = {"grade_data": {"1002": {"posted_grade": "1"}}}
    single = put(canvas, submission={"posted_grade": "1"})
    many = canvas.post("/assignments/2001/submissions/update_grades", json=body)
    assert [r.status_code for r in (single, many)] == [403, 403]


def test_a_bulk_job_passes_through_all_states_and_needs_polls(canvas: Practice) -> None:
    canvas.switches.queued_polls, canvas.switches.running_polls = 2, 1
    data = {str(u): {"posted_grade": "5"} for u in (1002, 1003, 1004)}
    path = "/assignments/2001/submissions/update_grades"
    answer = canvas.post(path, json={"grade_data": data}).json()
    assert (answer["workflow_state"], answer["completion"]) == ("queued", None)
    assert (answer["tag"], "results" in answer) == ("submissions_update", False)
    polls = [canvas.get(f"//progress/{answer['id']}").json() for _ in range(5)]
    states = [p["workflow_state"] for p in polls]
    assert states == ["queued", "queued", "running", "completed", "completed"]
    assert polls[3]["completion"] == 100
    assert canvas.world.scores(2001) == {1002: 5, 1003: 5, 1004: 5}
    assert len(canvas.world.journal) == 1


def test_a_running_job_has_done_a_part(canvas: Practice) -> None:
    canvas.switches.queued_polls, canvas.switches.running_polls = 0, 2
    data = {str(u): {"posted_grade": "5"} for u in (1002, 1003)}
    path = "/assignments/2001/submissions/update_grades"
    job = canvas.post(path, json={"grade_data": data}).json()
    assert canvas.get(f"//progress/{job['id']}").json()["workflow_state"] == "running"
    assert canvas.world.scores(2001) == {1002: 5}


def test_jobs_of_a_course_run_one_at_a_time(canvas: Practice) -> None:
    canvas.switches.queued_polls = canvas.switches.running_polls = 0
    path, data = "/assignments/2001/submissions/update_grades", {"1002": {"posted_grade": "5"}}
    jobs = [canvas.post(path, json={"grade_data": data}).json() for _ in range(2)]
    states = [canvas.get(f"//progress/{jobs[1]['id']}").json() for _ in range(2)]
    assert [s["workflow_state"] for s in states] == ["queued", "completed"]


def test_a_forgotten_job_ends_by_itself_where_time_counts(canvas: Practice) -> None:
    path, data = "/assignments/2001/submissions/update_grades", {"1002": {"posted_grade": "5"}}
    canvas.switches.queued_polls = 1000
    job = canvas.post(path, json={"grade_data": data}).json()
    canvas.switches.job_seconds = 0
    canvas.get("")
    assert canvas.world.scores(2001)[1002] == 5
    assert canvas.get(f"//progress/{job['id']}").json()["workflow_state"] == "completed"


def test_failed_does_not_mean_that_nothing_happened(canvas: Practice) -> None:
    grade = {"posted_grade": "5"}
    job = bulk(canvas, u7=grade, u1002=grade, u9=grade, u1003=grade)
    assert job["workflow_state"] == "failed"
    assert job["message"] == "Couldn't find User(s) with API ids '7', '9'"
    assert canvas.world.scores(2001) == {1002: 5, 1003: 5}


def test_a_job_that_dies_leaves_earlier_students_graded(canvas: Practice) -> None:
    grade = {"posted_grade": "5"}
    job = bulk(canvas, u1002=grade, u1003={"posted_grade": "5", "excuse": True}, u1004=grade)
    assert job["workflow_state"] == "failed"
    assert job["message"] == f"Unexpected error, ID: {1000 + job['id']}"
    assert canvas.world.scores(2001).get(1002) == 5
    assert canvas.world.scores(2001).get(1004) is None
    canvas.switches.crash_bulk_after = 0
    assert bulk(canvas, u1004=grade)["workflow_state"] == "failed"


def test_an_assignment_unpublished_meanwhile_is_named(canvas: Practice) -> None:
    path, data = "/assignments/2001/submissions/update_grades", {"1002": {"posted_grade": "5"}}
    job = canvas.post(path, json={"grade_data": data}).json()
    canvas.world.assignments[2001].published = False
    message = canvas.finish(job)["message"]
    reason = "are either not published or deleted and can not be graded"
    assert message == f"Some assignments {reason} '2001'"


def test_an_unchanged_score_is_not_saved_in_bulk_and_is_one_by_one(canvas: Practice) -> None:
    canvas.world.grade(2001, 1002, 5)
    before = canvas.world.submission(2001, 1002).graded_at
    assert before is not None
    canvas.switches.clock = lambda: before + timedelta(hours=1)
    bulk(canvas, u1002={"posted_grade": "5.0"})
    assert canvas.world.submission(2001, 1002).graded_at == before
    put(canvas, submission={"posted_grade": "5"})
    assert canvas.world.submission(2001, 1002).graded_at == before + timedelta(hours=1)


def test_bulk_comments_are_appended_each_time_and_foreign_files_dropped(canvas: Practice) -> None:
    other = canvas.world.add_person("Mimas Saturn", "TaEnrollment")
    mine = canvas.world.add_file(1001, 2001, "a.html", b"a")
    theirs = canvas.world.add_file(other, 2001, "b.html", b"b")
    entry = {"text_comment": "see file", "file_ids": [mine, theirs, 999]}
    for _ in range(2):
        assert bulk(canvas, u1002=entry)["workflow_state"] == "completed"
    comments = canvas.world.comments(2001, 1002)
    assert [(c.text, c.file_ids) for c in comments] == [("see file", [mine])] * 2
    assert canvas.world.scores(2001)[1002] is None


def test_a_comment_posts_the_submission_and_can_be_read_back(canvas: Practice) -> None:
    file = canvas.world.add_file(1001, 2001, "a.html", b"abc")
    body = put(canvas, comment={"text_comment": "", "file_ids": [file]}).json()
    assert body["posted_at"] is not None
    assert body["all_submissions"][0]["user_id"] == 1002
    plain = canvas.get("/assignments/2001/submissions/1002").json()
    assert "submission_comments" not in plain
    path = "/assignments/2001/submissions?include[]=submission_comments"
    comment = canvas.get(path).json()[0]["submission_comments"][0]
    assert (comment["comment"], comment["author_id"]) == ("See attached files.", 1001)
    attachment = comment["attachments"][0]
    assert (attachment["display_name"], attachment["size"]) == ("a.html", 3)
    assert httpx.get(attachment["url"]).content == b"abc"


def test_a_file_that_cannot_be_attached_is_refused_after_the_grade_was_saved(
    canvas: Practice,
) -> None:
    answer = put(canvas, submission={"posted_grade": "9"}, comment={"file_ids": [77]})
    assert answer.status_code == 403
    assert canvas.world.scores(2001)[1002] == 9
    assert len(canvas.world.journal) == 1


def test_a_late_policy_makes_score_and_entered_score_differ(canvas: Practice) -> None:
    canvas.world.course.late_policy = LatePolicy(
        late_submission_deduction_enabled=True,
        late_submission_deduction=10,
        late_submission_minimum_percent_enabled=True,
        late_submission_minimum_percent=50,
    )
    row = canvas.world.submission(2001, 1002)
    row.submitted_at = DUE + timedelta(hours=30)
    body = put(canvas, submission={"posted_grade": "8"}).json()
    assert (body["score"], body["entered_score"], body["points_deducted"]) == (6, 8, 2)
    assert (body["late"], body["seconds_late"], body["entered_grade"]) == (True, 108000, "8")
    row.submitted_at = DUE + timedelta(days=20)
    assert put(canvas, submission={"posted_grade": "8"}).json()["score"] == 5


def test_missing_is_scored_only_where_the_policy_says_so(canvas: Practice) -> None:
    canvas.world.submission(2001, 1002).late_policy_status = "missing"
    assert put(canvas, submission={"posted_grade": ""}).json()["score"] is None
    canvas.world.course.late_policy = LatePolicy(
        missing_submission_deduction_enabled=True, missing_submission_deduction=75
    )
    body = put(canvas, submission={"posted_grade": ""}).json()
    assert (body["missing"], body["score"]) == (True, 2.5)


def test_a_closed_grading_period_refuses_grades(canvas: Practice) -> None:
    canvas.world.assignments[2001].closed_period = True
    answer = put(canvas, submission={"posted_grade": "5"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Cannot grade this submission at this time")
    assert bulk(canvas, u1002={"posted_grade": "5"})["message"].startswith("Unexpected error")
