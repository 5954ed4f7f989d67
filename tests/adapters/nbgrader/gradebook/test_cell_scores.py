from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook
from rudaux.domain.alarms import CellScore, MarkAbove
from rudaux.domain.statistics import MarkedCell
from tests.adapters.nbgrader.course import RIGHT, Course, cell_named, make_course

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


def test_a_mark_by_hand_above_the_maximum_is_found_in_answers_tests_and_tasks(
    tmp_path: Path,
) -> None:
    course = make_course(tmp_path / "course")
    for student in ("11", "12"):
        course.hand_in(student, RIGHT)
        course.gradebook.record_submission("ps1", student, AT)
        course.grade(student)
    assert course.gradebook.marks_above("ps1") == ()
    for cell, points in (
        ("sum_of_squares_equation", 1),
        ("sum_of_squares_application", 2.25),
        ("correct_squares", 10),
        ("cell-938593c4a215c6cc", 4.5),
    ):
        course.mark("12", cell, points)
    found = course.gradebook.marks_above("ps1")
    assert [(m.student_id, m.cell.partition(" ")[0], m.mark, m.maximum) for m in found] == [
        ("12", "cell-938593c4a215c6cc", Decimal("4.5"), Decimal(4)),
        ("12", "correct_squares", Decimal(10), Decimal(1)),
        ("12", "sum_of_squares_application", Decimal("2.25"), Decimal(2)),
    ]
    assert found[0] == MarkAbove(
        "12", "cell-938593c4a215c6cc in problem1", Decimal("4.5"), Decimal(4)
    )


def test_every_mark_is_read_with_its_cell_and_who_marks_it(course: Course) -> None:
    for student in ("11", "12"):
        course.hand_in(student, RIGHT)
        course.gradebook.record_submission("ps1", student, AT)
    course.grade("11", "correct_squares")
    course.mark("11", "sum_of_squares_equation", 0.5)
    marks = course.gradebook.marks("ps1")
    cells = {c.cell: c for c in marks.cells}
    assert cells["correct_squares"] == MarkedCell("problem1", "correct_squares", Decimal(1))
    by_hand = {name for name, cell in cells.items() if cell.by_hand}
    assert by_hand == {
        "sum_of_squares_equation", "sum_of_squares_application", "cell-938593c4a215c6cc",
        "part-a", "part-b",
    }  # fmt: skip
    row = dict(zip(cells, marks.by_student["11"], strict=True))
    assert row["correct_squares"] == 0
    assert row["squares_invalid_input"] == 1
    assert row["sum_of_squares_equation"] == Decimal("0.5")
    assert row["sum_of_squares_application"] is None  # answered, and marked by nobody
    assert row["part-a"] == 0  # handed in as it was released
    assert set(marks.by_student) <= {"11", "12"}
    assert course.gradebook.marks("other").cells == ()


def test_the_digest_of_the_tests_changes_with_a_test_and_with_nothing_else(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    first = course.grader.tests_digest("ps1")

    def retell(content: dict[str, Any]) -> None:
        content["cells"][1]["source"] = "Told in other words."
        cell_named(content, "squares")["source"] = "def squares(n):\n    return None"

    course.edit_source(retell)
    assert course.grader.tests_digest("ps1") == first

    def mend(content: dict[str, Any]) -> None:
        cell_named(content, "correct_squares")["source"] = "assert squares(1) == [1]"

    course.edit_source(mend)
    assert course.grader.tests_digest("ps1") != first
