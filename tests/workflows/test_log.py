from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rudaux.errors import GradebookFailure, UsageError
from rudaux.workflows.log import as_json, read_log
from tests.fakes import VANCOUVER, FakeContext, fake_course
from tests.workflows.run import run_grade, run_init, run_submit


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    """A course with a run that pushed one grade with feedback, and adopted another."""
    course = fake_course(tmp_path, students=2)
    run_init(course)
    for sid in ("1", "2"):
        course.storage.hand_in(sid, "4")
    run_grade(course)
    course.canvas.enter(101, "2", "10")
    course.ledger.start_run("submit homework_1")
    run_submit(course)
    return course


def test_every_write_is_told_with_its_run_in_the_courses_zone(ctx: FakeContext) -> None:
    grade, *files = read_log(ctx)
    assert (grade.kind, grade.student_id, grade.old) == ("grade", "1", None)
    assert grade.new == grade.read_back == 10
    assert grade.run
    assert (grade.run.id, grade.run.command, grade.run.user) == (1, "submit homework_1", "io")
    assert grade.at.tzinfo == VANCOUVER
    assert {(f.kind, f.student_id) for f in files} == {("feedback", "1"), ("feedback", "2")}
    assert all(f.file.startswith("homework_1-") for f in files)


def test_one_student_or_assignment_may_be_asked_for(ctx: FakeContext) -> None:
    assert {e.student_id for e in read_log(ctx, student_id="2")} == {"2"}
    assert len(read_log(ctx, "homework_1")) == 3
    with pytest.raises(UsageError, match="Did you mean homework_1"):
        read_log(ctx, "homwork_1")


def test_an_assignment_that_left_the_configuration_is_still_told(ctx: FakeContext) -> None:
    ctx.config = replace(ctx.config, assignments=())
    assert len(read_log(ctx, "homework_1")) == 3


def test_a_gradebook_that_is_down_hides_only_the_names(ctx: FakeContext) -> None:
    class Locked:
        def students(self) -> None:
            raise GradebookFailure("locked")

    assert {e.student for e in read_log(ctx)} == {"1 Moon", "2 Moon"}
    ctx.gradebook = Locked()  # type: ignore[assignment]
    assert {e.student for e in read_log(ctx)} == {""}


def test_the_document_has_numbers_and_offsets(ctx: FakeContext) -> None:
    first, *_ = as_json(read_log(ctx))["writes"]
    assert first == {
        "at": "2026-10-02T01:00:00-07:00", "run": 1, "command": "submit homework_1", "user": "io",
        "host": "server", "pid": 4711, "kind": "grade", "assignment": "homework_1",
        "student_id": "1", "student": "1 Moon", "old": None, "new": 10.0, "read_back": 10.0,
        "undoes": None, "file": None,
    }  # fmt: skip


def test_writes_without_a_run_are_told_too(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, students=1)
    run_init(ctx)
    ctx.storage.hand_in("1", "4")
    run_grade(ctx)
    run_submit(ctx)
    assert [e.run for e in read_log(ctx)] == [None, None]
