"""The last error line of each failed test, of real runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rudaux.adapters.nbgrader.feedback.redact import plain
from tests.adapters.nbgrader.course import RIGHT, WRONG, run
from tests.adapters.nbgrader.feedback.test_redact import CASES, course_with, secrets

TEST = ("problem1.ipynb", "correct_squares")


def test_a_failed_test_says_what_its_traceback_ends_with(tmp_path: Path) -> None:
    visible = "assert squares(2) == [1, 4], 'squares of two'"
    course = course_with(tmp_path, "assert squares(7)[-1] == 49", visible)
    course.hand_in("11", WRONG)
    course.grader.score(run(course.job("11")), 0.0)
    errors = course.grader.last_errors("ps1", "11")
    assert errors[TEST] == "AssertionError: squares of two"
    assert all(file.endswith(".ipynb") and line for (file, _), line in errors.items())


def test_a_bare_assertion_is_told_by_its_line(tmp_path: Path) -> None:
    course = course_with(tmp_path, "assert squares", "assert squares(2) == [1, 4]")
    course.hand_in("11", WRONG)
    course.grader.score(run(course.job("11")), 0.0)
    line = course.grader.last_errors("ps1", "11")[TEST]
    assert line == "AssertionError: assert squares(2) == [1, 4]"


@pytest.mark.parametrize("case", ["computed message", "an error in the answer"])
def test_of_a_hidden_test_only_the_kind_of_error_is_told(tmp_path: Path, case: str) -> None:
    hidden = CASES[case]
    course = course_with(tmp_path, hidden)
    course.hand_in("11", WRONG)
    course.grader.score(run(course.job("11")), 0.0)
    line = course.grader.last_errors("ps1", "11")[TEST]
    assert line.endswith("Error in a hidden test")
    assert not any(secret in plain(line) for secret in secrets(hidden))
    assert "sixteen" not in line
    assert "16" not in line


def test_a_test_that_was_not_reached_says_so_and_right_work_says_nothing(tmp_path: Path) -> None:
    course = course_with(tmp_path, CASES["one line"])
    course.hand_in("11", RIGHT)
    done = run(course.job("11"))
    course.grader.score(done, 0.0)
    assert TEST not in course.grader.last_errors("ps1", "11")
    cut = {file: cells[:1] for file, cells in done.cells.items()}
    course.hand_in("12", RIGHT)
    course.grader.score(replace(done, job=course.job("12"), verdict="kernel_died", cells=cut), 0.0)
    line = course.grader.last_errors("ps1", "12")[TEST]
    assert line == "NotRun: This cell did not run: the kernel died."


def test_nothing_is_known_of_work_that_is_not_there_or_damaged(tmp_path: Path) -> None:
    course = course_with(tmp_path, CASES["one line"])
    assert course.grader.last_errors("ps1", "11") == {}
    course.hand_in("11", WRONG)
    course.grader.score(run(course.job("11")), 0.0)
    path = course.folder / "autograded" / "11" / "ps1" / "problem1.ipynb"
    path.chmod(0o600)
    path.write_text('{"cells": [')
    assert TEST not in course.grader.last_errors("ps1", "11")
