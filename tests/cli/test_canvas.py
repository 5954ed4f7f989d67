"""`rudaux canvas log`, `undo` and `post` on a real course, with Canvas over HTTP."""

from __future__ import annotations

import getpass
import json
import os
import socket
import sys
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rudaux.adapters.ledger import SqliteLedger
from rudaux.domain.grades import Push
from tests.cli.terminal import Terminal
from tests.cli.test_completion import offered
from tests.config.course_file import course as course_folder
from tests.course import SmallCourse
from tests.kept import CourseAfter

MANUAL = (
    'external_tool_name = "Jupyter"\n',
    'external_tool_name = "Jupyter"\nposting = "manual"\n',
)

TWO: dict[str, Any] = {"assignments": ("homework_1",), "kinds": ("right", "partly")}


@pytest.fixture
def course(course_after: CourseAfter) -> SmallCourse:
    """Two students, one assignment, nothing done yet."""
    return course_after(**TWO)


@pytest.fixture
def graded(course_after: CourseAfter) -> SmallCourse:
    return course_after(("init",), ("grade", "homework_1"), **TWO)


def comments(course: SmallCourse) -> int:
    return sum(len(s.comments) for s in course.world.submissions.values())


def seen(course: SmallCourse) -> int:
    """How many students can see their grade."""
    return sum(s.posted_at is not None for s in course.world.submissions.values())


def test_undo_restores_what_was_there_and_undoing_it_brings_the_grades_back(
    graded: SmallCourse,
) -> None:
    pushed, before = graded.grades(), graded.fingerprint()
    shown = graded.rudaux("canvas", "undo", "--dry-run").out
    assert "2 grades: 2 to restore" in shown
    assert "Io Jupiter" in shown
    assert "2 feedback files of that run stay" in shown
    assert "--yes would have allowed it" in graded.rudaux("canvas", "undo", code=4).err
    assert graded.fingerprint() == before

    done = graded.rudaux("canvas", "undo", "--yes")
    own = done.err.split("rudaux canvas undo ")[1].split("`")[0]
    assert set(graded.grades().values()) == {None}
    assert comments(graded) == 2
    before = graded.fingerprint()
    assert "nothing to restore" in graded.rudaux("canvas", "undo", "--yes").out
    assert "undone by run" in graded.rudaux("grade", "homework_1").out
    assert "undone by run" in graded.rudaux("submit", "homework_1").out
    assert graded.fingerprint() == before

    graded.rudaux("canvas", "undo", own, "--yes")
    assert graded.grades() == pushed
    before = graded.fingerprint()
    assert "Canvas is up to date" in graded.rudaux("submit", "homework_1").out
    assert graded.fingerprint() == before


def test_a_person_is_asked_before_an_undone_grade_is_pushed_again(graded: SmallCourse) -> None:
    pushed = graded.grades()
    graded.rudaux("canvas", "undo", "--yes")
    command = [sys.executable, "-m", "rudaux", "submit", "homework_1"]
    terminal = Terminal(command, graded.folder, dict(os.environ))
    terminal.wait_for("now pushed again")
    terminal.wait_for("2 grades")
    assert set(graded.grades().values()) == {None}
    terminal.press("\r")
    assert terminal.ends() == 0
    assert graded.grades() == pushed


def test_log_tells_every_write_and_who_did_it(graded: SmallCourse) -> None:
    graded.rudaux("canvas", "undo", "--yes")
    asked = len(graded.canvas.requests)
    shown = graded.rudaux("canvas", "log").out
    me = f"{getpass.getuser()}@{socket.gethostname()} ({os.getpid()})"
    first, second = shown.split("Run ")[1:]
    assert first.startswith(f"2: grade homework_1, by {me}, ")
    assert second.startswith(f"3: canvas undo, by {me}, ")
    assert [first.count("Io Jupiter"), second.count("undo of run 2")] == [2, 2]
    assert "\x1b" not in shown

    writes = json.loads(graded.rudaux("canvas", "log", "homework_1", "--json").out)["writes"]
    assert [w["kind"] for w in writes] == ["grade"] * 2 + ["feedback"] * 2 + ["undo"] * 2
    [io] = [w for w in writes if w["kind"] == "grade" and w["student"] == "Io Jupiter"]
    assert (io["old"], io["new"], io["read_back"], io["pid"]) == (None, 10.0, 10.0, os.getpid())
    assert io["command"] == "grade homework_1"
    only = graded.rudaux("canvas", "log", "--student", io["student_id"], "--json").out
    assert {w["student_id"] for w in json.loads(only)["writes"]} == {io["student_id"]}
    assert graded.rudaux("canvas", "log", "--student", "io", "--json").out == only
    assert "homework_1" in graded.rudaux("canvas", "log", "homwork_1", code=2).err
    assert len(graded.canvas.requests) == asked
    assert "canvas students" in graded.rudaux("canvas", "log", "--student", "0", code=2).err
    assert "rudaux canvas log" in graded.rudaux("canvas", "undo", "99", code=2).err


def test_posting_is_set_by_init_and_post_shows_the_grades_once(course: SmallCourse) -> None:
    course.rudaux("init")
    course.edit(*MANUAL)
    assert "posting automatic -> manual" in course.rudaux("init", "--dry-run").out
    assert "posting automatic -> manual" in course.rudaux("canvas", "push").out
    assert "up to date" in course.rudaux("canvas", "push").out
    assert "up to date" in course.rudaux("init").out
    course.rudaux("grade", "homework_1")
    assert (seen(course), comments(course)) == (0, 2)

    before = course.writes()
    assert "2 students will see" in course.rudaux("canvas", "post", "homework_1", "--dry-run").out
    assert "--yes" in course.rudaux("canvas", "post", "homework_1", code=4).err
    assert (seen(course), course.writes()) == (0, before)
    course.rudaux("canvas", "post", "homework_1", "--yes")
    assert seen(course) == 2
    before = course.writes()
    again = course.rudaux("canvas", "post", "homework_1", "--yes")
    assert "nothing to post" in again.out
    assert course.writes() == before


def test_a_new_assignment_hides_its_grades_from_the_start(course: SmallCourse) -> None:
    course.edit(*MANUAL)
    assert "grades hidden until posted" in course.rudaux("init").out
    [made] = course.world.assignments.values()
    assert made.post_manually is True


def test_a_submit_that_students_would_see_says_so(course: SmallCourse) -> None:
    course.rudaux("init")
    course.edit(*MANUAL)
    assert "students see the grades" in course.rudaux("grade", "homework_1").out
    assert "students see the grades" not in course.rudaux("submit", "homework_1").out


def test_a_posting_policy_that_canvas_refuses_is_one_sentence(course: SmallCourse) -> None:
    course.rudaux("init")
    course.edit(*MANUAL)
    course.canvas.switches.may_grade = False
    result = course.rudaux("canvas", "push", code=5)
    assert "posted by hand (not found)" in result.err


def test_runs_that_wrote_grades_complete_by_number(tmp_path: Path) -> None:
    folder = course_folder(tmp_path / "course")
    assert offered("rudaux canvas undo ", folder) == []
    ledger = SqliteLedger(folder / ".rudaux" / "ledger.db")
    for command in ("init", "grade homework_1", "canvas undo"):
        run = ledger.start_run(command)
        if command != "init":
            at, one = datetime.now(timezone.utc), Decimal(1)
            ledger.record_pushes([Push("homework_1", "1", None, one, one, at)])
        ledger.end_run(run, 0)
    assert offered("rudaux canvas undo ", folder) == ["2", "3"]
    assert offered("rudaux canvas undo 3", folder) == ["3"]
    assert offered("rudaux canvas log hom", folder) == ["homework_1"]
    assert offered("rudaux canvas post ", folder) == ["homework_1"]
