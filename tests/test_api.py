"""`from rudaux import Course, Assignment` on a real course."""

from __future__ import annotations

from pathlib import Path

import pytest

import rudaux
from rudaux import Assignment, Course
from rudaux.errors import ConfigError, NeedsPersonError, UsageError
from tests.course import SmallCourse
from tests.kept import CourseAfter


@pytest.fixture
def small(course_after: CourseAfter) -> SmallCourse:
    return course_after()


@pytest.fixture
def few(course_after: CourseAfter) -> SmallCourse:
    """Two students, where what they answered does not matter."""
    return course_after(kinds=("right", "partly"))


def set_up(small: SmallCourse) -> Course:
    """The chain that `rudaux init` stands for."""
    course = Course(course_dir=small.folder, auto=True)
    return (
        course.get_external_tool_id()
        .get_students_from_canvas()
        .sync_nbgrader()
        .assign(overwrite=True)
        .create_canvas_assignments()
        .schedule_grading()
    )


def test_the_chain_sets_the_course_up_like_init(small: SmallCourse) -> None:
    course = set_up(small)
    assert course.external_tool_id == next(iter(small.world.tools))
    assert len(course.students) == 7
    assert [a.name for a in course.assignments] == ["homework_1", "homework_3"]
    before = small.fingerprint()
    assert "up to date" in small.rudaux("init").out
    set_up(small)
    assert small.fingerprint() == before


def test_an_assignment_goes_from_collecting_to_canvas(small: SmallCourse) -> None:
    homework = Assignment("homework_1", course=set_up(small))
    assert homework.collect().grade().feedback().submit() is homework
    assert small.grades() == small.practice.expected("homework_1")
    assert homework.problems == []
    before = small.fingerprint()
    homework.collect().grade().feedback().submit()
    assert small.fingerprint() == before


def test_what_python_pushed_is_logged_and_can_be_undone(few: SmallCourse) -> None:
    Assignment("homework_1", course=set_up(few)).collect().grade().feedback().submit()
    logged = few.rudaux("canvas", "log")
    assert "Assignment.submit homework_1" in logged.out
    assert few.rudaux("canvas", "undo", "--yes").code == 0
    assert set(few.grades().values()) == {None}


def test_a_subclass_shares_its_course(small: SmallCourse) -> None:
    class Homework(Assignment):
        course = Course(small.folder, auto=True)

    homework = Homework("homework_1")
    assert homework.settings.points == 10
    assert homework.due.startswith(small.practice.due["homework_1"].astimezone().isoformat()[:10])


def test_mistakes_are_exceptions_and_never_an_exit(small: SmallCourse, tmp_path: Path) -> None:
    course = Course(small.folder, auto=True)
    with pytest.raises(UsageError, match="Did you mean homework_1"):
        Assignment("homwork_1", course=course)
    with pytest.raises(UsageError, match="has no course"):
        Assignment("homework_1")
    with pytest.raises(ConfigError, match="rudaux new"):
        Course(tmp_path)


def test_a_dirty_checkout_asks_and_auto_goes_on(
    small: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small.folder / "notes.txt").write_text("mine")
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: PTH123, SIM115
    with pytest.raises(NeedsPersonError, match=r"uncommitted.*pass auto=True"):
        Course(small.folder)
    assert Course(small.folder, auto=True).config.course.name == "practice"


def test_too_many_zeros_need_a_word(course_after: CourseAfter) -> None:
    small = course_after(assignments=("homework_1",), kinds=("right", "missing", "missing"))
    homework = Assignment("homework_1", course=set_up(small)).collect().grade().feedback()
    with pytest.raises(NeedsPersonError, match="accept_zeros"):
        homework.submit()
    assert set(small.grades().values()) <= {None}
    homework.submit(accept_zeros=True)
    assert small.grades() == small.practice.expected("homework_1")


def test_an_empty_roster_stops_every_step_until_somebody_agrees(course_after: CourseAfter) -> None:
    small = course_after(assignments=("homework_1",), kinds=("right",))
    course = set_up(small)
    Assignment("homework_1", course=course).collect().grade().feedback().submit()
    [sid] = small.practice.kinds
    small.world.set_state(int(sid), "deleted")
    before = small.fingerprint()
    course = Course(small.folder, auto=True).get_students_from_canvas()
    homework = Assignment("homework_1", course=course)
    for step in (
        course.sync_nbgrader, course.schedule_grading, homework.collect, homework.grade,
        homework.feedback, homework.submit,
    ):  # fmt: skip
        with pytest.raises(NeedsPersonError, match=r"no students at all.*accept_roster"):
            step()
    assert small.fingerprint() == before
    course.sync_nbgrader(accept_roster=True).sync_nbgrader()
    assert homework.collect().grade().feedback().submit().problems == []


def test_the_package_loads_its_interface_only_when_asked() -> None:
    assert set(rudaux.__all__) == {"Assignment", "Course", "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'Curse'"):
        _ = rudaux.Curse
