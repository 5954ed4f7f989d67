from __future__ import annotations

import pytest

from rudaux.config import GraderSettings
from tests.config.course_file import MINIMAL, only_mistake, parsed

ANN = '[[graders]]\nname = "Ann"\n'


def test_a_grader_needs_a_name_alone() -> None:
    [ann] = parsed(MINIMAL + ANN).graders
    assert ann == GraderSettings("Ann", (), 1.0, None, ())


def test_students_to_leave_to_others_may_be_numbers_or_texts() -> None:
    text = ANN + 'weight = 2\nassignments = ["homework_*"]\nexcept = [4711, "io"]\n'
    [ann] = parsed(MINIMAL + text).graders
    assert ann.except_ == ("4711", "io")
    assert (ann.weight, ann.assignments) == (2.0, ("homework_*",))


def test_nothing_goes_back_unless_it_is_asked_for() -> None:
    returning = parsed(MINIMAL).returning
    assert (returning.feedback, returning.solutions) == (False, False)


def test_either_key_about_solutions_sends_them() -> None:
    assert parsed(MINIMAL + "[return]\nsolution_share = 1\n").returning.solutions
    dated = parsed(MINIMAL + "[return]\nsolution_not_before = 2026-10-02T01:00:00\n").returning
    assert dated.solution_not_before is not None
    assert dated.solution_not_before.isoformat() == "2026-10-02T01:00:00-07:00"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[[graders]]\n", 'graders[1].name is missing: add name = "Ann" to its [[graders]]'),
        (ANN + ANN, 'graders[2].name = "Ann" (Ann): is already the name of graders[1]'),
        ('[[graders]]\nname = "../Ann"\n', "without / and without a leading dot"),
        (ANN + "weight = -1\n", "should be a number from 0 to 100"),
        (ANN + 'assignments = "homework_1"\n', "should be a list of assignments"),
        (ANN + "except = [true]\n", "should be a list of students' ids"),
        (ANN + 'notify = "ann@example.edu"\n', 'such as "mailto://ann@example.edu"'),
        (ANN + "excpt = []\n", "did you mean except?"),
        ("[return]\nsolution_share = 1.5\n", "should be a number from 0.01 to 1"),
        ("[return]\nfeedback = 1\n", "should be true or false"),
        ("[return]\nsolutions = true\n", "did you mean solution_share?"),
        ('[grading]\nformgrader_url = "hub"\n', "should be a full address"),
        ('[grading]\nformgrader_url = "https://[hub"\n', "should be a full address"),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(text: str, mistake: str) -> None:
    assert mistake in only_mistake(MINIMAL + text)


def test_a_password_in_an_address_is_a_mistake_and_is_not_shown() -> None:
    line = only_mistake(MINIMAL + ANN + 'notify = "mailto://ann:hush@example.edu"\n')
    assert "should not contain a password, because this file is committed" in line
    assert "hush" not in line
    [ann] = parsed(MINIMAL + ANN + 'notify = "slack://T1/B2/C3"\n').graders
    assert "T1" not in repr(ann)
