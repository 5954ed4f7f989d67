from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from rudaux.domain.canvas import CanvasAssignment, CanvasCourse
from rudaux.domain.modes import course_refusal, course_remarks, refusal, remark

PLAIN = CanvasAssignment(1, "homework_1", Decimal(10), None, None, None, True, None, None)
COURSE = CanvasCourse(12345, "Moons 101")


@pytest.mark.parametrize("doing", ["grade", "undo", "edit", "post"])
def test_what_canvas_does_not_say_forbids_nothing(doing: str) -> None:
    assert refusal(doing, PLAIN) == ""  # type: ignore[arg-type]
    plain = replace(PLAIN, closed=False, moderated=False, anonymous=False)
    assert refusal(doing, plain) == ""  # type: ignore[arg-type]
    assert remark(plain) == remark(PLAIN) == ""


def test_a_closed_grading_period_takes_no_grades_and_no_dates() -> None:
    closed = replace(PLAIN, closed=True)
    assert refusal("grade", closed).startswith("homework_1 is in a closed grading period")
    assert "its dates and points stay" in refusal("edit", closed)
    assert refusal("grade", closed, open_for_some=True) == refusal("post", closed) == ""
    assert remark(closed) == refusal("grade", closed)


def test_a_moderated_assignment_takes_nothing_until_its_grades_are_released() -> None:
    moderated = replace(PLAIN, moderated=True, closed=True)
    for doing in ("grade", "undo", "post"):
        assert "Moderate > Release Grades" in refusal(doing, moderated, open_for_some=True)
    assert "Moderate" in remark(moderated)
    assert refusal("edit", replace(moderated, closed=False)) == ""


def test_an_anonymous_assignment_is_posted_in_canvas_alone() -> None:
    anonymous = replace(PLAIN, anonymous=True)
    assert refusal("grade", anonymous) == refusal("undo", anonymous) == ""
    assert refusal("post", anonymous) == remark(anonymous)
    assert "all its grades at once" in remark(anonymous)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"published": False}, "not published"),
        ({"grading_type": "pass_fail"}, "keeps no points"),
        ({"grading_type": "not_graded"}, "keeps no points"),
        ({"grades_groups": True}, "group assignment"),
    ],
)
def test_what_would_spoil_grades_is_refused(change: dict[str, object], words: str) -> None:
    spoilt = replace(PLAIN, **change)  # type: ignore[arg-type]
    assert words in refusal("grade", spoilt)
    assert refusal("undo", spoilt) == remark(spoilt) == ""


def test_a_concluded_course_stops_all_writes_of_who_can_only_read() -> None:
    over = replace(COURSE, concluded=True, may_grade=False)
    assert "Moons 101 is concluded" in course_refusal(over)
    assert course_refusal(over, grading=False) == course_refusal(over)


@pytest.mark.parametrize("may_grade", [None, True])
def test_a_term_that_gives_teachers_more_time_is_open(may_grade: bool | None) -> None:
    assert course_refusal(replace(COURSE, concluded=True, may_grade=may_grade)) == ""


def test_what_a_person_should_know_of_a_course_is_said() -> None:
    assert course_remarks(replace(COURSE, concluded=True, may_grade=True)) == ()
    [perhaps] = course_remarks(replace(COURSE, concluded=True))
    assert "may refuse grades" in perhaps
    [some] = course_remarks(replace(COURSE, limited=True))
    assert "some sections only" in some


def test_who_may_not_grade_may_set_a_course_up() -> None:
    designer = replace(COURSE, may_grade=False)
    assert "may not enter grades in Moons 101" in course_refusal(designer)
    assert course_refusal(designer, grading=False) == ""
