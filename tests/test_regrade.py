"""`rudaux regrade` on a practice course, from a mended test to grades in Canvas."""

from __future__ import annotations

import copy
import errno
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rudaux import Assignment, Course
from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.demo.students import Kind
from tests.chaos.stage import Stage
from tests.course import SmallCourse, small_course

NAME = "homework_1"
KINDS: tuple[Kind, ...] = ("partly", "wrong", "missing")
PARTLY, WRONG, MISSING = "1003", "1004", "1005"
OURS = ("--yes", "--accept-alarms")
BEFORE = {PARTLY: "6.6667", WRONG: "1.6667", MISSING: "0.0000"}
"""What Canvas shows: tests of 1, 1, 0.5 and 0.5 points, out of 10."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("regrade")
    with (
        pytest.MonkeyPatch.context() as patch,
        small_course(folder / "course", patch, (NAME,), KINDS) as course,
    ):
        course.canvas.switches.throttling = False
        course.rudaux("init")
        course.rudaux("grade", NAME, "--accept-zeros")
        shutil.copytree(course.practice.folder, folder / "graded", symlinks=True)
        yield Stage(course, (), folder / "graded", copy.deepcopy(course.world), {})


@pytest.fixture
def graded(stage: Stage) -> SmallCourse:
    """A class whose grades are in Canvas."""
    stage.restore()
    return stage.course


def edit(course: SmallCourse, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the source notebook: `change` gets its cells by name, and may take some out."""
    path = course.folder / "source" / NAME / f"{NAME}.ipynb"
    content = json.loads(path.read_text())
    cells = {c["metadata"].get("nbgrader", {}).get("grade_id"): c for c in content["cells"]}
    named = dict(cells)
    change(cells)
    gone = [cell for name, cell in named.items() if name and name not in cells]
    content["cells"] = [c for c in content["cells"] if c not in gone]
    path.write_text(json.dumps(content))
    course.commit()


def mend(cells: dict[str, Any]) -> None:
    """Let the test of bad input pass for everybody."""
    cells["squares_invalid_input"]["source"] = "assert squares(1) is not None"


def ease(cells: dict[str, Any]) -> None:
    """Let the test of the squares pass for everybody."""
    cells["correct_squares"]["source"] = "assert squares(1) is not None"


def spoil(cells: dict[str, Any]) -> None:
    """Let the test of the squares pass for nobody."""
    cells["correct_squares"]["source"] = "assert squares is None"


def shown(course: SmallCourse) -> dict[str, str]:
    return {sid: str(score) for sid, score in course.grades(NAME).items()}


def marks(course: SmallCourse, cell: str) -> dict[str, tuple[float | None, ...]]:
    """Return each student's automatic mark, mark by hand and extra credit in nbgrader."""
    query = (
        "SELECT student_id, auto_score, manual_score, extra_credit FROM grade JOIN base_cell ON "
        "base_cell.id = cell_id JOIN submitted_notebook n ON n.id = grade.notebook_id "
        "JOIN submitted_assignment s ON s.id = n.assignment_id WHERE base_cell.name = ?"
    )
    with closing(sqlite3.connect(course.folder / "gradebook.db")) as db:
        return {sid: tuple(row) for sid, *row in db.execute(query, (cell,))}


def executions(course: SmallCourse) -> int:
    with closing(sqlite3.connect(course.folder / ".rudaux" / "ledger.db")) as db:
        return int(db.execute("SELECT count(*) FROM executions").fetchone()[0])


def content(folder: Path) -> dict[str, bytes]:
    """Read every file; SQLite's own files beside a ledger that is open are none of it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def test_what_if_says_who_moves_and_writes_nothing(graded: SmallCourse) -> None:
    edit(graded, mend)
    before, writes = content(graded.folder), graded.writes()
    found = json.loads(graded.rudaux("regrade", NAME, "--what-if", "--json").out)
    assert found["assignment"] == NAME
    assert (found["up"], found["down"], found["unchanged"]) == (2, 0, 0)
    moved = {s["student_id"]: (s["old"], s["new"]) for s in found["students"]}
    assert moved == {PARTLY: ("6.6667", "10"), WRONG: ("1.6667", "5")}
    assert [(t["cell"], t["changed"]) for t in found["tests"]] == [("squares_invalid_input", 2)]
    assert content(graded.folder) == before
    assert graded.writes() == writes
    assert not (graded.folder / ".rudaux" / "scratch").exists()


def test_a_mended_test_moves_the_class_once(graded: SmallCourse) -> None:
    edit(graded, mend)
    refused = graded.rudaux("regrade", NAME, code=4)
    assert "--yes" in refused.err
    assert marks(graded, "squares_invalid_input")[WRONG] == (0.0, None, None)
    told = graded.rudaux("regrade", NAME, *OURS).out
    assert "its text has changed" in told
    assert "2 up · 0 down · 0 unchanged" in told
    after = {PARTLY: "10.0000", WRONG: "5.0000", MISSING: "0.0000"}
    assert shown(graded) == after
    assert list((graded.folder / ".rudaux" / "backups").glob("*before-regrading-homework-1.db"))
    before, ran = graded.fingerprint(), executions(graded)
    again = graded.rudaux("regrade", NAME)
    assert "No score changes." in again.out
    assert graded.fingerprint() == before
    assert executions(graded) == ran


def test_what_cannot_have_changed_is_not_run(graded: SmallCourse) -> None:
    def dearer(cells: dict[str, Any]) -> None:
        cells["squares_invalid_input"]["metadata"]["nbgrader"]["points"] = 2

    edit(graded, dearer)
    ran = executions(graded)
    told = graded.rudaux("regrade", NAME, *OURS).out
    assert executions(graded) == ran
    assert "1 -> 2 points" in told
    assert "3 -> 4: every score is scaled" in told
    assert shown(graded) == {PARTLY: "5.0000", WRONG: "1.2500", MISSING: "0.0000"}
    path = graded.folder / "submitted" / WRONG / NAME / f"{NAME}.ipynb"
    path.chmod(0o600)
    path.write_text(path.read_text().replace("list(range(n))", "[i ** 2 for i in range(1, n + 1)]"))
    ledger = graded.folder / ".rudaux" / "ledger.db"
    with closing(sqlite3.connect(ledger)) as db, db:
        db.execute("DELETE FROM graded_from WHERE student = ?", (PARTLY,))
    graded.rudaux("regrade", NAME, *OURS)
    assert executions(graded) == ran + 2
    assert shown(graded)[WRONG] == "5.0000"


def test_the_better_of_two_is_kept_until_a_person_says_otherwise(graded: SmallCourse) -> None:
    edit(graded, spoil)
    graded.rudaux("regrade", NAME, "--never-lower", *OURS)
    assert shown(graded) == BEFORE
    assert marks(graded, "correct_squares")[PARTLY] == (0.0, None, 1.0)
    graded.rudaux("grade", NAME, "--student", PARTLY, "--accept-alarms")
    assert shown(graded) == BEFORE
    edit(graded, ease)
    graded.rudaux("regrade", NAME, "--student", PARTLY, *OURS)
    assert marks(graded, "correct_squares")[PARTLY] == (1.0, None, None)
    edit(graded, spoil)
    graded.rudaux("regrade", NAME, *OURS)
    assert shown(graded) == BEFORE
    graded.rudaux("regrade", NAME, "--may-lower", *OURS)
    assert shown(graded)[PARTLY] == "3.3333"
    assert marks(graded, "correct_squares")[PARTLY] == (0.0, None, None)


def test_credit_is_for_all_who_handed_in_and_can_be_taken_back(graded: SmallCourse) -> None:
    before = marks(graded, "correct_squares")
    told = graded.rudaux("regrade", NAME, "--credit", "correct_squares", *OURS).out
    assert "full points for all who handed in" in told
    assert shown(graded) == BEFORE | {WRONG: "5.0000"}
    assert marks(graded, "correct_squares")[WRONG] == (0.0, None, 1.0)
    graded.rudaux("grade", NAME, "--student", WRONG, "--accept-alarms")
    assert shown(graded) == BEFORE | {WRONG: "5.0000"}
    assert "maximum" not in told
    graded.rudaux("regrade", NAME, "--no-credit", "correct_squares", *OURS)
    assert shown(graded) == BEFORE
    assert marks(graded, "correct_squares") == before
    wrong = graded.rudaux("regrade", NAME, "--no-credit", "correct_squares", code=2)
    assert "nothing to take back" in wrong.err


def test_tests_that_go_come_and_change_names_are_told_beforehand(graded: SmallCourse) -> None:
    def change(cells: dict[str, Any]) -> None:
        del cells["squares_invalid_input"]
        cells["correct_squares"]["metadata"]["nbgrader"]["grade_id"] = "squares_of_some"

    edit(graded, change)
    found = json.loads(graded.rudaux("regrade", NAME, "--what-if", "--json").out)
    assert {(c["kind"], c["cell"], c["was"]) for c in found["source"]} == {
        ("renamed", "squares_of_some", "correct_squares"),
        ("removed", "squares_invalid_input", None),
    }
    assert found["maximum"] == {"old": "3", "new": "2"}
    moved = {s["student_id"]: (s["old"], s["new"]) for s in found["students"]}
    assert moved == {PARTLY: ("6.6667", "10"), WRONG: ("1.6667", "2.5")}
    told = graded.rudaux("regrade", NAME, *OURS).out
    assert "renamed from correct_squares" in told
    assert "removed, with its 1 point" in told
    assert shown(graded)[WRONG] == "2.5000"
    # The cells that went with the source are not missed in the gradebook.
    assert "nothing to push" in graded.rudaux("submit", NAME).out


def test_one_test_or_one_student_is_regraded_alone(graded: SmallCourse) -> None:
    def both(cells: dict[str, Any]) -> None:
        mend(cells)
        ease(cells)

    edit(graded, both)
    graded.rudaux("regrade", NAME, "--test", "correct_squares", "--student", WRONG, *OURS)
    assert shown(graded) == BEFORE | {WRONG: "5.0000"}
    assert marks(graded, "squares_invalid_input")[WRONG] == (0.0, None, None)
    graded.rudaux("regrade", NAME, *OURS)
    assert shown(graded) == BEFORE | {PARTLY: "10.0000", WRONG: "8.3333"}


def test_a_run_after_one_that_was_cut_short_ends_it(
    graded: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(graded, mend)
    whole = NbgraderGrader.take_over

    def cut_before(self: NbgraderGrader, *args: Any) -> None:
        raise MemoryError

    def cut_after(self: NbgraderGrader, *args: Any) -> None:
        whole(self, *args)
        raise MemoryError

    for cut in (cut_before, cut_after):
        monkeypatch.setattr(NbgraderGrader, "take_over", cut)
        with pytest.raises(MemoryError):
            graded.rudaux("regrade", NAME, *OURS)
        assert list((graded.folder / ".rudaux" / "agreed").iterdir())
    monkeypatch.setattr(NbgraderGrader, "take_over", whole)
    graded.rudaux("submit", NAME, "--accept-alarms")
    assert shown(graded) == BEFORE | {PARTLY: "10.0000", WRONG: "5.0000"}
    assert not (graded.folder / ".rudaux" / "agreed").exists()
    assert "No score changes." in graded.rudaux("regrade", NAME).out


def test_mistakes_are_told_with_what_would_be_right(graded: SmallCourse) -> None:
    assert "Did you mean correct_squares?" in graded.rudaux(
        "regrade", NAME, "--test", "corect_squares", code=2
    ).err  # fmt: skip
    assert "choose one" in graded.rudaux(
        "regrade", NAME, "--never-lower", "--may-lower", code=2
    ).err  # fmt: skip
    assert "--what-if" in graded.rudaux("regrade", NAME, "--json", code=2).err
    assert "no student" in graded.rudaux("regrade", NAME, "--student", "4711", code=2).err


def test_python_regrades_as_the_command_does(graded: SmallCourse) -> None:
    edit(graded, mend)
    assignment = Assignment(NAME, course=Course(graded.folder, auto=True))
    assignment.regrade(what_if=True)
    assert assignment.regraded is not None
    assert assignment.regraded.comparison.up == 2
    assert marks(graded, "squares_invalid_input")[WRONG] == (0.0, None, None)
    assignment.regrade().feedback().submit(accept_alarms=True)
    assert graded.grades(NAME)[WRONG] == Decimal(5)


def test_who_could_not_be_graded_anew_keeps_their_points_later_on(
    graded: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(graded, spoil)
    prepare = NbgraderGrader.prepare

    def broken(grader: NbgraderGrader, assignment: str, student: str) -> Any:
        if student == PARTLY:
            raise OSError(errno.EIO, "Input/output error", "/submitted")
        return prepare(grader, assignment, student)

    with monkeypatch.context() as patch:
        patch.setattr(NbgraderGrader, "prepare", broken)
        graded.rudaux("regrade", NAME, "--never-lower", *OURS, code=6)
    assert shown(graded) == BEFORE
    graded.rudaux("grade", NAME, "--accept-alarms")
    assert shown(graded) == BEFORE
    assert marks(graded, "correct_squares")[PARTLY] == (0.0, None, 1.0)


def test_extra_credit_by_hand_stays_also_where_it_is_just_what_credit_would_give(
    graded: SmallCourse,
) -> None:
    cell = "squares_invalid_input"
    with closing(sqlite3.connect(graded.folder / "gradebook.db")) as db:
        db.execute(
            "UPDATE grade SET extra_credit = 1 WHERE cell_id IN (SELECT id FROM base_cell WHERE "
            "name = ?) AND notebook_id IN (SELECT n.id FROM submitted_notebook n JOIN "
            "submitted_assignment s ON s.id = n.assignment_id WHERE s.student_id = ?)",
            (cell, WRONG),
        )
        db.commit()
    graded.rudaux("regrade", NAME, "--credit", cell, *OURS)
    assert marks(graded, cell) == {PARTLY: (0.0, None, 1.0), WRONG: (0.0, None, 1.0)}
    graded.rudaux("regrade", NAME, "--no-credit", cell, *OURS)
    assert marks(graded, cell) == {PARTLY: (0.0, None, None), WRONG: (0.0, None, 1.0)}


def interrupt_while_taking_over(course: SmallCourse, *options: str) -> None:
    with pytest.MonkeyPatch.context() as patch:

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(NbgraderGrader, "take_over", stop)
        course.rudaux("regrade", NAME, *OURS, *options, code=130)
    assert (course.folder / ".rudaux" / "agreed" / NAME).is_dir()


def mark(course: SmallCourse, cell: str, points: float) -> None:
    """Mark everybody's test by hand, as formgrader does."""
    with closing(sqlite3.connect(course.folder / "gradebook.db")) as db:
        query = "SELECT id FROM base_cell WHERE name = ?"
        db.execute(
            f"UPDATE grade SET manual_score = ? WHERE cell_id IN ({query})",
            (points, cell),
        )
        db.commit()


def test_a_mark_entered_meanwhile_gets_no_points_on_top_and_a_second_look(
    graded: SmallCourse,
) -> None:
    edit(graded, spoil)
    interrupt_while_taking_over(graded, "--never-lower")
    mark(graded, "correct_squares", 0.75)
    graded.rudaux("grade", "--auto", "--accept-alarms", code=6)
    assert marks(graded, "correct_squares")[PARTLY] == (0.0, 0.75, None)
    assert shown(graded)[PARTLY] == BEFORE[PARTLY]


def test_a_mark_in_the_way_of_an_agreed_regrade_stops_one_run_and_stays(
    graded: SmallCourse,
) -> None:
    edit(graded, lambda cells: cells.pop("squares_invalid_input"))
    interrupt_while_taking_over(graded)
    mark(graded, "squares_invalid_input", 1.0)
    said = graded.rudaux("grade", "--auto", code=5).err
    assert ".rudaux/kept" in said
    assert marks(graded, "squares_invalid_input")[WRONG] == (0.0, 1.0, None)
    assert not (graded.folder / ".rudaux" / "agreed").exists()
    graded.rudaux("grade", "--auto", "--accept-alarms")
    assert marks(graded, "squares_invalid_input")[WRONG] == (0.0, 1.0, None)
    assert shown(graded)[WRONG] == "5.0000"
