from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.errors import CanvasFailure
from rudaux.workflows import feedback, submit
from rudaux.workflows.status import as_json, read_status
from tests.fakes import FakeContext, fake_course
from tests.workflows.run import run_autograde, run_grade, run_init, run_submit, standings, states


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    course = fake_course(tmp_path)
    run_init(course)
    for sid, score in (("1", "4"), ("2", "2"), ("3", "1")):
        course.storage.hand_in(sid, score)
    run_grade(course)
    return course


def entered(ctx: FakeContext) -> dict[str, Decimal | None]:
    """What Canvas shows for each student."""
    return {s.student_id: s.entered for s in ctx.canvas.submissions(101)}


def test_scores_are_scaled_to_points_and_missing_is_zero(ctx: FakeContext) -> None:
    run_submit(ctx)
    assert entered(ctx) == {
        "1": Decimal(10),
        "2": Decimal(5),
        "3": Decimal("2.5"),
        "4": Decimal(0),
    }


def test_a_second_submit_writes_nothing(ctx: FakeContext) -> None:
    run_submit(ctx)
    writes = list(ctx.canvas.writes)
    plan, outcomes = run_submit(ctx)
    assert (len(plan), outcomes, ctx.canvas.writes) == (0, [], writes)


def test_a_regrade_pushes_only_what_changed_and_sends_new_feedback(ctx: FakeContext) -> None:
    run_submit(ctx)
    before = len(ctx.canvas.writes)
    row = ctx.gradebook.rows["homework_1", "2"]
    ctx.gradebook.rows["homework_1", "2"] = replace(row, score=Decimal(3))
    list(feedback.apply(ctx, feedback.plan(ctx, standings(ctx))))
    run_submit(ctx)
    assert [w.split()[:2] for w in ctx.canvas.writes[before:]] == [["grade", "2"], ["comment", "2"]]
    assert "replaces the earlier file" in ctx.canvas.comments[-1][1]


def test_an_edit_in_canvas_stays_until_it_is_asked_for(ctx: FakeContext) -> None:
    run_submit(ctx)
    ctx.canvas.enter(101, "1", "9")
    plan, _ = run_submit(ctx)
    [line] = [x for x in plan.lines if x.kind == "conflict"]
    assert (line.student_id, line.old, line.new) == ("1", Decimal(9), Decimal(10))
    assert "2026-10-03" in line.why
    assert entered(ctx)["1"] == 9
    run_submit(ctx, overwrite_edits=True)
    assert entered(ctx)["1"] == 10


def test_a_grade_typed_in_before_the_first_push_is_kept(ctx: FakeContext) -> None:
    ctx.canvas.enter(101, "3", "7")
    run_submit(ctx)
    assert entered(ctx)["3"] == 7


def test_excused_students_are_left_alone(ctx: FakeContext) -> None:
    ctx.canvas.submissions(101)
    ctx.canvas.grades[101]["4"] = replace(ctx.canvas.grades[101]["4"], excused=True)
    plan, _ = run_submit(ctx)
    assert plan.counts["excused"] == 1
    assert entered(ctx)["4"] is None


def test_a_grade_that_does_not_take_is_reported_and_tried_again(ctx: FakeContext) -> None:
    ctx.canvas.refuse = {"2"}
    _, outcomes = run_submit(ctx)
    [failed] = [o for o in outcomes if not o.ok]
    assert failed.item == "Moon 2"
    assert states(ctx)["2"] == "graded"
    ctx.canvas.refuse = set()
    run_submit(ctx)
    assert entered(ctx)["2"] == 5


def test_failed_submissions_are_held_and_never_zero(ctx: FakeContext) -> None:
    ctx.executor.verdicts["1"] = "failed"
    run_autograde(ctx, only=["1"])
    plan, _ = run_submit(ctx)
    assert {x.student_id for x in plan.lines if x.kind == "held"} == {"1"}
    assert entered(ctx)["1"] is None


def test_too_many_missing_raise_an_alarm(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path)
    run_init(ctx)
    ctx.storage.hand_in("1", "4")
    run_grade(ctx)
    [alarm] = submit.plan(ctx, standings(ctx)).alarms
    assert "3 missing and 0 failed out of 4 due" in alarm.text


def test_every_push_is_in_the_ledger_with_its_old_value(ctx: FakeContext) -> None:
    run_submit(ctx)
    push = next(p for p in ctx.ledger.pushes if p.student_id == "2")
    assert (push.old, push.new, push.read_back) == (None, Decimal(5), Decimal(5))


def test_feedback_is_attached_to_the_right_student_once(ctx: FakeContext) -> None:
    run_submit(ctx)
    run_submit(ctx)
    assert [sid for sid, _, _ in ctx.canvas.comments] == ["1", "2", "3"]
    assert all(f"-{sid}-" in name for sid, _, names in ctx.canvas.comments for name in names)


def test_without_feedback_only_grades_are_written(ctx: FakeContext) -> None:
    plan = submit.plan(ctx, standings(ctx), feedback=False)
    list(submit.apply(ctx, plan))
    assert ctx.canvas.comments == []
    assert entered(ctx)["1"] == 10


def test_an_unpublished_assignment_is_refused_in_words(ctx: FakeContext) -> None:
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], published=False)
    with pytest.raises(CanvasFailure, match="not published"):
        submit.plan(ctx, standings(ctx))


def test_status_counts_every_student_once(ctx: FakeContext) -> None:
    run_submit(ctx)
    [row] = as_json(read_status(ctx))["assignments"]
    assert row["counts"] == {
        "not_due": 0, "missing": 0, "collected": 0, "failed": 0, "needs_manual": 0, "graded": 0,
        "pushed": 4,
    }  # fmt: skip
    assert row["due_at"] == "2026-10-01T01:00:00-07:00"
    assert (row["canvas_id"], row["published"], row["released"]) == (101, True, True)
    assert row["scheduled_for"] is None
