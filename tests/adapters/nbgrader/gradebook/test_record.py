from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rudaux.errors import GradebookFailure
from tests.adapters.nbgrader.course import RIGHT, Course, cell_named, make_course
from tests.forked import nbgrader


def add_test(content: dict[str, Any]) -> None:
    new = json.loads(json.dumps(cell_named(content, "correct_squares")))
    new["metadata"]["nbgrader"].update(grade_id="squares_of_three", points=3)
    new["source"] = "assert squares(3) == [1, 4, 9]"
    content["cells"].insert(6, new)


def test_recording_twice_changes_nothing(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    before = (course.folder / "gradebook.db").read_bytes()
    assert course.grader.record_source("ps1") is False
    assert course.grader.source_in_step("ps1")
    assert (course.folder / "gradebook.db").read_bytes() == before


def test_the_recorded_cells_are_those_that_nbgrader_records(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    queries = (
        "SELECT n.name, n.kernelspec FROM notebook n ORDER BY 1",
        "SELECT name, cell_type, locked, source, checksum FROM source_cell ORDER BY 1",
        "SELECT name, type FROM base_cell ORDER BY 1, 2",
        "SELECT max_score, cell_type FROM grade_cells ORDER BY 1, 2",
        "SELECT max_score, cell_type FROM task_cells ORDER BY 1, 2",
    )

    ours = [course.sql(query) for query in queries]
    course.gradebook.database.close()
    (course.folder / "gradebook.db").unlink()
    nbgrader("generate_assignment", "ps1", "--force", folder=course.folder)
    assert ours == [course.sql(query) for query in queries]


def test_new_and_changed_tests_keep_submissions_and_marks_by_hand(course: Course) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11")
    course.mark("11", "sum_of_squares_equation", 1)
    course.edit_source(add_test)
    assert not course.grader.source_in_step("ps1")
    assert course.grader.record_source("ps1") is True
    assert course.grader.record_source("ps1") is False
    assert str(course.gradebook.assignments()[0].max_score) == "16.0"
    assert course.score("11") == "4.0"
    course.grade("11")
    assert course.score("11") == "7.0"


def test_a_removed_test_goes_with_its_automatic_marks_after_a_backup(course: Course) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11")
    course.edit_source(lambda c: c["cells"].remove(cell_named(c, "correct_squares")))
    course.grader.record_source("ps1")
    assert course.score("11") == "2.0"
    (copy,) = (course.folder / ".rudaux" / "backups").glob("*before-changing-ps1.d*")
    course.gradebook.restore(copy)
    assert course.score("11") == "3.0"


def test_a_mark_by_hand_is_never_removed_with_its_cell(course: Course) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11")
    course.mark("11", "sum_of_squares_equation", 1)
    course.edit_source(lambda c: c["cells"].remove(cell_named(c, "sum_of_squares_equation")))
    with pytest.raises(GradebookFailure, match="put the cell back"):
        course.grader.record_source("ps1")
    assert course.score("11") == "4.0"


def test_a_notebook_added_later_belongs_to_every_submission(course: Course) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11")
    text = course.source("problem2").read_text()
    course.source("problem3").write_text(text)
    assert course.grader.record_source("ps1") is True
    assert course.gradebook.submissions("ps1")["11"].needs_manual
    course.source("problem3").unlink()
    assert course.grader.record_source("ps1") is True
    assert course.score("11") == "3.0"
