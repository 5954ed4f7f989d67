"""Canvas's special modes, seen before anything is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rudaux.domain.deadlines import Override
from rudaux.errors import CanvasFailure, PermissionRefused, RequestRefused
from rudaux.workflows import assignments, posting, submit, sync, undo
from rudaux.workflows.run import recorded
from rudaux.workflows.status import as_json, read_status
from tests.fakes import NEXT_WEEK, YESTERDAY, FakeContext, assignment, fake_course
from tests.workflows.run import run_grade, run_init, run_submit, standings

NAMES = ("homework_1", "homework_2")
OVER = {"concluded": True, "may_grade": False}


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    course = fake_course(tmp_path, [assignment(name, YESTERDAY) for name in NAMES])
    run_init(course)
    for number in range(1, 5):
        course.storage.hand_in(str(number), str(number))
    run_grade(course)
    return course


def become(ctx: FakeContext, number: int = 101, **facts: bool) -> None:
    """Change what Canvas says of an assignment."""
    ctx.canvas.existing[number] = replace(ctx.canvas.existing[number], **facts)  # type: ignore[arg-type]


def test_a_closed_period_stops_a_push_before_anything_is_written(ctx: FakeContext) -> None:
    become(ctx, closed=True)
    writes = list(ctx.canvas.writes)
    with pytest.raises(RequestRefused, match="homework_1 is in a closed grading period"):
        submit.plan(ctx, standings(ctx))
    assert ctx.canvas.writes == writes


def test_those_with_a_date_in_an_open_period_are_graded_and_the_others_named(
    ctx: FakeContext,
) -> None:
    become(ctx, closed=True)
    ctx.canvas.shut[101] = frozenset({"1", "2", "99"})
    plan, outcomes = run_submit(ctx)
    shut = {x.student_id: x.why for x in plan.lines if x.kind == "not_gradable"}
    assert set(shut) == {"1", "2"}
    assert "closed grading period" in shut["1"]
    assert all(o.ok for o in outcomes)
    assert {s.student_id for s in ctx.canvas.submissions(101) if s.entered} == {"3", "4"}
    become(ctx, closed=False)
    assert {x.student_id for x in run_submit(ctx)[0].grades} == {"1", "2"}


def test_what_is_pushed_already_is_no_matter_of_a_closed_period(ctx: FakeContext) -> None:
    run_submit(ctx)
    become(ctx, closed=True)
    assert len(submit.plan(ctx, standings(ctx))) == 0
    assert read_status(ctx, ["homework_1"]).notes == ()


@pytest.mark.parametrize(
    ("facts", "words"),
    [({"moderated": True}, "are not released"), ({"published": False}, "is not published")],
)
def test_what_canvas_takes_no_grades_for_is_refused_in_one_sentence(
    ctx: FakeContext, facts: dict[str, bool], words: str
) -> None:
    become(ctx, **facts)
    with pytest.raises(RequestRefused, match=words):
        submit.plan(ctx, standings(ctx))


def test_a_course_that_is_over_stops_every_write(ctx: FakeContext) -> None:
    ctx.canvas.facts = replace(ctx.canvas.facts, **OVER)  # type: ignore[arg-type]
    writes = list(ctx.canvas.writes)
    with pytest.raises(PermissionRefused, match="is concluded in Canvas"):
        run_init(ctx)
    for plan in (
        lambda: submit.plan(ctx, standings(ctx)),
        lambda: assignments.plan(ctx),
        lambda: posting.plan(ctx, ctx.config.assignments[0]),
    ):
        with pytest.raises(PermissionRefused, match="is concluded in Canvas"):
            plan()
    assert ctx.canvas.writes == writes
    assert "concluded" in as_json(read_status(ctx))["notes"][0]


def test_who_may_not_grade_can_still_set_up_the_course(ctx: FakeContext) -> None:
    ctx.canvas.facts = replace(ctx.canvas.facts, may_grade=False)
    run_init(ctx)
    with pytest.raises(PermissionRefused, match="may not enter grades"):
        submit.plan(ctx, standings(ctx))


def test_dates_in_a_closed_period_stay_and_the_others_are_changed(ctx: FakeContext) -> None:
    become(ctx, closed=True)
    ctx.config = replace(
        ctx.config, assignments=tuple(assignment(name, NEXT_WEEK) for name in NAMES)
    )
    plan = run_init(ctx)
    one, two = plan.assignments.lines
    assert [c.field for c in one.left] == ["due"]
    assert "closed grading period" in one.why
    assert (one.writes, [c.field for c in two.changes]) == (False, ["due"])
    assert ctx.canvas.existing[101].due_at == YESTERDAY
    assert ctx.canvas.existing[102].due_at == NEXT_WEEK


def test_a_new_link_reaches_an_assignment_whose_dates_stay(ctx: FakeContext) -> None:
    become(ctx, closed=True)
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], launch_url="https://old")
    ctx.config = replace(
        ctx.config, assignments=(assignment(NAMES[0], NEXT_WEEK), ctx.config.assignments[1])
    )
    list(assignments.apply(ctx, assignments.plan(ctx)))
    now = ctx.canvas.existing[101]
    assert (now.launch_url == "https://old", now.due_at) == (False, YESTERDAY)


@pytest.mark.parametrize(("seconds", "set_"), [(86_399, True), (-86_399, False), (60, False)])
def test_canvas_may_store_a_date_as_the_end_of_that_day_and_never_as_its_start(
    ctx: FakeContext, seconds: int, set_: bool
) -> None:
    stored = ctx.canvas.existing[101]
    assert stored.due_at is not None
    moved = stored.due_at + timedelta(seconds=seconds)
    ctx.canvas.existing[101] = replace(stored, due_at=moved)
    [line, _] = assignments.plan(ctx).lines
    assert (line.moved == ()) is set_


def test_what_canvas_refuses_of_one_assignment_holds_up_no_other(ctx: FakeContext) -> None:
    ctx.canvas.fixed = {"homework_1"}
    ctx.config = replace(
        ctx.config, assignments=tuple(assignment(name, NEXT_WEEK) for name in NAMES)
    )
    done = list(assignments.apply(ctx, assignments.plan(ctx)))
    assert [(o.item, o.result) for o in done] == [("homework_1", "failed"), ("homework_2", "done")]
    assert ctx.canvas.existing[102].due_at == NEXT_WEEK


def test_an_anonymous_assignment_keeps_its_grades_hidden(ctx: FakeContext) -> None:
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], anonymous=True, post_manually=True)
    canvas = replace(ctx.config.canvas, posting="automatic")
    ctx.config = replace(ctx.config, canvas=canvas)
    [line, _] = assignments.plan(ctx).lines
    assert ([c.field for c in line.left], line.writes) == (["posting"], False)
    with pytest.raises(RequestRefused, match="all its grades at once"):
        posting.plan(ctx, ctx.config.assignments[0])


def test_an_undo_leaves_alone_what_a_closed_period_holds(ctx: FakeContext) -> None:
    with recorded(ctx, "submit homework_1"):
        run_submit(ctx)
    become(ctx, closed=True)
    plan = undo.plan(ctx)
    assert (len(plan), plan.counts["not_gradable"]) == (0, 4)
    become(ctx, closed=False, moderated=True)
    [*lines] = undo.plan(ctx).lines
    assert {"released" in line.why for line in lines} == {True}
    become(ctx, moderated=False)
    assert len(undo.plan(ctx)) == 4


# --- A token that sees some sections only -------------------------------------------------------


@pytest.fixture
def limited(ctx: FakeContext) -> FakeContext:
    ctx.canvas.facts = replace(ctx.canvas.facts, limited=True)
    ctx.canvas.roster = ctx.canvas.roster[:1]
    return ctx


def test_whom_a_token_does_not_see_stays_as_they_are(limited: FakeContext) -> None:
    ctx = limited
    ctx.ledger.gone = frozenset({"4"})
    for remove in (False, True):
        plan = sync.plan(ctx, remove_dropped=remove)
        assert [s.id for s in plan.roster.unseen] == ["2", "3", "4"]
        assert (len(plan), plan.roster.shrunk) == (0, "")
        list(sync.apply(ctx, plan))
    assert set(ctx.gradebook.people) == {"1", "2", "3", "4"}
    assert ctx.ledger.gone == {"4"}
    assert ctx.ledger.size == 4


def test_whom_a_token_does_not_see_is_named_and_not_graded(limited: FakeContext) -> None:
    plan, _ = run_submit(limited)
    unseen = [x for x in plan.lines if x.kind == "not_gradable"]
    assert [x.student_id for x in unseen] == ["2", "3", "4"]
    assert {x.why.startswith("not gradable by this token") for x in unseen} == {True}
    assert set(plan.names) == {"1", "2", "3", "4"}
    assert [x.student_id for x in plan.grades] == ["1"]
    assert "some sections" in read_status(limited).notes[0]


def test_a_full_roster_asks_nothing_about_the_token(ctx: FakeContext) -> None:
    ctx.canvas.facts = replace(ctx.canvas.facts, limited=True)
    assert sync.plan(ctx).roster.unseen == ()


# --- What Canvas does not say -------------------------------------------------------------------


def test_a_section_of_its_own_date_needs_to_know_who_is_in_it(ctx: FakeContext) -> None:
    become(ctx, has_overrides=True)
    ctx.canvas.override_list[101] = [Override(1, NEXT_WEEK, section_id=1)]
    standings(ctx)
    ctx.canvas.roster[0] = replace(ctx.canvas.roster[0], section_ids=frozenset())
    with pytest.raises(CanvasFailure, match="who is in which section"):
        standings(ctx)


def test_an_assignment_that_is_due_for_nobody_is_named_once(ctx: FakeContext) -> None:
    become(ctx, has_overrides=True)
    ctx.canvas.override_list[101] = [Override(1, None, whole_course=True)]
    assert run_init(ctx).undated == ("homework_1",)
