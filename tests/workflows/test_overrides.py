"""Late registration, extensions, and what a person made: nothing is shortened, nothing doubled."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rudaux.config import LateRegistrationSettings
from rudaux.domain.deadlines import Override
from rudaux.domain.extensions import Joined, OverrideRecord
from rudaux.domain.outcome import Outcome
from rudaux.domain.roster import RosterChange
from rudaux.errors import CanvasFailure, RequestRefused, UsageError
from rudaux.workflows import extensions, overrides, schedule
from rudaux.workflows.overrides import OverridesPlan
from rudaux.workflows.standings import read_standings
from tests.fakes import (
    NEXT_WEEK,
    NOW,
    VANCOUVER,
    YESTERDAY,
    FakeContext,
    assignment,
    fake_course,
    student,
)
from tests.workflows.run import run_init

DAY = timedelta(days=1)
UNLOCK = NOW - 10 * DAY
SUNDAY = datetime(2026, 10, 4, 23, 59, 59, tzinfo=VANCOUVER)
"""The end of the day that is three days after `YESTERDAY`."""


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    """A course with an assignment due yesterday; student 1 joined yesterday, the others in time."""
    course = fake_course(tmp_path, [assignment(unlock=UNLOCK)], students=3)
    course.config = replace(course.config, late_registration=LateRegistrationSettings(3))
    early = [replace(s, joined_at=UNLOCK - DAY, canvas_id=s.id) for s in course.canvas.roster]
    course.canvas.roster = early
    run_init(course)
    course.canvas.roster = [replace(early[0], joined_at=YESTERDAY), *early[1:]]
    course.ledger.joined.clear()
    return course


def plan(ctx: FakeContext, roster: RosterChange | None = None) -> OverridesPlan:
    known = RosterChange() if roster is None else roster
    return overrides.plan(ctx, ctx.canvas.students(), known)


def run(ctx: FakeContext) -> list[Outcome]:
    return list(overrides.apply(ctx, plan(ctx)))


def in_canvas(ctx: FakeContext, *rows: Override) -> None:
    """Let a person make overrides."""
    ctx.canvas.override_list[101] = list(rows)
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], has_overrides=bool(rows))


def dues(ctx: FakeContext) -> dict[frozenset[str], datetime | None]:
    return {o.student_ids: o.due_at for o in ctx.canvas.override_list.get(101, [])}


def due(ctx: FakeContext, student_id: str = "1") -> datetime | None:
    found = read_standings(ctx, ctx.config.assignments[0]).deadlines
    return found.own[student_id]


def extend(ctx: FakeContext, until: datetime | timedelta, *ids: str) -> list[Outcome]:
    chosen = [s for s in ctx.canvas.students() if s.id in (ids or ("1",))]
    made = extensions.plan(ctx, ctx.config.assignments[0], chosen, until, "ill")
    return list(extensions.apply(ctx, made))


ONE = frozenset({"1"})


def test_who_joined_late_has_the_days_from_joining_to_the_end_of_the_last(
    ctx: FakeContext,
) -> None:
    assert [(o.item, o.result) for o in run(ctx)] == [("Moon 1", "done")]
    assert dues(ctx) == {ONE: SUNDAY}
    assert ctx.canvas.override_list[101][0].title == "rudaux: late registration 1"
    assert [(r.state, r.override) for r in ctx.ledger.overrides] == [("done", 301)]


def test_a_second_run_writes_nothing(ctx: FakeContext) -> None:
    run(ctx)
    before = list(ctx.canvas.writes)
    assert (len(plan(ctx)), run(ctx), ctx.canvas.writes) == (0, [], before)


def test_without_the_ledger_the_override_is_found_by_its_title(ctx: FakeContext) -> None:
    run(ctx)
    ctx.ledger.overrides.clear()
    assert run(ctx) == []


@pytest.mark.parametrize("days", [1, 2])
def test_who_has_as_long_anyway_gets_no_override(ctx: FakeContext, days: int) -> None:
    ctx.canvas.existing[101] = replace(
        ctx.canvas.existing[101], due_at=YESTERDAY + (days + 1) * DAY
    )
    ctx.config = replace(ctx.config, late_registration=LateRegistrationSettings(days))
    assert run(ctx) == []


def test_a_longer_section_deadline_is_never_shortened_and_a_shorter_one_is(
    ctx: FakeContext,
) -> None:
    in_canvas(ctx, Override(1, NOW + 9 * DAY, section_id=1))
    assert run(ctx) == []
    in_canvas(ctx, Override(1, NOW, section_id=1))
    run(ctx)
    assert due(ctx) == SUNDAY


def test_an_override_that_a_person_made_is_shown_and_left(ctx: FakeContext) -> None:
    in_canvas(ctx, Override(1, NOW, student_ids=ONE, title="1 student"))
    (change,) = plan(ctx).changes
    assert (change.left, change.due_at) == ("a person made an override for them", SUNDAY)
    assert (run(ctx), dues(ctx)) == ([], {ONE: NOW})
    in_canvas(ctx, Override(1, SUNDAY + DAY, student_ids=ONE, title="1 student"))
    assert plan(ctx).changes == ()


def test_one_of_rudauxs_own_that_everybody_has_overtaken_is_lengthened(ctx: FakeContext) -> None:
    run(ctx)
    later = SUNDAY + 2 * DAY
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], due_at=later)
    run(ctx)
    assert dues(ctx) == {ONE: later}


def test_what_a_person_shortened_or_took_away_stays_so(ctx: FakeContext) -> None:
    run(ctx)
    (own,) = ctx.canvas.override_list[101]
    in_canvas(ctx, replace(own, due_at=SUNDAY - DAY))
    assert [c.left for c in plan(ctx).changes] == ["a person changed it in Canvas"]
    in_canvas(ctx)
    assert [c.left for c in plan(ctx).changes] == ["a person removed it in Canvas"]


def test_one_who_was_gone_and_is_back_joined_again(ctx: FakeContext) -> None:
    first, *others = ctx.canvas.roster
    old = replace(first, joined_at=UNLOCK - DAY)
    ctx.canvas.roster = [old, *others]
    assert run(ctx) == []
    ctx.canvas.roster = others
    run(ctx)
    assert ctx.ledger.joined["1"].gone
    ctx.canvas.roster = [replace(old, changed_at=YESTERDAY), *others]
    run(ctx)
    assert dues(ctx) == {ONE: SUNDAY}
    ctx.canvas.roster = [replace(old, changed_at=NOW), *others]
    assert run(ctx) == []
    assert ctx.ledger.joined["1"] == Joined(YESTERDAY)


def test_an_enrollment_that_only_changed_and_a_new_section_are_no_late_registration(
    ctx: FakeContext,
) -> None:
    first, *others = ctx.canvas.roster
    ctx.canvas.roster = [replace(first, joined_at=UNLOCK - DAY, changed_at=NOW), *others]
    assert run(ctx) == []
    ctx.canvas.roster = [replace(first, joined_at=NOW), *others]
    assert run(ctx) == []


def test_who_drops_loses_what_rudaux_made_and_nothing_else(ctx: FakeContext) -> None:
    run(ctx)
    two = Override(7, NOW + DAY, student_ids=frozenset({"2"}), title="1 student")
    ctx.canvas.override_list[101].append(two)
    ctx.canvas.roster = ctx.canvas.roster[2:]
    run(ctx)
    assert ctx.canvas.override_list[101] == [two]


@pytest.mark.parametrize(
    "roster",
    [RosterChange(shrunk="half are gone"), RosterChange(unseen=(object(),))],  # type: ignore[arg-type]
)
def test_a_roster_that_is_doubtful_or_not_whole_takes_nothing_away(
    ctx: FakeContext, roster: RosterChange
) -> None:
    run(ctx)
    ctx.canvas.roster = ctx.canvas.roster[1:]
    assert len(plan(ctx, roster)) == 0
    assert plan(ctx, roster).joins == {}


def test_assignments_without_an_unlock_date_are_named_once(ctx: FakeContext) -> None:
    ctx.config = replace(ctx.config, assignments=(assignment(),))
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], unlock_at=None)
    assert (plan(ctx).undated, len(plan(ctx))) == (("homework_1",), 0)


def test_time_that_canvas_refuses_counts_all_the_same(ctx: FakeContext) -> None:
    ctx.canvas.refuse_overrides = {"1"}
    assert [o.result for o in run(ctx)] == ["failed"]
    assert due(ctx) == SUNDAY
    ctx.canvas.refuse_overrides = set()
    run(ctx)
    assert dues(ctx) == {ONE: SUNDAY}


def test_an_extension_that_canvas_refuses_counts_for_nobody(ctx: FakeContext) -> None:
    ctx.canvas.refuse_overrides = {"2"}
    assert [o.result for o in extend(ctx, SUNDAY, "2")] == ["failed"]
    assert due(ctx, "2") == YESTERDAY


def test_an_extension_is_an_override_that_stays_when_it_is_given_again(ctx: FakeContext) -> None:
    extend(ctx, SUNDAY, "2")
    assert (dues(ctx), due(ctx, "2")) == ({frozenset({"2"}): SUNDAY}, SUNDAY)
    before = list(ctx.canvas.writes)
    assert (extend(ctx, SUNDAY, "2"), extend(ctx, NOW, "2")) == ([], [])
    assert ctx.canvas.writes == before
    assert ctx.ledger.overrides[-1].reason == "ill"


def test_a_span_counts_from_the_present_deadline_and_keeps_the_hour(ctx: FakeContext) -> None:
    extend(ctx, 2 * DAY, "2")
    extend(ctx, timedelta(hours=6), "2")
    assert due(ctx, "2") == YESTERDAY + 2 * DAY + timedelta(hours=6)
    over_the_change = datetime(2026, 10, 31, 23, 59, 59, tzinfo=VANCOUVER)
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], due_at=over_the_change)
    extend(ctx, 2 * DAY, "3")
    assert due(ctx, "3") == datetime(2026, 11, 2, 23, 59, 59, tzinfo=VANCOUVER)


def test_one_of_several_in_an_override_is_taken_out_and_the_others_stay(ctx: FakeContext) -> None:
    both = Override(5, NOW, student_ids=frozenset({"1", "2"}), title="ill", lock_at=NOW + DAY,
                    overrides_lock=True)  # fmt: skip
    in_canvas(ctx, both)
    extend(ctx, SUNDAY)
    kept, made = ctx.canvas.override_list[101]
    assert kept == replace(both, student_ids=frozenset({"2"}))
    assert (made.student_ids, made.due_at, made.lock_at) == (ONE, SUNDAY, SUNDAY)
    assert "taken out of the override ill (5)" in ctx.ledger.overrides[-1].reason


def test_an_extension_past_the_lock_date_moves_it_for_that_student(ctx: FakeContext) -> None:
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], lock_at=NOW)
    extend(ctx, SUNDAY)
    assert [o.lock_at for o in ctx.canvas.override_list[101]] == [SUNDAY]


def test_who_has_no_deadline_cannot_be_extended(ctx: FakeContext) -> None:
    in_canvas(ctx, Override(1, None, student_ids=ONE))
    with pytest.raises(UsageError, match="no deadline"):
        extend(ctx, SUNDAY)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("lost_at", ["create_override", "update_override", "overrides"])
def test_one_that_was_cut_short_is_finished_by_any_next_run(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch, lost_at: str, shared: bool
) -> None:
    ids = frozenset({"1", "2"}) if shared else ONE
    in_canvas(ctx, Override(5, NOW, student_ids=ids, title="ill"))
    made = extensions.plan(ctx, ctx.config.assignments[0], [student(1)], SUNDAY, "ill")

    def down(*_: object, **__: object) -> None:
        raise CanvasFailure("Canvas does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(ctx.canvas, lost_at, down)
        if shared or lost_at != "create_override":
            with pytest.raises(CanvasFailure):
                list(extensions.apply(ctx, made))
        else:
            list(extensions.apply(ctx, made))
    assert due(ctx) == SUNDAY
    run(ctx)
    assert (dues(ctx).get(ONE), due(ctx)) == (SUNDAY, SUNDAY)
    assert dues(ctx).get(frozenset({"2"})) == (NOW if shared else None)
    assert (run(ctx), len(plan(ctx))) == ([], 0)


def test_what_was_written_and_not_read_back_is_settled(ctx: FakeContext) -> None:
    run(ctx)
    ctx.ledger.overrides[0] = replace(ctx.ledger.overrides[0], state="planned", override=None)
    run(ctx)
    assert [(r.state, r.override) for r in ctx.ledger.overrides] == [("done", 301)]


def test_what_was_written_for_an_assignment_that_was_deleted_counts_no_more(
    ctx: FakeContext,
) -> None:
    ctx.ledger.overrides.append(
        OverrideRecord("homework_1", "2", "extension", "create", None, YESTERDAY, SUNDAY, YESTERDAY)
    )
    assert due(ctx, "2") == SUNDAY
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], created_at=NOW)
    assert due(ctx, "2") == YESTERDAY


def test_cron_follows_an_extension_that_a_person_made_and_keeps_who_installed_it(
    ctx: FakeContext,
) -> None:
    owner = schedule.owner(ctx)
    assert not len(schedule.plan_refresh(ctx, {"homework_1": [SUNDAY]}))  # nobody uses cron
    list(schedule.apply(ctx, schedule.plan(ctx, {"homework_1": [NOW + DAY]})))
    ctx.crontab.table[owner] = tuple(replace(e, command="x") for e in ctx.crontab.table[owner])
    refreshed = schedule.plan_refresh(ctx, {"homework_1": [NOW + DAY, SUNDAY]})
    list(schedule.apply(ctx, refreshed))
    assert sorted(e.command == "x" for e in ctx.crontab.table[owner]) == [False, True]
    assert not len(schedule.plan_refresh(ctx, {"homework_1": [NOW + DAY, SUNDAY]}))
    assert not len(schedule.plan_refresh(ctx, {"homework_1": []}))


def test_the_list_says_which_override_gives_whom_what(ctx: FakeContext) -> None:
    in_canvas(ctx, Override(5, NOW, section_id=1, title="Lab"))
    extend(ctx, SUNDAY, "2")
    found = extensions.listing(ctx)
    assert [(x.target, len(x.students), x.purpose, x.reason) for x in found] == [
        ("section Lab", 3, None, ""),
        ("", 1, "extension", "ill"),
    ]


def test_an_extension_that_canvas_refuses_takes_nobody_out_of_the_override_they_shared(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Override(5, NEXT_WEEK, student_ids=frozenset({"1", "2"}), title="ill")
    in_canvas(ctx, shared)

    def refuse(assignment: int, override: Override) -> Override:
        raise RequestRefused("Canvas refused to make the override (400: closed)")

    monkeypatch.setattr(ctx.canvas, "create_override", refuse)
    (outcome,) = extend(ctx, NEXT_WEEK + DAY)
    assert outcome.result == "failed"
    assert dues(ctx) == {frozenset({"1", "2"}): NEXT_WEEK}
    assert due(ctx) == NEXT_WEEK
