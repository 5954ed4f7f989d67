from __future__ import annotations

from pathlib import Path

import pytest

from rudaux.errors import GradebookFailure
from rudaux.workflows import gradebook, submit, sync
from rudaux.workflows.run import recorded
from rudaux.workflows.status import read_status
from tests.fakes import FakeContext, FakeGradebook, fake_course
from tests.workflows.run import run_autograde, run_grade, run_init, run_submit, standings, states


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    """A class of two that is graded and pushed."""
    course = fake_course(tmp_path, students=2)
    run_init(course)
    course.storage.hand_in("1", "4")
    course.storage.hand_in("2", "2")
    run_grade(course)
    run_submit(course)
    return course


def lose(ctx: FakeContext) -> None:
    """Put an empty gradebook where the old one was."""
    ctx.gradebook = ctx.grader.gradebook = FakeGradebook()


def test_a_whole_gradebook_is_said_nothing_of(ctx: FakeContext) -> None:
    gradebook.require_whole(ctx)
    assert read_status(ctx).gradebook == ""


def test_a_new_course_lacks_nothing(tmp_path: Path) -> None:
    gradebook.require_whole(fake_course(tmp_path))


def test_nothing_runs_on_a_gradebook_that_lacks_what_was_graded(ctx: FakeContext) -> None:
    lose(ctx)
    ctx.gradebook.fuller = Path("/course/.rudaux/backups/gradebook-1.db")
    runs = list(ctx.ledger.runs)
    with pytest.raises(GradebookFailure) as stopped, recorded(ctx, "grade"):
        raise AssertionError("the run began")
    said = str(stopped.value)
    assert "gradebook.db lacks 2 submissions" in said
    assert "homework_1: 2" in said
    assert "rudaux gradebook restore /course/.rudaux/backups/gradebook-1.db" in said
    assert "rudaux gradebook sync --start-over" in said
    assert stopped.value.exit_code == 5
    assert ctx.ledger.runs == runs


def test_a_gradebook_that_is_gone_is_not_said_to_lack_something(ctx: FakeContext) -> None:
    lose(ctx)
    ctx.gradebook.gone = True
    assert "gradebook.db is gone, and with it 2 submissions" in read_status(ctx).gradebook


def test_one_lost_submission_is_enough(ctx: FakeContext) -> None:
    del ctx.gradebook.rows["homework_1", "2"]
    with pytest.raises(GradebookFailure, match=r"lacks 1 submission .*no backup"):
        gradebook.require_whole(ctx)


def test_what_was_pushed_counts_without_a_record_of_its_grading(ctx: FakeContext) -> None:
    ctx.ledger.marked = {(p.assignment, p.student_id) for p in ctx.ledger.pushes if p.new}
    lose(ctx)
    assert gradebook.lacking(ctx) == {("homework_1", "1"), ("homework_1", "2")}


def test_the_zero_of_a_missing_student_is_no_submission(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, students=2)
    run_init(ctx)
    ctx.storage.hand_in("1", "4")
    run_grade(ctx)
    run_submit(ctx)
    assert {p.student_id for p in ctx.ledger.pushes} == {"1", "2"}
    assert ctx.ledger.graded() == {("homework_1", "1")}


def test_status_says_what_is_lost_and_shows_nobody_as_missing(ctx: FakeContext) -> None:
    lose(ctx)
    assert "lacks 2 submissions" in read_status(ctx).gradebook
    assert states(ctx) == {"1": "failed", "2": "failed"}
    assert {line.kind for line in submit.plan(ctx, standings(ctx)).lines} == {"held"}


def test_a_lost_gradebook_is_graded_anew_once_a_person_starts_over(ctx: FakeContext) -> None:
    lose(ctx)
    ctx.ledger.disown(gradebook.lacking(ctx))
    gradebook.require_whole(ctx)
    run_init(ctx)
    before = list(ctx.canvas.writes)
    run_grade(ctx)
    plan, _ = run_submit(ctx)
    assert plan.counts == {"unchanged": 2}
    assert [w for w in ctx.canvas.writes[len(before) :] if w.startswith("grade")] == []


def test_whom_a_person_removes_is_not_lost(ctx: FakeContext) -> None:
    ctx.canvas.roster = ctx.canvas.roster[:1]
    plan = sync.plan(ctx, remove_dropped=True)
    list(sync.apply(ctx, plan))
    assert ("homework_1", "2") not in ctx.gradebook.rows
    gradebook.require_whole(ctx)


def test_a_copy_is_made_before_and_after_grades_are_written_and_before_a_push(
    tmp_path: Path,
) -> None:
    ctx = fake_course(tmp_path, students=1)
    run_init(ctx)
    ctx.storage.hand_in("1", "4")
    with recorded(ctx, "grade"):
        run_grade(ctx)
        assert ctx.gradebook.kept == [1, 1]
        run_submit(ctx)
        assert ctx.gradebook.kept == [1, 1, 1]
        run_autograde(ctx)
        run_submit(ctx)
    assert ctx.gradebook.kept == [1, 1, 1]
