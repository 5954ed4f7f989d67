from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rudaux.domain.collection import Absent, Copied, Located, NotYet, Unreadable
from rudaux.domain.deadlines import Override
from rudaux.errors import ConfigError, StorageFailure
from rudaux.workflows import collect
from tests.fakes import NOW, YESTERDAY, FakeContext, fake_course
from tests.workflows.run import run_autograde, run_collect, run_grade, run_init, standings, states

NAME = "homework_1"
LATER = NOW + timedelta(hours=5)


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    course = fake_course(tmp_path, students=2)
    run_init(course)
    return course


def extend(ctx: FakeContext, student_id: str, due: datetime) -> None:
    """Give one student another deadline in Canvas, and let it pass."""
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], has_overrides=True)
    ctx.canvas.override_list[101] = [Override(1, due, student_ids=frozenset({student_id}))]
    ctx.moment = due + timedelta(hours=1)


def lines(ctx: FakeContext) -> list[str]:
    """Whom a collection would look up."""
    return [line.student.id for line in collect.plan(ctx, standings(ctx)).lines]


# --- Whom it collects ---------------------------------------------------------------------------


def test_each_student_s_work_is_looked_up_as_of_their_own_deadline(ctx: FakeContext) -> None:
    extend(ctx, "2", LATER)
    run_collect(ctx)
    assert ctx.storage.asked == [("1", YESTERDAY), ("2", LATER)]


def test_work_is_collected_from_the_moment_of_the_deadline_on(ctx: FakeContext) -> None:
    ctx.moment = YESTERDAY - timedelta(seconds=1)
    assert lines(ctx) == []
    ctx.moment = YESTERDAY
    assert lines(ctx) == ["1", "2"]


def test_a_snapshot_that_is_named_for_a_time_to_come_stops_it(ctx: FakeContext) -> None:
    for ahead in (timedelta(minutes=5), timedelta(days=3)):  # another clock, and no time at all
        ctx.storage.newest = ("2026-10-02-0030", NOW + ahead)
        assert lines(ctx) == ["1", "2"]
    ctx.storage.newest = ("2026-10-02-0030", NOW + timedelta(hours=8))
    with pytest.raises(ConfigError, match="still to come, so nothing was collected"):
        lines(ctx)


def test_who_has_no_deadline_is_not_collected(ctx: FakeContext) -> None:
    extend(ctx, "1", LATER)
    ctx.canvas.override_list[101] = [Override(1, None, student_ids=frozenset({"1"}))]
    assert lines(ctx) == ["2"]


def test_only_the_students_who_were_asked_for_are_collected(ctx: FakeContext) -> None:
    plan = collect.plan(ctx, standings(ctx), ["2"])
    assert [line.student.id for line in plan.lines] == ["2"]
    assert len(plan) == 1


def test_what_is_collected_is_looked_up_once_more_only_where_the_deadline_moved_past_it(
    ctx: FakeContext,
) -> None:
    ctx.storage.hand_in("1")
    ctx.storage.hand_in("2")
    run_collect(ctx)
    assert lines(ctx) == []
    extend(ctx, "2", NOW)
    assert lines(ctx) == []
    extend(ctx, "2", LATER)
    assert lines(ctx) == ["2"]
    run_collect(ctx)
    assert lines(ctx) == []


def test_one_student_s_collected_work_does_not_end_the_look_at_the_others(
    ctx: FakeContext,
) -> None:
    ctx.storage.hand_in("1")
    run_collect(ctx)
    assert lines(ctx) == ["2"]


def test_a_copy_that_is_gone_from_the_folder_is_collected_again(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1")
    run_collect(ctx)
    folder = ctx.grader.submitted_folder(NAME, "1")
    (folder / "nb.ipynb").unlink()
    folder.rmdir()
    assert lines(ctx) == ["1", "2"]


# --- What becomes of an autograded version ------------------------------------------------------


def test_the_same_work_again_keeps_its_grade(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "3", snapshot="s1")
    run_grade(ctx)
    extend(ctx, "1", LATER)
    ctx.storage.hand_in("1", "3", snapshot="s2")
    run_collect(ctx)
    assert states(ctx)["1"] == "graded"
    assert ctx.grader.feedback_files(NAME, "1") != ()
    assert ctx.ledger.collected(NAME)["1"].snapshot == "s2"
    run_autograde(ctx)
    assert ctx.executor.ran == ["1"]


def test_other_work_sets_the_autograded_version_aside_and_is_graded_anew(
    ctx: FakeContext,
) -> None:
    ctx.storage.hand_in("1", "3", snapshot="s1")
    run_grade(ctx)
    extend(ctx, "1", LATER)
    ctx.storage.hand_in("1", "4", snapshot="s2")
    run_collect(ctx)
    assert states(ctx)["1"] == "collected"
    assert ctx.grader.feedback_files(NAME, "1") == ()
    run_autograde(ctx)
    assert ctx.gradebook.submissions(NAME)["1"].score == 4


def test_what_others_graded_stays_when_the_work_is_gone_until_a_person_asks(
    ctx: FakeContext,
) -> None:
    ctx.storage.hand_in("1", "3")
    run_grade(ctx)
    ctx.ledger.collections.clear()
    folder = ctx.grader.submitted_folder(NAME, "1")
    (folder / "nb.ipynb").unlink()
    folder.rmdir()
    run_collect(ctx)
    assert states(ctx)["1"] == "graded"
    list(collect.apply(ctx, collect.plan(ctx, standings(ctx), only=["1"])))
    assert states(ctx)["1"] == "collected"


# --- What is written down -----------------------------------------------------------------------


def test_the_snapshot_is_recorded_with_the_work_and_named_in_the_plan(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", snapshot="2026-10-02-0030")
    ctx.storage.hand_in("2", snapshot="2026-10-01-2359")
    plan = collect.plan(ctx, standings(ctx))
    assert plan.snapshots == ("2026-10-01-2359", "2026-10-02-0030")
    list(collect.apply(ctx, plan))
    kept = ctx.ledger.collected(NAME)
    assert {sid: c.snapshot for sid, c in kept.items()} == {
        "1": "2026-10-02-0030", "2": "2026-10-01-2359"
    }  # fmt: skip
    assert {c.at for c in kept.values()} == {NOW}
    assert kept["1"].digest == kept["2"].digest != ""


def test_a_snapshot_that_many_are_in_is_named_once_and_live_folders_are_not(
    ctx: FakeContext,
) -> None:
    ctx.storage.hand_in("1", snapshot="s1")
    ctx.storage.hand_in("2", snapshot="s1")
    assert collect.plan(ctx, standings(ctx)).snapshots == ("s1",)
    ctx.storage.hand_in("1", snapshot=None)
    ctx.storage.homes["2"] = Absent("nothing in the snapshot")
    assert collect.plan(ctx, standings(ctx)).snapshots == ()
    run_collect(ctx)
    assert ctx.ledger.collected(NAME)["1"].snapshot is None


def test_a_submission_counts_as_handed_in_when_its_newest_file_was_written(
    ctx: FakeContext,
) -> None:
    ctx.storage.hand_in("1")
    run_collect(ctx)
    assert ctx.gradebook.submissions(NAME)["1"].submitted_at == YESTERDAY


def test_files_that_were_left_behind_are_told_and_recorded(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = ("data is a link", "film.mp4 is too large")
    monkeypatch.setattr(ctx.storage, "copy", lambda *_: Copied(YESTERDAY, "abc", left))
    ctx.storage.hand_in("1")
    told = {o.item: o.reason for o in run_collect(ctx)}
    assert told["Moon 1"] == "data is a link; film.mp4 is too large"
    assert ctx.ledger.collected(NAME)["1"].skipped == left


def test_only_what_the_assignment_needs_is_asked_of_the_file_server(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def copy(_: Located, destination: Path, needed: Iterable[str]) -> Copied:
        asked.append((destination, needed))
        return Copied(YESTERDAY, "abc")

    monkeypatch.setattr(ctx.storage, "copy", copy)
    ctx.storage.hand_in("1")
    run_collect(ctx)
    assert asked == [(ctx.grader.submitted_folder(NAME, "1"), (f"{NAME}.ipynb",))]


# --- What is no submission ----------------------------------------------------------------------


def test_a_proof_that_nothing_was_handed_in_is_recorded_with_its_reason(ctx: FakeContext) -> None:
    [told, _] = run_collect(ctx)
    assert (told.item, told.ok, told.reason) == (
        "Moon 1", True, "missing: no folder in their home"
    )  # fmt: skip
    record = ctx.ledger.records(NAME)["1"]
    assert (record.kind, record.reason, record.at) == ("missing", "no folder in their home", NOW)


def test_work_that_was_collected_once_stays_when_it_is_gone_from_the_home(
    ctx: FakeContext,
) -> None:
    ctx.storage.hand_in("1", "3")
    run_grade(ctx)
    extend(ctx, "1", LATER)
    ctx.storage.homes["1"] = Absent("deleted")
    told = {o.item: (o.ok, o.reason) for o in run_collect(ctx)}
    assert told["Moon 1"] == (True, "their earlier submission was kept")
    assert states(ctx)["1"] == "graded"


@pytest.mark.parametrize(
    "gone",
    ["their home is gone", "their home is empty in snapshot s1", "their home has no dsci100"],
)
def test_a_lost_home_proves_nothing_about_a_student_whose_work_came_from_it_before(
    ctx: FakeContext, gone: str
) -> None:
    ctx.gradebook.record_submission("homework_0", "1", YESTERDAY - timedelta(days=7))
    ctx.storage.homes |= {sid: Absent("no home: never logged in", gone) for sid in "12"}
    told = {o.item: (o.result, o.reason) for o in run_collect(ctx)}
    result, reason = told["Moon 1"]
    assert result == "failed"
    assert reason.startswith(f"{gone}, although they handed in homework_0: mount or restore it")
    assert told["Moon 2"] == ("done", "missing: no home: never logged in")
    assert (states(ctx)["1"], states(ctx)["2"]) == ("failed", "missing")


def test_work_of_later_says_nothing_about_an_empty_home_of_before(ctx: FakeContext) -> None:
    ctx.gradebook.record_submission("homework_2", "1", NOW)
    ctx.storage.homes |= {sid: Absent("no folder", "their home is empty") for sid in "12"}
    told = {o.item: o.reason for o in collect.apply(ctx, collect.plan(ctx, standings(ctx)))}
    assert told == {"Moon 1": "missing: no folder", "Moon 2": "missing: no folder"}


def test_an_extension_is_looked_up_again_where_the_home_was_lost(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "3")
    run_grade(ctx)
    extend(ctx, "1", LATER)
    ctx.storage.homes["1"] = Absent("no home: never logged in", "their home is gone")
    assert {o.item: o.result for o in run_collect(ctx)}["Moon 1"] == "failed"
    ctx.storage.hand_in("1", "2")
    assert {o.item: o.result for o in run_collect(ctx)}["Moon 1"] == "done"
    assert ctx.ledger.collected(NAME)["1"].at >= LATER


def test_without_a_snapshot_nothing_is_recorded_about_a_student(ctx: FakeContext) -> None:
    ctx.storage.homes["1"] = NotYet("the newest snapshot is of 23:00")
    [told, _] = run_collect(ctx)
    assert (told.item, told.result) == ("Moon 1", "held")
    assert told.reason == "not collected: the newest snapshot is of 23:00"
    assert "1" not in ctx.ledger.records(NAME)


@pytest.mark.parametrize("when", ["looking", "copying"])
def test_what_cannot_be_read_is_failed_with_the_reason_and_mended_by_the_next_run(
    ctx: FakeContext, when: str
) -> None:
    if when == "looking":
        ctx.storage.homes["1"] = Unreadable("permission denied")
    else:
        ctx.storage.hand_in("1")
        ctx.storage.broken["1"] = StorageFailure("permission denied")
    [told, _] = run_collect(ctx)
    assert (told.item, told.result, told.reason) == ("Moon 1", "failed", "permission denied")
    record = ctx.ledger.records(NAME)["1"]
    assert (record.kind, record.reason, record.at) == ("failed", "permission denied", NOW)
    ctx.storage.broken.clear()
    ctx.storage.hand_in("1")
    run_collect(ctx)
    assert "1" not in ctx.ledger.records(NAME)
    assert states(ctx) == {"1": "collected", "2": "missing"}


def test_collected_work_that_is_gone_is_not_replaced_by_what_is_in_the_home_today(
    tmp_path: Path,
) -> None:
    ctx = fake_course(tmp_path, students=2)
    run_init(ctx)
    for sid, snapshot in (("1", None), ("2", "s1")):
        ctx.storage.hand_in(sid, "4", snapshot=snapshot)
    run_grade(ctx)
    shutil.rmtree(tmp_path / "submitted")
    for sid, snapshot in (("1", None), ("2", "s1")):
        ctx.storage.hand_in(sid, "1", snapshot=snapshot)
    run_grade(ctx)
    assert states(ctx) == {"1": "failed", "2": "graded"}
    asked_for = collect.plan(ctx, standings(ctx), only=["1"])
    assert [type(line.found) for line in asked_for.lines] == [Located]
