from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook
from rudaux.domain.alarms import CellScore
from tests.adapters.nbgrader.course import RIGHT, Course

AT = datetime(2026, 10, 2, tzinfo=timezone.utc)


def test_a_test_is_counted_over_those_whose_work_was_graded(course: Course) -> None:
    for student, failing in (
        ("11", ("correct_squares",)),
        ("12", ("correct_squares",)),
        ("13", ()),
    ):
        course.hand_in(student, RIGHT)
        course.gradebook.record_submission("ps1", student, AT)
        if student != "13":
            course.grade(student, *failing)
    found = {c.name: c for c in course.gradebook.cell_scores("ps1")}
    assert found["correct_squares in problem1"] == CellScore(
        "correct_squares in problem1", Decimal(1), 2, 2
    )
    assert {c.zeros for name, c in found.items() if not name.startswith("correct_squares")} == {0}


def test_answers_marked_by_hand_are_no_tests(course: Course) -> None:
    course.hand_in("11", RIGHT)
    course.gradebook.record_submission("ps1", "11", AT)
    course.grade("11")
    course.mark("11", "sum_of_squares_equation", 0)
    names = {c.name.partition(" in ")[0] for c in course.gradebook.cell_scores("ps1")}
    assert "correct_squares" in names
    assert "sum_of_squares_equation" not in names


def test_an_unknown_assignment_has_no_tests(tmp_path: Path) -> None:
    assert NbgraderGradebook(tmp_path).cell_scores("ps1") == ()
