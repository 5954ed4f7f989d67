"""A person at a terminal is asked about a roster that lost everybody, and their yes is kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.terminal import ForkedTerminal
from tests.course import SmallCourse
from tests.kept import CourseAfter

RUDAUX = str(Path(sys.executable).with_name("rudaux"))


@pytest.fixture
def deserted(course_after: CourseAfter) -> SmallCourse:
    """A course with one student, graded, whom Canvas does not list any more."""
    steps = (("init",), ("grade", "homework_1"))
    course = course_after(*steps, assignments=("homework_1",), kinds=("right",))
    [sid] = course.practice.kinds
    course.world.set_state(int(sid), "deleted")
    return course


@pytest.mark.parametrize(
    "command",
    [("init",), ("gradebook", "sync"), ("grade", "homework_1"), ("submit", "homework_1")],
    ids=" ".join,
)
def test_no_changes_nothing_and_yes_is_remembered(
    deserted: SmallCourse, command: tuple[str, ...]
) -> None:
    before = deserted.fingerprint()
    for answer in ("n", "y"):
        screen = ForkedTerminal([RUDAUX, *command], deserted.folder)
        screen.wait_for("Canvas lists no students at all. Is that right?")
        screen.press(answer)
        assert screen.ends() == 0
        assert ("Nothing was changed." in screen.seen) == (answer == "n")
        assert deserted.fingerprint() == before
    assert "up to date" in deserted.rudaux("init").out
