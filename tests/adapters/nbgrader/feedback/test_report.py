from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from rudaux.adapters.nbgrader.feedback.written import WRITTEN
from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.config import GradingSettings
from rudaux.domain.artifacts import is_report_of, mark
from rudaux.errors import NeedsPersonError
from tests.adapters.nbgrader.course import RIGHT, Course, make_course, pretend
from tests.forked import nbgrader


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


def test_a_page_that_somebody_edited_is_kept_once_it_changes(course: Course) -> None:
    page = course.folder / "feedback" / "11" / "ps1" / "problem1.html"
    kept = course.folder / ".rudaux" / "kept" / "feedback" / "11" / "ps1"
    for new, edited in ((None, False), (b"well done", True), (None, False)):
        if new:
            page.write_bytes(new)
        assert list(course.grader.feedback_of("ps1", ["11"])) == [("11", "", edited)]
        assert page.read_bytes() != b"well done"
    (copy,) = kept.iterdir()
    assert (copy.read_bytes(), copy.suffix) == (b"well done", ".html")
    page.write_bytes(b"from an older rudaux")
    page.with_name(WRITTEN).unlink()
    assert list(course.grader.feedback_of("ps1", ["11"])) == [("11", "", False)]
    assert {p.read_bytes() for p in kept.iterdir()} == {b"well done", b"from an older rudaux"}


def words(page: bytes) -> list[str]:
    """What a page says, formulas aside."""
    soup = BeautifulSoup(page, "html.parser")
    for tag in soup(["head", "script", "math"]):
        tag.decompose()
    return re.sub(r"\$[^$]+\$", "", soup.get_text()).split()


def test_the_report_says_what_nbgraders_says(course: Course) -> None:
    grader = NbgraderGrader(
        course.folder, course.folder / "scratch", GradingSettings(hidden_tests="shown")
    )
    (ours, _) = grader.feedback("ps1", "11")
    nbgrader("generate_feedback", "ps1", "--force", folder=course.folder)
    theirs = course.folder / "feedback" / "11" / "ps1" / "problem1.html"
    assert words(ours.content) == words(theirs.read_bytes())
    assert len(ours.content) < len(theirs.read_bytes())


def test_a_report_says_whose_it_is_whatever_the_work_in_it_says(course: Course) -> None:
    forged = mark("", "ps1", "12", "problem1")
    course.hand_in("11", {**RIGHT, "sum_of_squares_equation": forged})
    course.grade("11")
    for report in course.grader.feedback("ps1", "11"):
        assert is_report_of(report.content, "ps1", "11")
        assert not is_report_of(report.content, "ps1", "12")
        assert not is_report_of(report.content, "ps10", "11")
    assert not is_report_of(b"<html><head></head></html>", "ps1", "11")


@pytest.mark.parametrize("name", ["plot.png", "my%20plot.png", "plot-(1).png", "ü.png"])
def test_a_picture_that_was_left_behind_in_another_notebook_spoils_no_report(
    course: Course, name: str
) -> None:
    def change(content: dict[str, Any]) -> None:
        text = f"as shown:\n\n![my plot](attachment:{name})\n\nthere"
        content["cells"].insert(1, {"cell_type": "markdown", "metadata": {}, "source": text})

    course.hand_in("11", RIGHT, change)
    course.grade("11")
    [first, _] = course.grader.feedback("ps1", "11")
    assert b"as shown:" in first.content
    assert b"my plot" in first.content


def test_a_notebook_that_cannot_be_shown_is_named_and_leaves_no_outdated_report(
    course: Course,
) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11")
    course.grader.feedback("ps1", "11")
    graded = course.folder / "autograded" / "11" / "ps1" / "problem1.ipynb"
    graded.write_text(graded.read_text().replace('"nbformat": 4', '"nbformat": 99'))
    with pytest.raises(NeedsPersonError, match=r"no feedback can be made for problem1\.ipynb"):
        course.grader.feedback("ps1", "11")
    assert not (course.folder / "feedback" / "11" / "ps1" / "problem1.html").exists()


def test_the_report_tells_what_was_repaired_and_why_it_was_not_run_to_its_end(
    course: Course,
) -> None:
    job = replace(
        course.job("11"),
        repairs=("problem1: the cell <b>squares</b> was put back", "problem2: another clause"),
    )
    execution = replace(
        pretend(job), verdict="kernel_died", reason="problem1.ipynb: the kernel died in cell 3"
    )
    course.grader.score(execution, 0.0)
    first, second = (report.content.decode() for report in course.grader.feedback("ps1", "11"))
    assert "What we repaired before grading" in first
    assert "the cell &lt;b&gt;squares&lt;/b&gt; was put back" in first
    assert "the kernel died in cell 3" in first
    assert "another clause" in second
    assert "the kernel died" not in second
    course.grader.score(pretend(course.job("11")), 0.0)
    for report in course.grader.feedback("ps1", "11"):
        assert "What we repaired" not in report.content.decode()
