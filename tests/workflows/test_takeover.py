from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.domain.deadlines import Override
from rudaux.domain.roster import GradebookStudent
from rudaux.domain.submissions import GradebookAssignment, GradebookSubmission
from rudaux.errors import StorageFailure
from rudaux.workflows import sync
from tests.fakes import NEXT_WEEK, NOW, YESTERDAY, FakeContext, assignment, fake_course
from tests.workflows.run import run_autograde, run_collect, run_grade, run_init, states

NAME = "homework_1"


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    """A course where nbgrader has graded student 1, and has collected the work of student 2."""
    course = fake_course(tmp_path, students=3)
    course.gradebook.people["1"] = GradebookStudent("1")
    course.gradebook.known[NAME] = GradebookAssignment(NAME, YESTERDAY, Decimal(4), 1)
    graded = GradebookSubmission("1", YESTERDAY, True, False, Decimal(4))
    course.gradebook.rows[NAME, "1"] = graded
    for sid in ("1", "2"):
        put(course, sid, "4")
    for sid in ("1", "2", "3"):
        course.storage.hand_in(sid, "1")
    return course


def put(ctx: FakeContext, student_id: str, text: str, name: str = NAME) -> Path:
    """Put work into the submitted folder, as nbgrader or a person does."""
    folder = ctx.grader.submitted_folder(name, student_id)
    folder.mkdir(parents=True)
    (folder / "nb.ipynb").write_text(text)
    return folder


def text_of(ctx: FakeContext, student_id: str) -> str:
    return (ctx.grader.submitted_folder(NAME, student_id) / "nb.ipynb").read_text()


def test_a_course_in_mid_term_is_taken_over_once(ctx: FakeContext) -> None:
    [taken] = run_init(ctx).sync.taken_over
    assert (taken.recorded, taken.found) == (("1",), ("2",))
    assert states(ctx) == {"1": "graded", "2": "collected", "3": "not_due"}
    assert run_init(ctx).sync.taken_over == ()


def test_what_is_taken_over_is_neither_collected_nor_graded_again(ctx: FakeContext) -> None:
    run_init(ctx)
    run_grade(ctx)
    assert ctx.executor.ran == ["2", "3"]
    assert [text_of(ctx, sid) for sid in ("1", "2", "3")] == ["4", "4", "1"]
    assert ctx.gradebook.rows[NAME, "2"].submitted_at == YESTERDAY
    assert set(states(ctx).values()) == {"graded"}


def test_work_that_waits_to_be_taken_over_is_not_collected_over(ctx: FakeContext) -> None:
    run_collect(ctx)
    assert text_of(ctx, "2") == "4"


def test_a_copy_that_was_cut_short_is_collected_again_and_not_taken_over(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_init(ctx)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ctx.ledger, "record_collection", killed)
        with pytest.raises(KeyboardInterrupt):
            run_collect(ctx)
    assert text_of(ctx, "3") == "1"
    assert sync.plan(ctx).taken_over == ()
    run_grade(ctx)
    assert states(ctx)["3"] == "graded"
    assert ctx.ledger.collected(NAME)["3"].digest


def test_an_extension_after_the_takeover_brings_new_work_and_keeps_the_old(
    ctx: FakeContext,
) -> None:
    run_init(ctx)
    due = NOW + timedelta(hours=5)
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], has_overrides=True)
    ctx.canvas.override_list[101] = [Override(1, due, student_ids=frozenset({"1"}))]
    ctx.moment = due + timedelta(hours=1)
    run_collect(ctx)
    run_autograde(ctx)
    assert text_of(ctx, "1") == "1"
    assert ctx.gradebook.rows[NAME, "1"].score == 1
    assert (ctx.grader.folder / "kept" / "1" / NAME / "nb.ipynb").read_text() == "4"


def test_of_work_that_is_gone_from_its_folder_what_was_graded_stays(ctx: FakeContext) -> None:
    run_init(ctx)
    for sid in ("1", "2"):
        shutil.rmtree(ctx.grader.submitted_folder(NAME, sid))
        ctx.storage.hand_in(sid, "1", snapshot=None)
    run_collect(ctx)
    assert (states(ctx)["1"], states(ctx)["2"]) == ("graded", "failed")


@pytest.mark.parametrize("inside", [(), ("timestamp.txt",)])
def test_a_folder_without_work_is_not_taken_over(ctx: FakeContext, inside: tuple[str, ...]) -> None:
    folder = ctx.grader.submitted_folder(NAME, "3")
    folder.mkdir(parents=True)
    for name in inside:
        (folder / name).write_text("2026-10-01 10:00:00 UTC")
    [taken] = sync.plan(ctx).taken_over
    assert taken.found == ("2",)


def test_work_put_there_for_somebody_proven_missing_is_taken(ctx: FakeContext) -> None:
    del ctx.storage.homes["3"]
    run_init(ctx)
    run_grade(ctx)
    assert states(ctx)["3"] == "missing"
    put(ctx, "3", "2")
    run_init(ctx)
    assert states(ctx)["3"] == "collected"
    run_grade(ctx)
    assert states(ctx)["3"] == "graded"


def test_a_failed_look_at_a_home_takes_nothing_over(ctx: FakeContext) -> None:
    run_init(ctx)
    ctx.storage.broken["3"] = StorageFailure("permission denied")
    run_collect(ctx)
    assert sync.plan(ctx).taken_over == ()
    assert states(ctx)["3"] == "failed"


def test_what_is_not_due_yet_is_left_to_its_deadline(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, [assignment(due=NEXT_WEEK)], students=1)
    put(ctx, "1", "4")
    assert sync.plan(ctx).taken_over == ()


def test_students_and_assignments_with_ungraded_work_stay_in_the_gradebook(
    ctx: FakeContext,
) -> None:
    for sid in ("8", "9"):
        ctx.gradebook.people[sid] = GradebookStudent(sid)
    for name in ("homework_8", "homework_9"):
        ctx.gradebook.known[name] = GradebookAssignment(name, None, Decimal(4), 0)
    put(ctx, "8", "4", "homework_8")
    plan = sync.plan(ctx)
    assert [s.id for s in plan.roster.kept] == ["8"]
    assert [s.id for s in plan.roster.removed] == ["9"]
    assert [a.name for a in plan.kept] == ["homework_8"]
    assert [a.name for a in plan.removed] == ["homework_9"]
