"""A course whose homes and gradebook go by login or SIS id: everything reaches the right student.

The SIS id of each student is the Canvas id of the next one, so that a mix-up would be seen.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone

import pytest

from rudaux.demo.students import Kind
from rudaux.domain.artifacts import is_report_of
from rudaux.domain.naming import StudentKey
from tests.course import SmallCourse
from tests.forked import nbgrader
from tests.kept import CourseAfter

ALL: tuple[Kind, ...] = ("right", "partly", "wrong", "right")


@pytest.fixture
def by_login(course_after: CourseAfter) -> SmallCourse:
    return course_after(assignments=("homework_1",), kinds=ALL, student_id="login")


@pytest.fixture
def graded(course_after: CourseAfter) -> SmallCourse:
    """Two students whose grades are in Canvas."""
    steps = (("init",), ("grade", "homework_1"))
    kinds = ("right", "partly")
    return course_after(*steps, assignments=("homework_1",), kinds=kinds, student_id="login")


def canvas_ids(course: SmallCourse, key: StudentKey) -> dict[str, int]:
    """Canvas's user ids by the id that the course uses."""
    people = course.world.users.values()
    ids = {str(u.login_id if key == "login" else u.sis_user_id): u.id for u in people}
    return {sid: ids[sid] for sid in course.practice.kinds}


def students(course: SmallCourse) -> list[str]:
    with closing(sqlite3.connect(course.folder / "gradebook.db")) as book:
        return [row[0] for row in book.execute("SELECT id FROM student ORDER BY id")]


@pytest.mark.parametrize("key", ["login", "sis"])
def test_grades_feedback_and_an_extension_reach_the_right_student(
    course_after: CourseAfter, key: StudentKey
) -> None:
    course = course_after(assignments=("homework_1",), kinds=ALL, student_id=key)
    ids = canvas_ids(course, key)
    course.rudaux("init")
    assert students(course) == sorted(ids)
    assert "Everything is up to date" in course.rudaux("init").out
    [assignment] = course.world.assignments
    *others, late = ids
    course.world.add_override(
        assignment, [ids[late]], due_at=datetime.now(timezone.utc) + timedelta(days=2)
    )
    course.rudaux("grade", "homework_1", "--manual")
    course.rudaux("submit", "homework_1")
    expected = course.practice.expected("homework_1")
    shown = course.world.scores(assignment)
    assert {sid: shown.get(ids[sid]) for sid in others} == {
        sid: float(expected[sid] or 0) for sid in others
    }
    assert len({shown.get(ids[sid]) for sid in others}) == len(others)
    assert shown.get(ids[late]) is None
    for sid in others:
        [comment] = course.world.comments(assignment, ids[sid])
        [file] = comment.file_ids
        assert is_report_of(course.world.contents[file], "homework_1", sid)
    assert course.world.comments(assignment, ids[late]) == []
    before = course.fingerprint()
    course.rudaux("submit", "homework_1")
    assert course.fingerprint() == before
    counts = json.loads(course.rudaux("status", "--json").out)["assignments"][0]["counts"]
    assert (counts["pushed"], counts["not_due"]) == (3, 1)


def test_a_person_may_name_a_student_by_either_id_and_the_log_has_the_gradebooks(
    graded: SmallCourse,
) -> None:
    ids = canvas_ids(graded, "login")
    graded.rudaux("grade", "homework_1", "--student", str(ids["io"]))
    said = graded.rudaux("grade", "homework_1", "--student", "euopa", code=2).err
    assert "did you mean europa?" in said
    for name in ("io", str(ids["io"])):
        told = json.loads(graded.rudaux("canvas", "log", "--student", name, "--json").out)
        assert {write["student_id"] for write in told["writes"]} == {"io"}
    listed = graded.rudaux("canvas", "students").out
    assert any({"io", str(ids["io"])} <= set(line.split()) for line in listed.splitlines())
    undone = graded.rudaux("canvas", "undo", "--yes")
    assert undone.code == 0
    [assignment] = graded.world.assignments
    assert {graded.world.scores(assignment)[uid] for uid in ids.values()} == {None}


def test_a_gradebook_and_homes_of_plain_nbgrader_by_login_are_taken_over(
    by_login: SmallCourse,
) -> None:
    rows = [f"{moon},{moon.title()},Jupiter" for moon in by_login.practice.kinds]
    (by_login.practice.folder / "students.csv").write_text(
        "\n".join(["id,first_name,last_name", *rows])
    )
    nbgrader("db", "student", "import", "../students.csv", folder=by_login.folder)
    assert len(students(by_login)) == 4
    shown = by_login.rudaux("init").out
    assert "joined" not in shown
    assert "dropped" not in shown
    assert students(by_login) == ["callisto", "europa", "ganymede", "io"]


def test_another_key_than_the_gradebooks_stops_every_run_before_anything_is_written(
    graded: SmallCourse,
) -> None:
    graded.edit('student_id = "login"', 'student_id = "canvas"')
    before = graded.fingerprint()
    for command in (("init",), ("grade", "homework_1"), ("submit", "homework_1"), ("grade",)):
        said = graded.rudaux(*command, code=4).err
        assert "2 of these students under another id (" in said
        assert "jupyterhub.student_id in rudaux.toml is not what it was" in said
    assert graded.fingerprint() == before
    graded.edit('student_id = "canvas"', 'student_id = "login"')
    assert "Everything is up to date" in graded.rudaux("init").out


def test_without_the_right_init_says_which_one_is_missing(by_login: SmallCourse) -> None:
    by_login.canvas.switches.show_login = False
    before = by_login.fingerprint()
    assert "Users - view login IDs" in by_login.rudaux("init", code=5).err
    by_login.canvas.switches.show_sis = False
    by_login.edit('student_id = "login"', 'student_id = "sis"')
    assert "SIS Data - read" in by_login.rudaux("init", code=5).err
    assert by_login.fingerprint()[0] == before[0]


def test_two_of_one_login_or_one_without_are_named_and_nothing_is_done(
    by_login: SmallCourse,
) -> None:
    people = {u.login_id: u for u in by_login.world.users.values()}
    before = by_login.fingerprint()
    for login, words in (
        ("IO", 'have the same login "io"'),
        (None, "Europa Jupiter (Canvas id"),
        ("../io", "cannot be the name of a folder"),
    ):
        people["europa"].login_id = login
        said = by_login.rudaux("init", code=4).err
        assert words in said
        assert "nothing was done" in said
    assert by_login.fingerprint() == before


def test_an_invited_student_joins_once_they_accept(by_login: SmallCourse) -> None:
    uid = by_login.world.add_student("Thebe Jupiter", email="thebe@example.edu", state="invited")
    shown = by_login.rudaux("init").out
    assert "1 invited" in shown
    assert "Thebe Jupiter" in shown
    assert "thebe" not in students(by_login)
    by_login.world.set_state(uid, "active")
    assert "1 joined" in by_login.rudaux("init").out
    assert "thebe" in students(by_login)
    assert len(students(by_login)) == 5
