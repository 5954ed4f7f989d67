from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

from rudaux.domain.marks import SheetMark
from tests.adapters.nbgrader.course import RIGHT, Course

AT = datetime(2026, 10, 2, tzinfo=timezone.utc)


def comment(course: Course, cell: str, text: str) -> None:
    course.sql(
        f"UPDATE comment SET manual_comment = '{text}' "
        f"WHERE cell_id IN (SELECT id FROM base_cell WHERE name = '{cell}')"
    )


def test_each_cell_is_told_with_its_points_what_a_person_gave_and_the_comment(
    course: Course,
) -> None:
    course.hand_in("11", RIGHT)
    course.gradebook.record_submission("ps1", "11", AT)
    course.grade("11", "correct_squares")
    course.mark("11", "sum_of_squares_application", 1.5)
    comment(course, "sum_of_squares_application", "Nearly: what of 0?")
    comment(course, "squares", "A list comprehension would do.")
    found = {m.cell: m for m in course.gradebook.mark_sheet("ps1", "11")}
    assert found["correct_squares"] == SheetMark(
        "problem1.ipynb", "correct_squares", Decimal(1), Decimal(0)
    )
    assert found["correct_squares"].verdict == "failed"
    marked = found["sum_of_squares_application"]
    assert (marked.points, marked.by_hand, marked.maximum) == (
        Decimal("1.5"), Decimal("1.5"), Decimal(2),
    )  # fmt: skip
    assert (marked.comment, marked.comment_by_hand) == ("Nearly: what of 0?", True)
    answer = found["squares"]
    assert (answer.maximum, answer.points, answer.verdict) == (None, None, "ungraded")
    assert answer.comment == "A list comprehension would do."
    total = sum(m.points or Decimal(0) for m in found.values())
    assert total == course.gradebook.submissions("ps1")["11"].score


def test_nobody_who_handed_in_nothing_has_marks(course: Course) -> None:
    assert course.gradebook.mark_sheet("ps1", "11") == ()
    assert course.gradebook.mark_sheet("ps0", "11") == ()
