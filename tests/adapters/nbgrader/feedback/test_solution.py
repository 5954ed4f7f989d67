from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.nbgrader.course import Course, make_course


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("solution") / "course")


def change(course: Course, notebook: str, cell: int, **values: Any) -> None:
    path = course.folder / "source" / "ps1" / notebook
    content = json.loads(path.read_text())
    content["cells"][cell].update(values)
    path.write_text(json.dumps(content))


def cell_of(course: Course, notebook: str, grade_id: str) -> int:
    path = course.folder / "source" / "ps1" / notebook
    cells = json.loads(path.read_text())["cells"]
    ids = [c["metadata"].get("nbgrader", {}).get("grade_id") for c in cells]
    return ids.index(grade_id)


def pages(course: Course) -> dict[str, str]:
    solution = course.grader.solution("ps1")
    assert solution.leaks == ()
    return {page.name: page.content.decode() for page in solution.pages}


def text(page: str) -> str:
    from bs4 import BeautifulSoup

    return BeautifulSoup(page, "html.parser").get_text()


def test_the_page_shows_solution_and_visible_tests_and_the_same_source_gives_the_same_bytes(
    course: Course,
) -> None:
    shown = pages(course)
    assert sorted(shown) == ["problem1.html", "problem2.html"]
    page = text(shown["problem1.html"])
    assert 'raise ValueError("n must be greater than or equal to 1")' in page
    assert "assert squares(1) == [1]" in page
    assert "BEGIN SOLUTION" not in page
    assert "YOUR CODE HERE" not in page
    assert pages(course) == shown


def test_the_page_runs_nothing_and_needs_no_network(course: Course) -> None:
    page = pages(course)["problem1.html"]
    assert "Content-Security-Policy" in page
    assert "<script" not in page
    assert "https://cdnjs" not in page


def test_a_hidden_test_its_output_and_a_mark_scheme_are_left_out(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    at = cell_of(course, "problem1.ipynb", "squares_invalid_input")
    change(
        course,
        "problem1.ipynb",
        at,
        source="assert squares(1) == [1]\n### BEGIN HIDDEN TESTS\n"
        "assert squares(7919) == secret_answer_4711\n### END HIDDEN TESTS",
        outputs=[
            {
                "output_type": "error", "ename": "AssertionError", "evalue": "",
                "traceback": ["----> 3 assert squares(7919) == secret_answer_4711"],
            }
        ],
    )  # fmt: skip
    scheme = cell_of(course, "problem1.ipynb", "cell-938593c4a215c6cc")
    change(
        course,
        "problem1.ipynb",
        scheme,
        source="Draw it.\n### BEGIN MARK SCHEME\nOne mark for the axes of it.\n### END MARK SCHEME",
    )
    page = text(pages(course)["problem1.html"])
    assert "assert squares(1) == [1]" in page
    assert "secret_answer_4711" not in page
    assert "hidden test: not shown" in page
    assert "axes" not in page
    assert "Draw it." in page


def test_a_solution_that_repeats_a_hidden_test_is_found(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    hidden = "assert squares(7919) == secret_answer_4711"
    at = cell_of(course, "problem1.ipynb", "squares_invalid_input")
    source = f"### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    change(course, "problem1.ipynb", at, source=source)
    at = cell_of(course, "problem1.ipynb", "squares")
    source = f"### BEGIN SOLUTION\n{hidden}\n### END SOLUTION"
    change(course, "problem1.ipynb", at, source=source, outputs=[])
    [leak] = course.grader.solution("ps1").leaks
    assert "problem1.html shows the hidden test of problem1.ipynb, cell squares_invalid" in leak
