from __future__ import annotations

from pathlib import Path

import pytest

from rudaux.adapters.nbgrader.grader import NbgraderGrader
from tests.adapters.nbgrader_course import RIGHT, Course, make_course, nbgrader


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = make_course(tmp_path / "course")
    made.hand_in("11", RIGHT)
    made.grade("11", "correct_squares")
    return made


def test_the_report_shows_the_scores(course: Course) -> None:
    first, second = course.grader.feedback("ps1", "11")
    assert first.name.startswith("ps1-11-problem1-")
    assert second.name.startswith("ps1-11-problem2-")
    assert "problem1 (Score: 2.0 / 10.0)" in first.content.decode()


def test_the_same_marks_give_the_same_bytes_in_another_process_too(
    course: Course, tmp_path: Path
) -> None:
    made = course.grader.feedback("ps1", "11")
    assert course.grader.feedback("ps1", "11") == made
    assert NbgraderGrader(course.folder, tmp_path / "scratch").feedback("ps1", "11") == made
    assert course.grader.feedback_files("ps1", "11") == made


def test_a_new_mark_gives_a_new_name(course: Course) -> None:
    before = course.grader.feedback("ps1", "11")
    course.mark("11", "sum_of_squares_equation", 0.5)
    after = course.grader.feedback("ps1", "11")
    assert after[0].name != before[0].name
    assert after[1] == before[1]


def test_a_stray_file_in_the_feedback_folder_is_no_report(course: Course) -> None:
    made = course.grader.feedback("ps1", "11")
    (course.folder / "feedback" / "11" / "ps1" / "notes.html").write_text("mine")
    assert course.grader.feedback_files("ps1", "11") == made
    assert course.grader.feedback("ps1", "11") == made


def test_without_an_autograded_version_there_is_no_report(course: Course) -> None:
    course.grader.feedback("ps1", "11")
    course.grader.discard_autograded("ps1", "11")
    assert course.grader.feedback("ps1", "11") == ()
    assert course.grader.feedback_files("ps1", "11") == ()
    assert course.grader.feedback("ps1", "nobody") == ()


def test_the_report_is_the_one_that_nbgrader_makes(course: Course) -> None:
    (ours, _) = course.grader.feedback("ps1", "11")
    nbgrader("generate_feedback", "ps1", "--force", folder=course.folder)
    theirs = course.folder / "feedback" / "11" / "ps1" / "problem1.html"
    assert theirs.read_bytes() == ours.content
