"""What persons changed around rudaux is shown, and is theirs to give up."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.cli.terminal import ForkedTerminal
from tests.course import SmallCourse, git
from tests.kept import CourseAfter

LATER = datetime(2031, 7, 5, 6, 59, 59, tzinfo=timezone.utc)
AUTHOR = "Ariel Uranus <ariel@example.edu>"
RUDAUX = str(Path(sys.executable).with_name("rudaux"))
NOTEBOOK = "materials/homework_1/homework_1.ipynb"


@pytest.fixture
def course(course_after: CourseAfter) -> SmallCourse:
    return course_after(("init",), assignments=("homework_1",), kinds=("right",))


def released(course: SmallCourse, commit: str = "main") -> str:
    """Return the students' notebook as their repository has it."""
    remote = course.practice.folder / "remotes" / "practice-course.git"
    return git(remote, "show", f"{commit}:{NOTEBOOK}")


def commit_by_hand(course: SmallCourse, what: str) -> str:
    """Change or delete the students' notebook as a TA does on the git host; return the commit."""
    remote = course.practice.folder / "remotes" / "practice-course.git"
    host = course.practice.folder / "host"
    git(course.practice.folder, "clone", "--quiet", str(remote), str(host))
    page = host / NOTEBOOK
    if what == "revert":
        git(host, "revert", "--no-edit", "HEAD")
    else:
        page.unlink() if what == "delete" else page.write_text(
            page.read_text().replace("the squares", "the rectangles")
        )
        git(host, "commit", "--all", "--quiet", "--author", AUTHOR, "-m", "Fix")
    git(host, "push", "--quiet")
    return git(host, "rev-parse", "HEAD")


@pytest.mark.parametrize("what", ["change", "delete"])
@pytest.mark.parametrize("newer", [False, True], ids=["same-source", "newer-source"])
def test_what_a_person_committed_for_students_is_named_and_stays_while_nobody_is_asked(
    course: SmallCourse, what: str, newer: bool
) -> None:
    commit = commit_by_hand(course, what)
    if newer:
        course.edit("the squares", "the cubes", "source/homework_1/homework_1.ipynb")
    before = course.fingerprint()
    for _ in range(2):
        for command in (("init",), ("git", "release")):
            said = course.rudaux(*command, code=6)
            assert f"Ariel Uranus {what}d {NOTEBOOK} in the student repository on " in said.out
            assert commit[:8] in said.out
            assert "on a terminal asks" in said.err
            assert course.fingerprint() == before


def test_a_release_that_a_person_took_back_is_not_put_there_again(course: SmallCourse) -> None:
    course.edit("the squares", "the cubes", "source/homework_1/homework_1.ipynb")
    first = released(course)
    course.rudaux("init")
    commit_by_hand(course, "revert")
    assert f"changed {NOTEBOOK}" in course.rudaux("init", code=6).out
    assert released(course) == first


def test_a_person_who_is_asked_may_put_the_release_in_its_place(course: SmallCourse) -> None:
    before = released(course)
    commit = commit_by_hand(course, "change")
    for answer in ("n", "y"):
        screen = ForkedTerminal([RUDAUX, "git", "release"], course.folder)
        screen.wait_for("Put the released version in its place")
        screen.press(answer)
        if answer == "y":
            screen.wait_for("Apply 1 change?")
            screen.press("y")
        assert screen.ends() == (6 if answer == "n" else 0)
    assert f"`git show {commit[:8]}:{NOTEBOOK}`" in screen.seen
    assert released(course) == before != released(course, commit)
    assert "up to date" in course.rudaux("init").out


def test_what_a_person_pushed_while_a_release_was_on_its_way_is_theirs(
    course: SmallCourse,
) -> None:
    """git merged both: the last commit is rudaux's, and the file is not as rudaux wrote it."""
    commit_by_hand(course, "change")
    host = course.practice.folder / "host"
    text = git(course.folder, "log", "-1", "--format=%B")
    git(host, "commit", "--amend", "--quiet", "-m", text)
    git(host, "push", "--quiet", "--force")
    assert f"changed {NOTEBOOK}" in course.rudaux("init", code=6).out


def test_who_makes_the_same_change_in_the_source_is_asked_no_more(course: SmallCourse) -> None:
    commit_by_hand(course, "change")
    host = course.practice.folder / "host"
    page = host / NOTEBOOK
    kernel = '"display_name": "Python"'  # JupyterLab writes what is around the cells anew
    assert kernel in page.read_text()
    page.write_text(page.read_text().replace(kernel, '"display_name": "Another"'))
    git(host, "commit", "--all", "--quiet", "--author", AUTHOR, "-m", "Save")
    git(host, "push", "--quiet")
    source = course.folder / "source/homework_1/homework_1.ipynb"
    source.write_text(source.read_text().replace("the squares", "the rectangles"))
    course.commit()
    course.rudaux("init")
    assert '"Another"' not in released(course)


def test_files_of_last_term_that_a_person_has_cleared_away_are_released(
    course: SmallCourse,
) -> None:
    commit_by_hand(course, "delete")
    shutil.rmtree(course.folder / ".rudaux")
    course.rudaux("init", code=6)  # the course's own release shows that it is of this term
    shutil.rmtree(course.folder / "release")
    course.commit()
    course.rudaux("init")
    assert "the squares" in released(course)


@pytest.mark.parametrize("own", ["generated", "gone"])
def test_a_release_of_an_older_rudaux_is_known_without_the_courses_own(
    course: SmallCourse, own: str
) -> None:
    git(course.practice.folder, "clone", "--quiet", "remotes/practice-course.git", "host")
    host = course.practice.folder / "host"
    git(host, "commit", "--amend", "--quiet", "-m", "Release homework_1")
    git(host, "push", "--quiet", "--force")
    shutil.rmtree(course.folder / ".rudaux")
    if own == "gone":
        shutil.rmtree(course.folder / "release")
    else:
        page = course.folder / "release/homework_1/homework_1.ipynb"
        page.write_text(page.read_text().replace("the squares", "the circles"))
    course.edit("the squares", "the cubes", "source/homework_1/homework_1.ipynb")
    course.rudaux("init")
    assert "the cubes" in released(course)


def test_a_release_of_an_older_rudaux_is_nobodys_commit(course: SmallCourse) -> None:
    commit_by_hand(course, "change")
    host = course.practice.folder / "host"
    git(host, "reset", "--quiet", "--hard", "HEAD~")
    git(host, "commit", "--amend", "--quiet", "-m", "Release homework_1")
    git(host, "push", "--quiet", "--force")
    course.edit("the squares", "the cubes", "source/homework_1/homework_1.ipynb")
    assert "student repository on" not in course.rudaux("init").out


@pytest.fixture
def moved(course: SmallCourse) -> None:
    """The due date as a person has moved it in Canvas."""
    [row] = course.world.assignments.values()
    row.due_at = LATER


def due(course: SmallCourse) -> datetime | None:
    """Return the due date in Canvas."""
    [row] = course.world.assignments.values()
    return row.due_at


@pytest.mark.usefixtures("moved")
def test_a_date_that_a_person_set_in_canvas_is_named_and_stays(course: SmallCourse) -> None:
    before = course.writes()
    for command in (("init",), ("canvas", "push"), ("init",)):
        said = course.rudaux(*command).out
        assert "the due date was changed in Canvas to Fri 4 Jul 2031 23:59, but " in said
        assert "to agree, put it into rudaux.toml" in said
    assert (due(course), course.writes()) == (LATER, before)


@pytest.mark.usefixtures("moved")
def test_a_person_who_is_asked_may_write_the_date_of_the_file(course: SmallCourse) -> None:
    for answer in ("n", "y"):
        screen = ForkedTerminal([RUDAUX, "canvas", "push"], course.folder)
        screen.wait_for("Write what rudaux.toml says to Canvas?")
        screen.press(answer)
        if answer == "y":
            screen.wait_for("Apply 1 change?")
            screen.press("y")
        assert screen.ends() == 0
        assert (due(course) == LATER) == (answer == "n")
    assert "up to date" in course.rudaux("init").out


def test_an_assignment_that_got_another_name_is_said_to_be_in_canvas_with_its_grades(
    course: SmallCourse,
) -> None:
    course.rudaux("grade", "homework_1")
    (course.folder / "source" / "homework_1").rename(course.folder / "source" / "hw1")
    course.edit('name = "homework_1"', 'name = "hw1"')
    was = "homework_1 is no longer in rudaux.toml, but still in Canvas with 1 grade. If you renamed"
    assert was in course.rudaux("init").out
    assert was in course.rudaux("init").out
    assert was in course.rudaux("status").out
    assert [a.name for a in course.world.assignments.values()] == ["homework_1", "hw1"]
    assert "homework_1" in course.rudaux("gradebook", "sync").out
