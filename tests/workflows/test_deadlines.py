from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rudaux.domain.deadlines import Override
from rudaux.errors import CanvasFailure
from rudaux.workflows.deadlines import Deadlines, find_deadlines
from tests.fakes import NEXT_WEEK, NOW, YESTERDAY, FakeContext, fake_course, student
from tests.workflows.run import run_init

LATER = NEXT_WEEK + timedelta(days=7)


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    course = fake_course(tmp_path)
    course.canvas.roster = [student(1), student(2), student(3, section=2)]
    run_init(course)
    return course


def deadlines(ctx: FakeContext) -> Deadlines:
    """All deadlines of the course's assignment as it is in Canvas."""
    made = ctx.canvas.existing.get(101)
    return find_deadlines(ctx, ctx.config.assignments[0], ctx.canvas.roster, made)


def override(ctx: FakeContext, *overrides: Override) -> None:
    """Set overrides in Canvas."""
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], has_overrides=True)
    ctx.canvas.override_list[101] = list(overrides)


def test_before_an_assignment_is_in_canvas_the_configured_date_holds_for_all(
    ctx: FakeContext,
) -> None:
    del ctx.canvas.existing[101]
    assert deadlines(ctx) == Deadlines(YESTERDAY, dict.fromkeys(["1", "2", "3"], YESTERDAY))


def test_the_date_in_canvas_wins_over_the_configured_one(ctx: FakeContext) -> None:
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], due_at=NEXT_WEEK)
    assert deadlines(ctx) == Deadlines(NEXT_WEEK, dict.fromkeys(["1", "2", "3"], NEXT_WEEK))


def test_where_canvas_has_no_date_the_configured_one_holds(ctx: FakeContext) -> None:
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], due_at=None)
    assert deadlines(ctx) == Deadlines(YESTERDAY, dict.fromkeys(["1", "2", "3"], YESTERDAY))


def test_overrides_of_students_sections_and_groups_reach_whom_they_are_for(
    ctx: FakeContext,
) -> None:
    ctx.canvas.groups = {7: frozenset({"2"})}
    override(
        ctx,
        Override(1, LATER, student_ids=frozenset({"1"})),
        Override(2, NEXT_WEEK, group_id=7),
        Override(3, None, section_id=2),
    )
    assert deadlines(ctx) == Deadlines(YESTERDAY, {"1": LATER, "2": NEXT_WEEK, "3": None})


def test_a_student_is_due_from_the_very_moment_of_their_own_deadline() -> None:
    found = Deadlines(YESTERDAY, {"1": NOW, "2": None})
    assert found.is_due("1", NOW)
    assert not found.is_due("1", NOW - timedelta(seconds=1))


def test_who_has_no_deadline_and_who_is_unknown_is_never_due() -> None:
    found = Deadlines(YESTERDAY, {"2": None})
    assert not found.is_due("2", LATER)
    assert not found.is_due("9", LATER)


def test_grading_is_scheduled_for_every_date_that_somebody_has_once_and_in_order() -> None:
    found = Deadlines(NEXT_WEEK, {"1": LATER, "2": None, "3": YESTERDAY, "4": LATER})
    assert found.distinct == (YESTERDAY, NEXT_WEEK, LATER)
    assert Deadlines(None, {"1": None}).distinct == ()


def test_overrides_that_canvas_has_and_does_not_list_are_nobodys_shorter_deadline(
    ctx: FakeContext,
) -> None:
    override(ctx)
    with pytest.raises(CanvasFailure, match="lists none of them"):
        deadlines(ctx)


def test_an_override_that_was_taken_away_just_now_leaves_the_base_date(ctx: FakeContext) -> None:
    override(ctx)
    stale = ctx.canvas.existing[101]
    ctx.canvas.existing[101] = replace(stale, has_overrides=False)
    found = find_deadlines(ctx, ctx.config.assignments[0], ctx.canvas.roster, stale)
    assert set(found.own.values()) == {YESTERDAY}


def test_a_token_that_sees_some_students_alone_may_see_no_override(ctx: FakeContext) -> None:
    override(ctx)
    ctx.canvas.facts = replace(ctx.canvas.facts, limited=True)
    assert set(deadlines(ctx).own.values()) == {YESTERDAY}
