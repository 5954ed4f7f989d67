from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rudaux.adapters.nbgrader.gradebook import rows
from rudaux.adapters.nbgrader.grading import Scorer
from tests.adapters.nbgrader.course import RIGHT, make_course


@pytest.mark.parametrize("known", [False, True])
def test_others_can_write_to_the_gradebook_while_a_submission_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    course = make_course(tmp_path / "course")
    course.hand_in("io", RIGHT)
    if known:
        course.grade("io")
    place = Scorer.place

    def and_somebody_saves(self: Scorer, *args: Any) -> Callable[[], None]:
        file = course.folder / "gradebook.db"
        with closing(sqlite3.connect(file, timeout=0)) as formgrader, formgrader:
            formgrader.execute("UPDATE grade SET manual_score = 0.25")
            formgrader.execute("UPDATE comment SET manual_comment = 'Seen'")
        return place(self, *args)

    monkeypatch.setattr(Scorer, "place", and_somebody_saves)
    course.grade("io")
    with closing(sqlite3.connect(course.folder / "gradebook.db")) as gradebook:
        marks = gradebook.execute("SELECT manual_score, auto_score FROM grade").fetchall()
        said = gradebook.execute("SELECT DISTINCT manual_comment FROM comment").fetchall()
    assert {mark for mark, _ in marks} == {0.25}
    assert {auto for _, auto in marks} >= {None, 0.5, 1.0}
    assert said == [("Seen",)]


def test_nobody_marks_a_cell_between_the_look_for_marks_and_its_removal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course(tmp_path / "course")
    course.hand_in("io", RIGHT)
    course.grade("io")
    removed = rows.remove_cells

    def and_somebody_saves(session: Any, chosen: Any) -> None:
        file = course.folder / "gradebook.db"
        with (
            closing(sqlite3.connect(file, timeout=0)) as formgrader,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            formgrader.execute("UPDATE grade SET manual_score = 0.25")
        removed(session, chosen)

    monkeypatch.setattr(rows, "remove_cells", and_somebody_saves)
    course.edit_source(lambda content: content["cells"].pop())
    assert course.grader.record_source("ps1")
