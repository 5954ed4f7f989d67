from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.config import Posting
from rudaux.domain.grades import CanvasSubmission
from rudaux.domain.outcome import Outcome
from rudaux.errors import CanvasFailure
from rudaux.workflows import assignments, posting
from rudaux.workflows.posting import PostPlan
from tests.fakes import FakeContext, fake_course
from tests.workflows.run import run_grade, run_init, run_submit


def course(folder: Path, wanted: Posting | None) -> FakeContext:
    """A course with one assignment in Canvas, made before `posting` was configured."""
    ctx = fake_course(folder, students=2)
    run_init(ctx)
    ctx.config = replace(ctx.config, canvas=replace(ctx.config.canvas, posting=wanted))
    for sid in ("1", "2"):
        ctx.storage.hand_in(sid, "4")
    run_grade(ctx)
    return ctx


def run_push(ctx: FakeContext) -> list[Outcome]:
    return list(assignments.apply(ctx, assignments.plan(ctx)))


def run_post(ctx: FakeContext) -> tuple[PostPlan, list[Outcome]]:
    plan = posting.plan(ctx, ctx.config.assignments[0])
    return plan, list(posting.apply(ctx, plan))


def test_posting_is_set_where_it_differs_and_only_once(tmp_path: Path) -> None:
    ctx = course(tmp_path, "manual")
    [line] = assignments.plan(ctx).lines
    assert [(c.field, c.old, c.new) for c in line.changes] == [("posting", "automatic", "manual")]
    before = list(ctx.canvas.writes)
    assert [o.reason for o in run_push(ctx)] == ["posting updated in Canvas"]
    assert ctx.canvas.writes == [*before, "posting manual"]
    assert run_push(ctx) == []


def test_posting_goes_back_to_automatic(tmp_path: Path) -> None:
    ctx = course(tmp_path, "automatic")
    assert run_push(ctx) == []
    ctx.canvas.set_posting(101, True)
    run_push(ctx)
    assert ctx.canvas.existing[101].post_manually is False


def test_posting_that_is_not_configured_is_left_alone(tmp_path: Path) -> None:
    ctx = course(tmp_path, None)
    ctx.canvas.set_posting(101, True)
    assert run_push(ctx) == []
    assert ctx.canvas.existing[101].post_manually is True


def test_a_new_assignment_is_made_with_its_posting(tmp_path: Path) -> None:
    ctx = course(tmp_path, "manual")
    ctx.canvas.existing.clear()
    run_push(ctx)
    [made] = ctx.canvas.existing.values()
    assert made.post_manually is True
    assert run_push(ctx) == []


def test_an_assignment_cut_off_from_its_posting_gets_it_by_the_next_run(tmp_path: Path) -> None:
    ctx = course(tmp_path, "manual")
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], published=False)
    run_push(ctx)
    assert (ctx.canvas.existing[101].published, ctx.canvas.existing[101].post_manually) == (
        True,
        True,
    )


def test_hidden_grades_are_posted_once(tmp_path: Path) -> None:
    ctx = course(tmp_path, "manual")
    run_push(ctx)
    run_submit(ctx)
    plan, outcomes = run_post(ctx)
    assert (len(plan), [o.ok for o in outcomes]) == (2, [True, True])
    writes = list(ctx.canvas.writes)
    plan, outcomes = run_post(ctx)
    assert (len(plan), outcomes, ctx.canvas.writes) == (0, [], writes)


def test_nobody_without_a_grade_is_counted(tmp_path: Path) -> None:
    ctx = course(tmp_path, "manual")
    run_push(ctx)
    assert len(run_post(ctx)[0]) == 0


def test_the_test_students_grade_is_nobodys(tmp_path: Path) -> None:
    ctx = course(tmp_path, "manual")
    run_push(ctx)
    ctx.canvas.submissions(101)
    ctx.canvas.grades[101]["999"] = CanvasSubmission("999", Decimal(1))
    assert len(run_post(ctx)[0]) == 0


def test_a_grade_that_stays_hidden_is_reported(tmp_path: Path) -> None:
    ctx = course(tmp_path, "manual")
    run_push(ctx)
    run_submit(ctx)
    ctx.canvas.refuse = {"2"}
    outcomes = {o.item: o for o in run_post(ctx)[1]}
    assert outcomes["Moon 1"].ok
    assert "still hidden" in outcomes["Moon 2"].reason


def test_an_assignment_that_is_not_in_canvas_is_said(tmp_path: Path) -> None:
    ctx = course(tmp_path, "manual")
    ctx.canvas.existing.clear()
    with pytest.raises(CanvasFailure, match="nothing can be posted"):
        posting.plan(ctx, ctx.config.assignments[0])


@pytest.mark.parametrize(
    ("wanted", "manually", "warned"),
    [("manual", False, True), ("manual", True, False), ("automatic", False, False),
     (None, False, False)],
)  # fmt: skip
def test_a_push_says_where_students_would_see_what_is_meant_to_be_hidden(
    tmp_path: Path, wanted: Posting | None, manually: bool, warned: bool
) -> None:
    ctx = course(tmp_path, wanted)
    ctx.canvas.set_posting(101, manually)
    words = posting.seen_at_once(ctx.config, ctx.canvas.existing[101])
    assert ("students see the grades" in words) is warned
