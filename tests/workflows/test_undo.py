from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.domain.history import UndoKind, last_scores
from rudaux.domain.outcome import Outcome
from rudaux.errors import CanvasFailure, UsageError
from rudaux.workflows import feedback, submit, undo
from rudaux.workflows.undo import UndoPlan
from tests.fakes import FakeCanvas, FakeContext, assignment, fake_course
from tests.workflows.run import run_grade, run_init, run_submit, standings, states


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    """A course whose run 1 pushed 10, 5, 2.5 and 0, where nothing was before."""
    course = fake_course(tmp_path)
    run_init(course)
    for sid, score in (("1", "4"), ("2", "2"), ("3", "1")):
        course.storage.hand_in(sid, score)
    run_grade(course)
    push(course)
    return course


def push(ctx: FakeContext, overwrite_edits: bool = False) -> None:
    """Submit as a run of its own, with nobody there."""
    run = ctx.ledger.start_run("submit homework_1")
    run_submit(ctx, overwrite_edits=overwrite_edits)
    ctx.ledger.end_run(run, 0)


def push_attended(ctx: FakeContext) -> None:
    """Submit with a person who says yes."""
    run = ctx.ledger.start_run("submit homework_1")
    list(submit.apply(ctx, submit.plan(ctx, standings(ctx), attended=True)))
    ctx.ledger.end_run(run, 0)


def run_undo(ctx: FakeContext, run: int | None = None) -> tuple[UndoPlan, list[Outcome]]:
    """Plan and apply an undo as a run of its own."""
    own = ctx.ledger.start_run("canvas undo")
    plan = undo.plan(ctx, run)
    outcomes = list(undo.apply(ctx, plan))
    ctx.ledger.end_run(own, 0)
    return plan, outcomes


def regrade(ctx: FakeContext, sid: str, score: int) -> None:
    """Change a score in the gradebook."""
    row = ctx.gradebook.rows["homework_1", sid]
    ctx.gradebook.rows["homework_1", sid] = replace(row, score=Decimal(score))
    list(feedback.apply(ctx, feedback.plan(ctx, standings(ctx))))


def entered(ctx: FakeContext) -> dict[str, Decimal | None]:
    return {s.student_id: s.entered for s in ctx.canvas.submissions(101)}


def kinds(plan: UndoPlan) -> dict[str, UndoKind]:
    return {line.student_id: line.kind for line in plan.lines}


NOTHING = {"1": None, "2": None, "3": None, "4": None}
FIRST = {"1": 10, "2": 5, "3": Decimal("2.5"), "4": 0}


def test_grades_of_a_first_push_are_cleared_and_comments_stay(ctx: FakeContext) -> None:
    comments = list(ctx.canvas.comments)
    plan, outcomes = run_undo(ctx)
    assert entered(ctx) == NOTHING
    assert (len(plan), plan.feedback) == (4, 3)
    assert all(o.ok for o in outcomes)
    assert ctx.canvas.comments == comments


def test_a_regrade_goes_back_to_the_scores_before(ctx: FakeContext) -> None:
    regrade(ctx, "2", 4)
    push(ctx)
    assert entered(ctx)["2"] == 10
    plan, _ = run_undo(ctx)
    assert (plan.run.id, kinds(plan)) == (2, {"2": "restore"})
    assert entered(ctx) == FIRST


def test_a_second_undo_changes_nothing(ctx: FakeContext) -> None:
    run_undo(ctx)
    writes, pushes = list(ctx.canvas.writes), list(ctx.ledger.pushes)
    plan, outcomes = run_undo(ctx)
    assert (len(plan), outcomes) == (0, [])
    assert set(kinds(plan).values()) == {"restored"}
    assert (ctx.canvas.writes, ctx.ledger.pushes) == (writes, pushes)


def test_undoing_the_undo_brings_the_grades_back(ctx: FakeContext) -> None:
    run_undo(ctx)
    plan, _ = run_undo(ctx, 2)
    assert plan.run.command == "canvas undo"
    assert entered(ctx) == FIRST
    writes = list(ctx.canvas.writes)
    push(ctx)
    assert ctx.canvas.writes == writes
    assert set(states(ctx).values()) == {"pushed"}


def test_what_was_edited_or_excused_since_is_left_alone(ctx: FakeContext) -> None:
    ctx.canvas.enter(101, "1", "7")
    ctx.canvas.grades[101]["2"] = replace(ctx.canvas.grades[101]["2"], excused=True)
    plan, _ = run_undo(ctx)
    assert kinds(plan) == {"1": "edited", "2": "excused", "3": "restore", "4": "restore"}
    assert "by someone else: kept" in next(x.why for x in plan.lines if x.student_id == "1")
    assert entered(ctx) == {"1": 7, "2": 5, "3": None, "4": None}


def test_an_older_run_leaves_what_a_later_one_wrote(ctx: FakeContext) -> None:
    regrade(ctx, "2", 4)
    push(ctx)
    plan, _ = run_undo(ctx, 1)
    assert next(x.why for x in plan.lines if x.student_id == "2") == (
        "run 2 wrote another value since: kept"
    )
    assert entered(ctx) == {**NOTHING, "2": 10}


def test_an_edit_between_plan_and_write_is_kept(ctx: FakeContext) -> None:
    plan = undo.plan(ctx)
    ctx.canvas.enter(101, "1", "7")
    outcomes = {o.item: o for o in undo.apply(ctx, plan)}
    assert outcomes["Moon 1"].result == "held"
    assert entered(ctx) == {**NOTHING, "1": 7}


def test_a_student_who_left_is_named_and_not_written(ctx: FakeContext) -> None:
    del ctx.canvas.grades[101]["1"]
    ctx.canvas.roster = [s for s in ctx.canvas.roster if s.id != "1"]
    plan, _ = run_undo(ctx)
    assert kinds(plan)["1"] == "not_gradable"
    assert "clear 1" not in ctx.canvas.writes


def test_a_value_that_does_not_go_back_is_reported_and_tried_again(ctx: FakeContext) -> None:
    ctx.canvas.refuse = {"1"}
    _, outcomes = run_undo(ctx)
    [failed] = [o for o in outcomes if not o.ok]
    assert failed.item == "Moon 1"
    assert "may not be graded" in failed.reason
    ctx.canvas.refuse = set()
    plan, _ = run_undo(ctx)
    assert (len(plan), entered(ctx)) == (1, NOTHING)


def test_an_undo_cut_before_it_was_recorded_heals(ctx: FakeContext) -> None:
    recorded = list(ctx.ledger.pushes)
    run_undo(ctx)
    ctx.ledger.pushes[:] = recorded
    plan, outcomes = run_undo(ctx)
    assert (len(plan), outcomes) == (0, [])
    assert last_scores(ctx.ledger.push_records("homework_1")) == {}
    push(ctx)
    assert entered(ctx) == NOTHING


class Killed(FakeCanvas):
    """A Canvas that takes scores in bulk, and at which the run is killed right after."""

    def push_grades(self, assignment_id: int, scores: Mapping[str, Decimal]) -> str:
        super().push_grades(assignment_id, scores)
        raise KeyboardInterrupt


def test_an_undo_that_was_killed_is_in_the_log_and_is_no_edit_of_somebody(
    ctx: FakeContext,
) -> None:
    regrade(ctx, "1", 3)
    push(ctx)
    whole = ctx.canvas
    ctx.canvas = Killed(**{f.name: getattr(whole, f.name) for f in fields(FakeCanvas)})
    with pytest.raises(KeyboardInterrupt):
        run_undo(ctx)
    ctx.canvas = whole
    last = ctx.ledger.pushes[-1]
    assert (last.student_id, last.old, last.new) == ("1", Decimal("7.5"), Decimal(10))
    [line] = [x for x in submit.plan(ctx, standings(ctx)).lines if x.student_id == "1"]
    assert (line.kind, line.old) == ("held", Decimal(10))
    assert "undone by run" in line.why
    _, outcomes = run_undo(ctx, 2)
    assert all(o.ok for o in outcomes)
    assert ctx.ledger.pushes[-1].read_back == 10


def test_a_run_that_was_killed_before_it_read_back_can_be_undone(ctx: FakeContext) -> None:
    ctx.ledger.pushes[:] = [replace(p, read_back=None) for p in ctx.ledger.pushes]
    run_undo(ctx)
    assert entered(ctx) == NOTHING
    run_submit(ctx)
    assert entered(ctx) == NOTHING


def test_an_undo_that_a_failing_canvas_stopped_goes_on(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(assignment_id: int, student_ids: Iterable[str]) -> Iterator[tuple[str, None]]:
        ctx.canvas.grades[101]["1"] = replace(ctx.canvas.grades[101]["1"], entered=None)
        yield "1", None
        raise CanvasFailure("down")

    with monkeypatch.context() as patch:
        patch.setattr(ctx.canvas, "clear_grades", fail)
        with pytest.raises(CanvasFailure):
            run_undo(ctx)
    plan, outcomes = run_undo(ctx)
    assert (len(plan), [o.ok for o in outcomes]) == (3, [True] * 3)
    assert entered(ctx) == NOTHING
    assert last_scores(ctx.ledger.push_records("homework_1")) == {}
    assert run_submit(ctx)[0].counts == {"held": 4}


def test_an_unattended_submit_does_not_push_again_what_was_undone(ctx: FakeContext) -> None:
    run_undo(ctx)
    plan, outcomes = run_submit(ctx)
    assert (len(plan), plan.counts, outcomes) == (0, {"held": 4}, [])
    assert "undone by run 2" in plan.lines[0].why
    assert entered(ctx) == NOTHING
    assert states(ctx)["1"] == "graded"


def test_a_person_is_shown_it_as_a_change_and_may_push_it(ctx: FakeContext) -> None:
    run_undo(ctx)
    plan = submit.plan(ctx, standings(ctx), attended=True)
    assert plan.counts == {"changed": 4}
    assert plan.lines[0].why == "undone by run 2, now pushed again"
    push_attended(ctx)
    assert entered(ctx) == FIRST
    assert len(submit.plan(ctx, standings(ctx))) == 0


def test_a_new_score_in_the_gradebook_ends_the_undo(ctx: FakeContext) -> None:
    run_undo(ctx)
    regrade(ctx, "1", 3)
    push(ctx)
    assert entered(ctx) == {**NOTHING, "1": Decimal("7.5")}


def test_the_restored_value_is_nobodys_edit(ctx: FakeContext) -> None:
    regrade(ctx, "2", 4)
    push(ctx)
    run_undo(ctx)
    regrade(ctx, "2", 3)
    plan, _ = run_submit(ctx)
    assert plan.counts == {"unchanged": 3, "changed": 1}
    assert entered(ctx)["2"] == Decimal("7.5")


def test_a_persons_value_that_was_overwritten_is_theirs_again(ctx: FakeContext) -> None:
    ctx.canvas.enter(101, "2", "9")
    push(ctx, overwrite_edits=True)
    assert entered(ctx)["2"] == 5
    run_undo(ctx)
    assert entered(ctx)["2"] == 9
    regrade(ctx, "2", 3)
    plan = submit.plan(ctx, standings(ctx), attended=True)
    assert plan.counts["conflict"] == 1


def test_a_run_over_several_assignments_is_undone_in_all(tmp_path: Path) -> None:
    names = ("homework_1", "homework_2")
    ctx = fake_course(tmp_path, [assignment(n) for n in names], students=1)
    run_init(ctx)
    ctx.storage.hand_in("1", "4")
    run = ctx.ledger.start_run("grade")
    for name in names:
        run_grade(ctx, name)
        run_submit(ctx, name)
    ctx.ledger.end_run(run, 0)
    plan, _ = run_undo(ctx)
    assert [line.assignment for line in plan.lines] == list(names)
    assert {ctx.canvas.grades[i]["1"].entered for i in (101, 102)} == {None}


def test_runs_without_grades_cannot_be_undone(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path)
    run_init(ctx)
    with pytest.raises(UsageError, match="nothing to undo"):
        undo.plan(ctx)
    ctx.ledger.start_run("init")
    with pytest.raises(UsageError, match="run 1 wrote no grades"):
        undo.plan(ctx, 1)


def test_what_was_only_taken_note_of_is_not_undone(ctx: FakeContext) -> None:
    ctx.ledger.pushes.clear()
    push(ctx)
    with pytest.raises(UsageError, match="run 2 wrote no grades"):
        undo.plan(ctx, 2)
