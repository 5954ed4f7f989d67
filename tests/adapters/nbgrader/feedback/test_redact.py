"""Feedback of real runs: a hidden test shows its points and its verdict, and nothing else."""

from __future__ import annotations

import copy
import html
import re
from pathlib import Path
from typing import Any

import pytest
from nbformat import v4

from rudaux.adapters.nbgrader.feedback.redact import plain, redact
from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.adapters.nbgrader.grading.hidden import FAILED, INSTEAD, Delimiters
from rudaux.config import GradingSettings, HiddenTests
from tests.adapters.nbgrader.course import RIGHT, WRONG, Course, cell_named, make_course, run

VISIBLE = "assert squares(1) == [1]"
CASES = {
    "one line": "assert squares(4) == [1, 4, 9, 16]",
    "a message": "assert squares(4)[3] == 16, 'sixteen was wanted'",
    "computed message": "wanted = 16\nassert squares(4)[3] == wanted, f'wanted {wanted * 1}'",
    "several lines": "assert (\n    squares(4)\n    == [1, 4, 9, 16]\n), 'of four numbers'",
    "helper": "def compare(n, right):\n    assert squares(n) == right\ncompare(4, [1, 4, 9, 16])",
    "an error in the answer": "squares('sixteen')",
    "printed": "print('squares of four', [1, 4, 9, 16])\nassert squares(4) == [1, 4, 9, 16]",
    "shown": "from IPython.display import HTML, display\n"
    "display(HTML('<b>squares of</b> <i>four</i>'))\nassert squares(4) == [1, 4, 9, 16]",
    "stderr": "import sys\nprint('squares(4) is wanted', file=sys.stderr)\nassert not squares",
    "a loop": "for n, right in [(4, 16), (5, 25)]:\n    assert squares(n)[-1] == right, (n, right)",
}
SPY = "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]\n"
PRINTS_ALL = "sum_of_squares(3)\nprint(In)\nprint('\\n'.join(In))\nIn"


def course_with(tmp_path: Path, hidden: str, visible: str = VISIBLE) -> Course:
    course = make_course(tmp_path / "course")

    def change(content: dict[str, Any]) -> None:
        parts = [visible, "### BEGIN HIDDEN TESTS", hidden, "### END HIDDEN TESTS"]
        cell_named(content, "correct_squares")["source"] = "\n".join(p for p in parts if p)

    course.edit_source(change)
    course.release()
    return course


def report(
    course: Course, student: str, answers: dict[str, str], hidden: HiddenTests = "redacted"
) -> str:
    course.hand_in(student, answers)
    course.grader.score(run(course.job(student)), 0.0)
    settings = GradingSettings(hidden_tests=hidden)
    grader = NbgraderGrader(course.folder, course.folder / ".rudaux" / "scratch", settings)
    return grader.feedback("ps1", student)[0].content.decode()


def readable(page: str) -> str:
    """What a person can read in a page: its text, and its source."""
    return plain(page) + plain(html.unescape(re.sub(r"<[^>]*>", "", page)))


def secrets(hidden: str) -> list[str]:
    lines = [line for line in map(plain, hidden.split("\n")) if sum(map(str.isalnum, line)) >= 5]
    assert lines
    return lines


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the page of a right and of a wrong answer to a notebook with a test of each case."""
    course = make_course(tmp_path_factory.mktemp("redact") / "course")

    def add_tests(content: dict[str, Any]) -> None:
        first = cell_named(content, "correct_squares")
        place = content["cells"].index(first)
        content["cells"][place : place + 1] = [with_test(first, *case) for case in CASES.items()]

    course.edit_source(add_tests)
    course.release()
    return {"right": report(course, "11", RIGHT), "wrong": report(course, "12", WRONG)}


def with_test(cell: dict[str, Any], name: str, hidden: str) -> dict[str, Any]:
    """Make a cell with the visible test, and after it a hidden one."""
    made: dict[str, Any] = copy.deepcopy(cell)
    made["metadata"]["nbgrader"]["grade_id"] = name.replace(" ", "_")
    visible = f"{VISIBLE}  # {name}"
    parts = [visible, "### BEGIN HIDDEN TESTS", hidden, "### END HIDDEN TESTS"]
    return {**made, "source": "\n".join(parts)}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("answers", ["right", "wrong"])
def test_no_line_of_a_hidden_test_can_be_read(
    name: str, answers: str, pages: dict[str, str]
) -> None:
    page = readable(pages[answers])
    for line in secrets(CASES[name]):
        assert line not in page
    for word in ("sixteen was wanted", "wanted 16", "of four"):
        assert plain(word) not in page
    assert plain(f"{VISIBLE}  # {name}\n### {INSTEAD}") in page


def test_verdict_and_points_stay_and_the_instructors_copy_keeps_everything(tmp_path: Path) -> None:
    course = course_with(tmp_path, CASES["a message"])
    page = report(course, "11", WRONG)
    assert plain(FAILED) in readable(page)
    assert course.score("11") == report_score(page)
    kept = str(course.autograded("11"))
    assert "sixteen was wanted" in kept
    assert "squares(4)[3] == 16" in kept


def report_score(page: str) -> str:
    found = re.search(r"problem1 \(Score: ([0-9.]+) /", page)
    assert found
    return found[1]


def test_no_output_of_a_cell_with_a_hidden_test_is_shown(tmp_path: Path) -> None:
    visible = "print('seen')\nx = squares(2)\nassert x == [1, 4], 'squares of two'"
    course = course_with(tmp_path, "assert squares(7)[-1] == 49", visible)
    page = readable(report(course, "11", WRONG))
    assert plain("x = squares(2)") in page
    assert plain(FAILED + f"[{INSTEAD}]") in page
    for shown in ("seen\n", "AssertionError: squares of two"):
        assert plain(f">{shown}") not in page


def test_a_cell_of_hidden_tests_alone_shows_that_there_are_some(tmp_path: Path) -> None:
    page = report(course_with(tmp_path, CASES["one line"], visible=""), "11", WRONG)
    assert plain(CASES["one line"]) not in readable(page)
    assert INSTEAD in page


def test_an_answer_that_prints_what_ran_before_it_shows_no_hidden_test(tmp_path: Path) -> None:
    course = course_with(tmp_path, CASES["a message"])
    page = report(course, "11", {**RIGHT, "sum_of_squares_application": PRINTS_ALL})
    assert plain("sixteen was wanted") not in readable(page)


def test_without_redaction_the_report_shows_the_hidden_test(tmp_path: Path) -> None:
    page = report(course_with(tmp_path, CASES["one line"]), "11", WRONG, "shown")
    assert plain(CASES["one line"]) in readable(page)


def test_the_name_of_an_error_tells_nothing_of_a_hidden_test() -> None:
    source = "assert f(1) == 1\n### BEGIN HIDDEN TESTS\nassert f(2) == 4\n### END HIDDEN TESTS"
    meta = {"grade": True, "solution": False, "locked": True, "grade_id": "t", "points": 1}
    said = v4.new_output("error", ename="YXNzZXJ0IGYoMikgPT0gNA", evalue="", traceback=["x"])
    cell = v4.new_code_cell(source, metadata={"nbgrader": meta}, outputs=[said])
    (shown,) = redact(v4.new_notebook(cells=[cell]), Delimiters()).cells
    assert "YXNz" not in str(shown)
    assert shown.outputs[0].text.startswith(FAILED)


def test_an_answer_cannot_hide_itself_with_the_marks(tmp_path: Path) -> None:
    course = course_with(tmp_path, CASES["one line"])
    marks = "### BEGIN HIDDEN TESTS\nmine = 'my own line'\n### END HIDDEN TESTS\n"
    page = report(course, "11", {**RIGHT, "squares": marks + RIGHT["squares"]})
    assert plain("my own line") in readable(page)
