"""Rows that are gone from the gradebook: a question for a person, and never another grade."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing

import pytest

from rudaux.demo.marking import mark_by_hand
from tests.course import SmallCourse
from tests.kept import CourseAfter

GRADE = ("grade", "homework_1")
CELL = (
    "SELECT id FROM base_cell WHERE name = 'correct_squares' AND notebook_id IN (SELECT n.id FROM "
    "notebook n JOIN assignment a ON a.id = n.assignment_id WHERE a.name = 'homework_1')"
)
LOST = {
    "its points": f"DELETE FROM grade_cells WHERE id = ({CELL})",
    "the cell": f"DELETE FROM base_cell WHERE id = ({CELL})",
    "the notebook": f"DELETE FROM notebook WHERE id = (SELECT notebook_id FROM ({CELL}) c "
    "JOIN base_cell b ON b.id = c.id)",
}
MARKED = (
    "SELECT g.id FROM grade g JOIN base_cell b ON b.id = g.cell_id WHERE g.manual_score > 0 "
    "ORDER BY b.name {} LIMIT 1"
)


@pytest.fixture
def graded(course_after: CourseAfter) -> SmallCourse:
    return course_after(("init",), GRADE, assignments=("homework_1",), kinds=("right", "partly"))


def marked(course: SmallCourse) -> None:
    """Mark the second homework by hand."""
    mark_by_hand(course.folder, "homework_2", course.practice.kinds)


def sql(course: SmallCourse, script: str) -> None:
    with closing(sqlite3.connect(course.folder / "gradebook.db")) as db:
        db.executescript(script)


@pytest.mark.parametrize("what", LOST)
def test_a_cell_that_is_gone_stops_every_push_until_it_is_back(
    graded: SmallCourse, what: str
) -> None:
    before, writes = graded.grades(), graded.writes()
    sql(graded, LOST[what])
    for command in (("grade",), ("submit", "homework_1")):
        said = graded.rudaux(*command, code=5).err
        assert "correct_squares in homework_1/homework_1.ipynb" in said
    assert "correct_squares" in graded.rudaux("status").err
    restore = re.search(r"`rudaux (gradebook restore \S+)`", said)
    assert restore is not None
    if what == "the notebook":
        graded.rudaux(*restore[1].split())
    else:
        graded.rudaux("gradebook", "sync", "--start-over")
    graded.rudaux("submit", "homework_1", code=None)  # nobody is graded by that cell yet
    assert graded.grades() == before
    graded.rudaux("grade")
    assert (graded.grades(), graded.writes()) == (before, writes)


def test_a_cell_that_was_removed_from_the_source_as_well_is_not_missed(graded: SmallCourse) -> None:
    sql(graded, LOST["the cell"])
    (source,) = (graded.folder / "source" / "homework_1").glob("*.ipynb")
    content = json.loads(source.read_text())
    ids = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in content["cells"]]
    del content["cells"][ids.index("correct_squares")]
    source.write_text(json.dumps(content))
    assert "correct_squares" not in graded.rudaux("status").err


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_marks_that_are_gone_are_no_lower_score(course_after: CourseAfter, order: str) -> None:
    course = course_after(
        ("init",), ("grade", "homework_2", "-m"), marked, ("submit", "homework_2"),
        assignments=("homework_2",), kinds=("right",),
    )  # fmt: skip
    before = course.grades("homework_2")
    sql(course, f"UPDATE grade SET manual_score = NULL WHERE id = ({MARKED.format(order)})")
    assert "not autograded yet" in course.rudaux("submit", "homework_2", code=6).out
    sql(course, f"DELETE FROM grade WHERE id = ({MARKED.format(order)})")
    assert "not autograded yet" in course.rudaux("submit", "homework_2", code=6).out
    course.rudaux("grade", code=6)
    assert "waits for marks by hand" in course.rudaux("status", "homework_2").out
    assert course.grades("homework_2") == before


def by_hand(course: SmallCourse, mark: float) -> None:
    """Give a mark by hand for a test that the student has failed."""
    cells = f"cell_id IN ({CELL.replace('correct_squares', 'squares_invalid_input')})"
    sql(course, f"UPDATE grade SET manual_score = {mark} WHERE auto_score = 0 AND {cells}")


def test_a_mark_by_hand_that_an_older_gradebook_lacks_is_a_question(graded: SmallCourse) -> None:
    gradebook = graded.folder / "gradebook.db"
    older, before = gradebook.read_bytes(), graded.grades()
    by_hand(graded, 1)
    graded.rudaux("submit", "homework_1")
    marked = graded.grades()
    assert marked != before
    by_hand(graded, 0.5)  # on purpose
    graded.rudaux("grade")
    lowered = graded.grades()
    assert lowered not in (before, marked)
    gradebook.write_bytes(older)
    said = graded.rudaux("grade", code=6)
    assert "the mark by hand for squares_invalid_input is no longer what was pushed" in said.out
    assert "1 is held for you" in said.err
    assert graded.grades() == lowered
    graded.rudaux("submit", "homework_1", "--overwrite-edits")
    assert graded.grades() == before
    graded.rudaux("submit", "homework_1")


def test_a_mark_by_hand_that_a_restore_has_changed_is_a_question(graded: SmallCourse) -> None:
    by_hand(graded, 0.5)
    older = graded.rudaux("gradebook", "backup").out.strip()
    by_hand(graded, 1)
    graded.rudaux("submit", "homework_1")
    marked = graded.grades()
    graded.rudaux("gradebook", "restore", older)
    graded.rudaux("submit", "homework_1", code=6)
    assert graded.grades() == marked


def test_a_damaged_gradebook_is_not_pushed_before_it_is_restored(graded: SmallCourse) -> None:
    gradebook, before = graded.folder / "gradebook.db", graded.grades()
    good = graded.rudaux("gradebook", "backup").out.strip()
    by_hand(graded, 1)
    kept = sorted((graded.folder / ".rudaux" / "backups").iterdir())
    with closing(sqlite3.connect(gradebook)) as db:
        ((row,),) = db.execute("SELECT id FROM comment LIMIT 1")
    broken = gradebook.read_bytes().replace(row.encode(), b"x" * 32, 1)  # the row or its index
    gradebook.write_bytes(broken)
    for command in (("submit", "homework_1"), ("submit", "homework_1", "--accept-alarms")):
        said = graded.rudaux(*command, code=5).err
        assert "is damaged (row" in said
        assert "nothing is graded or pushed" in said
    assert graded.grades() == before
    assert sorted((graded.folder / ".rudaux" / "backups").iterdir()) == kept
    shutil.copy(gradebook, graded.folder / "broken.db")
    said = graded.rudaux("gradebook", "restore", str(graded.folder / "broken.db"), code=2).err
    assert "so nothing was restored" in said
    graded.rudaux("gradebook", "restore", good)
    by_hand(graded, 1)
    graded.rudaux("submit", "homework_1")
    assert graded.grades() != before
