"""JSON to dataclasses, and specifications to JSON."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rudaux.adapters.canvas import calls, decode
from rudaux.domain.canvas import AssignmentSpec
from rudaux.domain.deadlines import Override
from rudaux.domain.grades import CanvasSubmission
from rudaux.domain.roster import Student
from rudaux.errors import CanvasFailure, RequestRefused, RudauxError

DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)


def enrollment(user: int, section: int | None = 1, **more: Any) -> dict[str, Any]:
    people = {11: ("Io Jupiter", "Jupiter, Io"), 12: ("Titan Saturn", "Saturn, Titan")}
    name, sortable = people.get(user, (f"Moon {user}", f"{user}, Moon"))
    return {
        "id": user * 100,
        "user_id": user,
        "type": "StudentEnrollment",
        "enrollment_state": "active",
        "course_section_id": section,
        "user": {"id": user, "name": name, "sortable_name": sortable},
        **more,
    }


def test_a_student_in_two_sections_is_one_student() -> None:
    found = decode.students([enrollment(11, 1), enrollment(12, 1), enrollment(11, 2)])
    assert found == (
        Student("11", "Io Jupiter", "Jupiter, Io", section_ids=frozenset({1, 2})),
        Student("12", "Titan Saturn", "Saturn, Titan", section_ids=frozenset({1})),
    )


@pytest.mark.parametrize(
    "more",
    [
        {"type": "StudentViewEnrollment"},
        {"type": "TeacherEnrollment"},
        {"type": "ObserverEnrollment"},
        {"enrollment_state": "inactive"},
        {"enrollment_state": "completed"},
        {"enrollment_state": "deleted"},
    ],
)
def test_whoever_is_no_current_student_is_left_out(more: dict[str, Any]) -> None:
    assert decode.students([enrollment(11, **more)]) == ()


def test_an_invited_student_with_a_custom_role_counts() -> None:
    row = enrollment(11, role="Auditor", enrollment_state="invited")
    assert [s.id for s in decode.students([row])] == ["11"]


def test_hidden_fields_are_absent_and_not_the_word_none() -> None:
    row = {**enrollment(11), "user": {"id": 11}}
    del row["course_section_id"]
    assert decode.students([row]) == (Student("11", "11"),)


def test_ids_that_come_as_strings_are_the_same_ids() -> None:
    row = {**enrollment(11), "user_id": "10000000000011", "course_section_id": "7"}
    (found,) = decode.students([row])
    assert (found.id, found.section_ids) == ("10000000000011", frozenset({7}))


def test_a_nickname_does_not_hide_the_name_of_the_course() -> None:
    row = {"id": 5, "name": "my course", "original_name": "DSCI 100", "account_id": 2}
    assert decode.course(row).name == "DSCI 100"
    assert decode.account_id(row) == 2


def assignment_row(**more: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "name": "homework_1",
        "points_possible": 10,
        "due_at": "2026-10-02T06:59:59Z",
        "unlock_at": None,
        "lock_at": None,
        "published": True,
        "workflow_state": "published",
        "submission_types": ["external_tool"],
        "external_tool_tag_attributes": {
            "url": "https://hub.example.edu/x",
            "content_type": "ContextExternalTool",
            "content_id": 33,
        },
        "has_overrides": False,
        **more,
    }


def test_an_external_tool_assignment_is_read() -> None:
    found = decode.assignment(assignment_row())
    assert (found.launch_url, found.tool_id) == ("https://hub.example.edu/x", 33)
    assert (found.points, found.due_at, found.published) == (Decimal(10), DUE, True)
    assert not found.has_overrides


def test_an_assignment_of_another_kind_has_no_launch_link() -> None:
    found = decode.assignment(assignment_row(submission_types=["online_upload"]))
    assert (found.launch_url, found.tool_id) == (None, None)


def test_a_tool_known_only_by_its_address_has_no_id() -> None:
    tag = {"url": "https://hub.example.edu/x"}
    found = decode.assignment(assignment_row(external_tool_tag_attributes=tag))
    assert (found.launch_url, found.tool_id) == (tag["url"], None)


def test_whether_there_are_overrides_is_not_known_where_canvas_does_not_say() -> None:
    row = assignment_row(points_possible=None, published=False, workflow_state="unpublished")
    del row["has_overrides"]
    found = decode.assignment(row)
    assert found.has_overrides is None
    assert found.points is None
    assert not found.published


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"id": 1, "student_ids": [11, 12], "due_at": "2026-10-02T06:59:59Z"},
         Override(1, DUE, student_ids=frozenset({"11", "12"}))),
        ({"id": 2, "course_section_id": 4, "due_at": None}, Override(2, None, section_id=4)),
        ({"id": 3, "group_id": 5, "lock_at": None},
         Override(3, None, overrides_due=False, group_id=5, overrides_lock=True)),
        ({"id": 6, "student_ids": [11], "title": "ill", "unlock_at": "2026-10-02T06:59:59Z"},
         Override(6, None, False, frozenset({"11"}), title="ill", unlock_at=DUE,
                  overrides_unlock=True)),
        ({"id": 4, "course_id": 9, "due_at": "2026-10-02T08:59:59+02:00"},
         Override(4, DUE, whole_course=True)),
        ({"id": 5, "course_section_id": 4, "course_id": 9, "due_at": None},
         Override(5, None, section_id=4)),
    ],
)  # fmt: skip
def test_an_override_tells_no_date_from_no_say(row: dict[str, Any], expected: Override) -> None:
    assert decode.override(row) == expected


def test_only_accepted_members_belong_to_a_group() -> None:
    rows = [
        {"id": 1, "user_id": 11, "workflow_state": "accepted"},
        {"id": 2, "user_id": 12, "workflow_state": "invited"},
    ]
    assert decode.members(rows) == frozenset({"11"})


def test_the_grade_is_what_was_given_before_the_late_policy_deducts() -> None:
    row = {
        "user_id": 11,
        "score": Decimal("6.5"),
        "entered_score": Decimal("8.5"),
        "excused": None,
        "graded_at": "2026-10-03T00:00:00Z",
        "grader_id": -33,
        "submission_comments": [
            {"id": 1, "comment": "hello"},
            {"id": 2, "attachments": [{"display_name": "homework_1.html", "size": 120}]},
        ],
    }
    assert decode.submission(row) == CanvasSubmission(
        "11",
        Decimal("8.5"),
        False,
        datetime(2026, 10, 3, tzinfo=timezone.utc),
        ("homework_1.html",),
    )


def test_an_ungraded_submission_has_no_score() -> None:
    row = {"user_id": 11, "score": None, "entered_score": None, "excused": True}
    assert decode.submission(row) == CanvasSubmission("11", None, excused=True)


LISTED = {"user_id": 11, "score": 1, "excused": None}


@pytest.mark.parametrize("hidden", [{"anonymous_id": "aB3", "score": 1}, {"user_id": None}])
def test_submissions_of_nobody_in_particular_are_not_a_list(hidden: dict[str, Any]) -> None:
    with pytest.raises(RequestRefused, match="graded anonymously"):
        list(decode.submissions([LISTED, hidden]))


@pytest.mark.parametrize("key", ["score", "excused"])
def test_what_a_listed_submission_does_not_say_is_no_value(key: str) -> None:
    row = {k: v for k, v in LISTED.items() if k != key}
    with pytest.raises(CanvasFailure, match=f'answered with nothing where "{key}" should be'):
        list(decode.submissions([row]))


@pytest.mark.parametrize("key", ["type", "enrollment_state"])
def test_an_enrollment_that_does_not_say_what_it_is_is_not_left_out(key: str) -> None:
    with pytest.raises(CanvasFailure, match=f'"{key}" should be'):
        decode.students([{k: v for k, v in enrollment(11).items() if k != key}])


def test_a_membership_without_a_state_is_not_taken_for_none() -> None:
    with pytest.raises(CanvasFailure, match='"workflow_state" should be'):
        decode.members([{"id": 1, "user_id": 11}])


def test_an_override_for_nobody_in_particular_is_a_question() -> None:
    with pytest.raises(CanvasFailure, match="whom the due date override 8 is for"):
        decode.overrides([{"id": 8, "due_at": None, "student_ids": None}])
    assert len(decode.overrides([{"id": 8, "noop_id": 1}, {"id": 9, "student_ids": []}])) == 2


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        (decode.course, []),
        (decode.course, {"name": "no id"}),
        (decode.tool, {"id": True, "name": "x"}),
        (decode.assignment, {"id": 1, "due_at": "soon"}),
        (decode.assignment, {"id": 1, "points_possible": "ten"}),
        (decode.assignment, {"id": 1, "name": 4}),
        (decode.override, {"id": 1, "student_ids": "all"}),
        (decode.ticket, {"upload_params": {}}),
    ],
)
def test_an_unusable_answer_is_canvas_s_failure(reader: Any, data: object) -> None:
    with pytest.raises(CanvasFailure, match=r"canvas\.url"):
        reader(data)


def test_an_upload_ticket_keeps_its_fields_in_order() -> None:
    found = decode.ticket(
        {"upload_url": "https://s3.example.com", "upload_params": {"b": 1, "a": None, "c": "x"}}
    )
    assert list(found.fields.items()) == [("b", "1"), ("a", ""), ("c", "x")]
    assert found.file_field == "file"


def spec(**more: Any) -> AssignmentSpec:
    values: dict[str, Any] = {
        "name": "homework_1",
        "points": Decimal(10),
        "due_at": DUE,
        "unlock_at": None,
        "lock_at": None,
        "launch_url": "https://hub.example.edu/x",
        "tool_id": 33,
    }
    return AssignmentSpec(**{**values, **more})


def test_a_new_assignment_is_published_and_opens_the_tool_by_its_id() -> None:
    call = calls.create_assignment(5, spec())
    assert call.body == {
        "assignment": {
            "name": "homework_1",
            "points_possible": 10.0,
            "grading_type": "points",
            "published": True,
            "submission_types": ["external_tool"],
            "due_at": "2026-10-02T06:59:59Z",
            "unlock_at": None,
            "lock_at": None,
            "external_tool_tag_attributes": {
                "url": "https://hub.example.edu/x",
                "new_tab": True,
                "content_id": 33,
                "content_type": "ContextExternalTool",
            },
        }
    }
    assert not call.repeatable


def test_dates_are_sent_in_utc() -> None:
    vancouver = timezone(timedelta(hours=-7))
    assert calls.utc(datetime(2026, 10, 1, 23, 59, 59, tzinfo=vancouver)) == "2026-10-02T06:59:59Z"
    with pytest.raises(RudauxError, match="time zone"):
        calls.utc(datetime(2026, 10, 1))


@given(st.datetimes(timezones=st.just(timezone.utc), min_value=datetime(1970, 1, 2)))
def test_a_date_comes_back_as_it_was_sent(moment: datetime) -> None:
    row = {"id": 1, "due_at": calls.utc(moment)}
    assert decode.override(row).due_at == moment.replace(microsecond=0)


@given(st.decimals(min_value=0, max_value=10_000, allow_nan=False))
def test_a_score_is_sent_as_canvas_parses_it(score: Decimal) -> None:
    body: Any = calls.grade(5, 7, {"11": score}).body
    sent = body["grade_data"]["11"]["posted_grade"]
    assert set(sent) <= set("0123456789.")
    assert abs(Decimal(sent) - score) <= Decimal("0.00005")


@pytest.mark.parametrize("score", ["NaN", "Infinity"])
def test_what_is_not_a_number_is_never_sent_as_a_score(score: str) -> None:
    with pytest.raises(RudauxError, match="student 11"):
        calls.grade(5, 7, {"11": Decimal(score)})


def test_a_student_id_cannot_break_out_of_the_address() -> None:
    assert calls.submission(5, 7, "../users?x").path.endswith("/submissions/..%2Fusers%3Fx")
