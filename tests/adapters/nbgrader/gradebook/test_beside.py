"""Grading beside the course and taking it over, with a gradebook in SQLite and in PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rudaux.adapters.nbgrader import load_course
from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.domain.allowances import Allowance
from rudaux.domain.regrade import CellMark
from rudaux.errors import GradebookFailure
from tests.adapters.nbgrader.course import RIGHT, Course, cell_named, pretend
from tests.adapters.nbgrader.gradebook.test_record import add_test

ANSWER, TEST = "sum_of_squares_equation", "correct_squares"


def copy_of(course: Course, folder: Path) -> NbgraderGrader:
    """Copy the course's gradebook, and give the grader that works beside it."""
    folder.mkdir()
    course.grader.make_beside("ps1", folder)
    there = load_course(course.folder).beside(folder)
    return NbgraderGrader(course.folder, folder / "scratch", course=there)


def grade(grader: NbgraderGrader, student: str, *failing: str, **more: Any) -> None:
    job = grader.prepare("ps1", student)
    assert not hasattr(job, "reason"), job
    done = pretend(job, failing)
    grader.score(replace(done, job=replace(job, **more)), 0.0)


def marks(course: Course, student: str) -> dict[str, CellMark]:
    return {m.cell: m for m in course.gradebook.cell_marks("ps1", student)}


def say(course: Course, text: str) -> None:
    """Comment on everybody's answers, as formgrader does."""
    course.sql(f"UPDATE comment SET manual_comment = '{text}'")


def test_nothing_of_the_course_changes_before_results_are_taken_over(
    course: Course, tmp_path: Path
) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11", TEST)
    before = marks(course, "11")
    course.edit_source(add_test)
    copy = copy_of(course, tmp_path / "copy")
    assert copy.record_source("ps1") is True
    grade(copy, "11")
    assert marks(course, "11") == before
    assert not course.grader.source_in_step("ps1")
    copy.close()
    course.grader.take_over(tmp_path / "copy", "ps1", ["11"])
    assert course.grader.source_in_step("ps1")
    assert marks(course, "11")[TEST].auto == 1
    assert course.score("11") == "6.0"
    assert course.gradebook.submissions("ps1")["11"].autograded
    assert "squares_of_three" in str(course.autograded("11"))
    assert not list((course.folder / "autograded").rglob(".*"))
    after = marks(course, "11")
    course.grader.take_over(tmp_path / "copy", "ps1", ["11"])
    assert marks(course, "11") == after


def test_marks_by_hand_and_comments_stay_also_those_made_meanwhile(
    course: Course, tmp_path: Path
) -> None:
    for student in ("11", "12"):
        course.hand_in(student, RIGHT)
        course.grade(student, TEST)
    course.mark("11", ANSWER, 0.5)
    copy = copy_of(course, tmp_path / "copy")
    for student in ("11", "12"):
        grade(copy, student)
    course.mark("12", ANSWER, 1)
    say(course, "well argued")
    copy.close()
    course.grader.take_over(tmp_path / "copy", "ps1", ["11", "12"])
    assert [marks(course, s)[ANSWER].manual for s in ("11", "12")] == [Decimal("0.5"), 1]
    assert [marks(course, s)[TEST].auto for s in ("11", "12")] == [1, 1]
    waiting = course.sql(
        "SELECT count(*) FROM grade g JOIN base_cell b ON b.id = g.cell_id "
        f"WHERE b.name = '{ANSWER}' AND g.needs_manual_grade"
    )
    assert waiting == [(0,)]
    assert course.sql("SELECT DISTINCT manual_comment FROM comment") == [("well argued",)]


def test_a_mark_confirmed_meanwhile_is_asked_about_where_the_result_changed(
    course: Course, tmp_path: Path
) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11", TEST)
    course.mark("11", TEST, 0.5)
    course.sql("UPDATE grade SET needs_manual_grade = true WHERE manual_score = 0.5")
    copy = copy_of(course, tmp_path / "copy")
    grade(copy, "11")
    course.mark("11", TEST, 0.5)
    copy.close()
    course.grader.take_over(tmp_path / "copy", "ps1", ["11"])
    waits = "SELECT needs_manual_grade FROM grade WHERE manual_score = 0.5"
    assert marks(course, "11")[TEST].auto == 1
    assert course.sql(waits) == [(True,)]


def test_a_test_that_a_regrade_removed_is_unknown_to_the_next_grading(
    course: Course, tmp_path: Path
) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11")
    course.edit_source(lambda c: c["cells"].remove(cell_named(c, TEST)))
    copy = copy_of(course, tmp_path / "copy")
    copy.record_source("ps1")
    grade(copy, "11")
    copy.close()
    course.grader.take_over(tmp_path / "copy", "ps1", ["11"])
    course.grade("11")
    assert course.score("11") == "2.0"


def test_only_those_who_were_graded_get_new_marks(course: Course, tmp_path: Path) -> None:
    for student in ("11", "12"):
        course.hand_in(student, RIGHT)
        course.grade(student, TEST)
    copy = copy_of(course, tmp_path / "copy")
    grade(copy, "11")
    copy.close()
    course.grader.take_over(tmp_path / "copy", "ps1", ["11"])
    assert [marks(course, s)[TEST].auto for s in ("11", "12")] == [1, 0]


def test_a_removed_cell_that_was_marked_by_hand_is_refused_at_once(
    course: Course, tmp_path: Path
) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11")
    course.mark("11", ANSWER, 1)
    course.edit_source(lambda c: c["cells"].remove(cell_named(c, ANSWER)))
    copy = copy_of(course, tmp_path / "copy")
    with pytest.raises(GradebookFailure, match="1 student has a mark"):
        copy.record_source("ps1")


def test_what_was_allowed_is_extra_credit_and_leaves_the_maximum(course: Course) -> None:
    course.hand_in("11", RIGHT)
    maximum = course.gradebook.assignments()[0].max_score
    full = {("problem1", TEST): Allowance(full=True)}
    grade(course.grader, "11", TEST, allowances=full)
    assert marks(course, "11")[TEST] == CellMark("11", "problem1", TEST, 1, 0, None, 1)  # type: ignore[arg-type]
    assert course.score("11") == "3.0"
    assert course.gradebook.assignments()[0].max_score == maximum
    ours = {("problem1", TEST): Allowance(full=True, given=Decimal(1))}
    grade(course.grader, "11", allowances=ours)
    assert marks(course, "11")[TEST].extra == 0
    course.mark("11", TEST, 0.5)
    floor = {("problem1", TEST): Allowance(Decimal(1))}
    grade(course.grader, "11", TEST, allowances=floor)
    assert marks(course, "11")[TEST].extra == 0
    grade(course.grader, "11", TEST, allowances=full)
    assert marks(course, "11")[TEST].extra == Decimal("0.5")


def test_what_was_allowed_is_taken_back_where_the_notebook_is_not_handed_in(course: Course) -> None:
    work = course.hand_in("11", RIGHT)
    grade(course.grader, "11", TEST, allowances={("problem1", TEST): Allowance(full=True)})
    (work / "problem1.ipynb").unlink()
    ours = {("problem1", TEST): Allowance(full=True, given=Decimal(1))}
    grade(course.grader, "11", allowances=ours)
    assert course.score("11") == "0"


def test_extra_credit_of_a_person_is_left_as_it_is(course: Course) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11", TEST)
    course.sql("UPDATE grade SET extra_credit = 0.25 WHERE auto_score = 0")
    for allowance in (Allowance(full=True), Allowance()):
        grade(course.grader, "11", TEST, allowances={("problem1", TEST): allowance})
        assert marks(course, "11")[TEST].extra == Decimal("0.25")


def test_cells_that_earn_points_are_told_with_their_text(course: Course) -> None:
    tests = {t.cell: t for t in course.gradebook.tests("ps1")}
    assert tests[TEST].points == 1
    assert "squares(2) == [1, 4]" in tests[TEST].text
    assert not tests[TEST].by_hand
    assert tests[ANSWER].by_hand
    assert tests["cell-938593c4a215c6cc"].by_hand
