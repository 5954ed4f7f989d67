from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.nbgrader.course import (
    RIGHT,
    WRONG,
    Course,
    cell_named,
    make_course,
    run,
)
from tests.forked import nbgrader


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def test_scores_are_those_of_nbgrader_autograde(course: Course) -> None:
    def without_a_test(content: dict[str, Any]) -> None:
        content["cells"].remove(cell_named(content, "correct_squares"))

    course.hand_in("io", RIGHT)
    course.hand_in("europa", WRONG)
    course.hand_in("callisto", {})
    course.hand_in("ganymede", RIGHT, without_a_test)
    for student in ("io", "europa", "callisto", "ganymede"):
        course.grader.score(run(course.job(student)), 0.0)
    ours = course.gradebook.submissions("ps1")
    config = course.folder / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.OverwriteCells.add_missing_cells = True\n")
    shutil.rmtree(course.folder / "autograded")
    (course.folder / "gradebook.db").rename(course.folder / "ours.db")
    nbgrader("generate_assignment", "ps1", "--force", folder=course.folder)
    nbgrader("autograde", "ps1", folder=course.folder)
    theirs = Course(course.folder).gradebook.submissions("ps1")
    assert {s: (x.score, x.needs_manual) for s, x in ours.items()} == {
        s: (x.score, x.needs_manual) for s, x in theirs.items()
    }
    assert str(ours["io"].score) == "3.0"
