"""Canvas's special modes on a real course, over HTTP: what is said, and what is left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from rudaux.cli.grading import Again, Job
from rudaux.cli.pushing import Pushing
from rudaux.cli.view import View
from rudaux.errors import RequestRefused
from tests.course import SmallCourse, small_course
from tests.fakes import YESTERDAY, assignment, fake_course
from tests.workflows.run import run_init

PAST = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCourse]:
    """A course graded on this machine, of which Canvas has no grade yet."""
    folder = tmp_path_factory.mktemp("modes") / "practice"
    with pytest.MonkeyPatch.context() as patch, small_course(folder, patch) as built:
        built.rudaux("init")
        built.rudaux("grade", "homework_1", "--manual", code=None)
        yield built


@contextmanager
def changed(thing: Any, **fields: Any) -> Iterator[None]:
    """Change fields for a while."""
    before = {name: getattr(thing, name) for name in fields}
    for name, value in fields.items():
        setattr(thing, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(thing, name, value)


def homework(course: SmallCourse) -> Any:
    return next(a for a in course.world.assignments.values() if a.name == "homework_1")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"closed_period": True}, "homework_1 is in a closed grading period"),
        ({"moderated_grading": True}, "homework_1 is moderated in Canvas"),
        ({"anonymous_grading": True}, "homework_1: it is graded anonymously"),
    ],
)
def test_a_mode_of_an_assignment_is_said_before_anything_is_written(
    course: SmallCourse, fields: dict[str, bool], words: str
) -> None:
    with changed(homework(course), **fields):
        before = course.fingerprint()
        for dry in ([], ["--dry-run"]):
            said = course.rudaux("submit", "homework_1", *dry, code=5)
            assert said.err.count(words) == 1
        assert course.rudaux("status").out.count("!  homework_1 is ") == 1
        assert course.fingerprint() == before


def test_an_administrator_of_the_account_is_not_bound_by_a_closed_period(
    course: SmallCourse,
) -> None:
    owner = course.world.users[course.world.tokens["practice-token"].user_id]
    with changed(homework(course), closed_period=True), changed(owner, admin=True):
        assert "closed" not in course.rudaux("submit", "homework_1", "--dry-run").out


@pytest.mark.parametrize("hard", [True, False])
def test_a_course_that_is_over_is_read_only_for_every_command(
    course: SmallCourse, hard: bool
) -> None:
    fields = {"workflow_state": "completed"} if hard else {"term_end_at": PAST}
    with changed(course.world.course, **fields):
        before = course.fingerprint()
        for command in (
            ["init"], ["grade", "--auto"], ["submit", "homework_1"], ["canvas", "push"],
            ["canvas", "post", "homework_1"],
        ):  # fmt: skip
            said = course.rudaux(*command, code=5).err
            assert said.count("Practice course is concluded in Canvas") == 1, said
        assert "is concluded" in course.rudaux("status").out
        assert course.fingerprint() == before


def test_a_term_that_is_over_but_open_for_its_teachers_is_graded(course: SmallCourse) -> None:
    later = datetime.now(timezone.utc) + timedelta(days=9)
    with changed(course.world.course, term_end_at=PAST, teachers_end_at=later):
        assert "7 students" in course.rudaux("submit", "homework_1", "--dry-run").out


def test_dates_in_a_closed_period_are_left_alone_and_the_rest_is_changed(
    course: SmallCourse,
) -> None:
    row = homework(course)
    with changed(row, closed_period=True):
        due, url = row.due_at, row.tool.url
        course.edit("points = 10", "points = 11")
        course.edit("points = 2\n", "points = 3\n")
        shown = course.rudaux("init").out
        assert shown.count("homework_1 is in a closed grading period") == 1
        assert "not changed: points 10 -> 11" in shown
        now = homework(course)
        assert (now.points_possible, now.due_at, now.tool.url) == (10, due, url)
        assert {a.points_possible for a in course.world.assignments.values()} == {10, 3}
        course.edit("points = 11", "points = 10")


def test_a_token_that_sees_one_section_names_the_others_and_drops_nobody(
    course: SmallCourse,
) -> None:
    world = course.world
    other = world.add_section("Section 2")
    rows = [e for e in world.enrollments.values() if e.type == "StudentEnrollment"]
    teacher = next(e for e in world.enrollments.values() if e.type == "TeacherEnrollment")
    with changed(teacher, limited=True):
        for row in rows[:5]:
            row.section_id = other
        shown = course.rudaux("gradebook", "sync").out
        assert "5 not seen" in shown
        assert "up to date" in shown
        said = course.rudaux("submit", "homework_1", "--dry-run").out
        assert re.search(r"4 not gradable .* and 1 more: not gradable by this token", said)
        assert "some sections only" in course.rudaux("status").out
    for row in rows:
        row.section_id = teacher.section_id
    assert "up to date" in course.rudaux("gradebook", "sync").out


def test_half_a_class_graded_is_told_and_the_next_run_goes_on(course: SmallCourse) -> None:
    """Canvas does not say that the period is closed for some: its refusals do."""
    row, world = homework(course), course.world
    ids = [int(sid) for sid in course.practice.kinds]
    override = world.add_override(row.id, ids[3:], due_at=row.due_at - timedelta(hours=1))
    absent = frozenset({"in_closed_grading_period"})
    closed = changed(world.course, closed_until=row.due_at - timedelta(minutes=1))
    with closed, changed(course.canvas.switches, absent_keys=absent):
        said = course.rudaux("submit", "homework_1", code=6).err
    told = [line for line in said.splitlines() if "the grade was not saved" in line]
    assert len(told) == 1
    assert "closed grading period for this student" in told[0]
    assert "Amalthea Jupiter, Callisto Jupiter, Himalia Jupiter and 1 more" in told[0]
    graded = {sid for sid, score in course.grades().items() if score is not None}
    assert graded == {str(i) for i in ids[:3]}
    del world.overrides[override]
    again = course.rudaux("submit", "homework_1").out
    assert "3 unchanged" in again
    assert None not in course.grades().values()
    assert "Canvas is up to date" in course.rudaux("submit", "homework_1").out


def test_an_assignment_that_takes_no_grades_does_not_stop_the_others(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, [assignment(f"homework_{n}", YESTERDAY) for n in (1, 2)])
    run_init(ctx)
    ctx.storage.hand_in("1", "4")
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], closed=True)
    job = Job(ctx, View(True), False, Again(), Pushing(accept_alarms=True), False)
    for settings in ctx.config.assignments:
        job.run(settings)
    assert {w.split()[0] for w in ctx.canvas.writes} == {"create", "grade", "comment"}
    assert {s.entered for s in ctx.canvas.submissions(101)} == {None}
    assert None not in {s.entered for s in ctx.canvas.submissions(102)}
    with pytest.raises(RequestRefused, match="homework_1 is in a closed grading period"):
        job.finish()
