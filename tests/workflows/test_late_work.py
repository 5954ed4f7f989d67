"""Late work, edits after the deadline, and new work after an extension."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.config import GradingSettings
from rudaux.domain.collection import Absent, Copied, LateEdit, Located, Lookup, NotYet
from rudaux.domain.deadlines import Override
from rudaux.workflows.grade import unfinished
from tests.fakes import NOW, YESTERDAY, FakeContext, assignment, fake_course
from tests.workflows.run import run_autograde, run_collect, run_grade, run_init, run_submit, states

HOUR = timedelta(hours=1)
LATE = NOW + timedelta(days=1)
NAME = "homework_1"


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    """Two students, due yesterday; late work is taken until tomorrow."""
    course = fake_course(tmp_path, [assignment(late_until=LATE)], students=2)
    run_init(course)
    course.storage.hand_in("1", "3")
    return course


def grade_and_push(ctx: FakeContext) -> dict[str, Decimal | None]:
    """Grade and push as cron does; give what Canvas shows."""
    for _ in unfinished(ctx):
        run_grade(ctx)
        run_submit(ctx)
    return {sid: row.entered for sid, row in ctx.canvas.grades[101].items()}


def extend(ctx: FakeContext, student_id: str, due: datetime) -> None:
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], has_overrides=True)
    ctx.canvas.override_list[101] = [Override(1, due, student_ids=frozenset({student_id}))]


def test_cron_has_an_entry_for_late_work(ctx: FakeContext) -> None:
    (entry,) = ctx.crontab.entries(str(ctx.config.folder))
    assert (entry.day, entry.hour, entry.minute) == (3, 8, 10)


def test_who_had_nothing_is_collected_again_and_the_zero_is_replaced(ctx: FakeContext) -> None:
    assert grade_and_push(ctx) == {"1": Decimal("7.5"), "2": Decimal(0)}
    assert unfinished(ctx) == ()
    ctx.storage.hand_in("2", "2", snapshot="s2")
    ctx.storage.hand_in("1", "4")
    assert unfinished(ctx) == ()
    ctx.moment = LATE
    ctx.storage.homes["2"] = late_only(ctx, "2")
    assert grade_and_push(ctx) == {"1": Decimal("7.5"), "2": Decimal(5)}
    assert unfinished(ctx) == ()


def late_only(ctx: FakeContext, student_id: str) -> Lookup:
    """Work that the snapshot of the deadline does not hold, and the later one does."""
    found = ctx.storage.homes[student_id]
    locate = ctx.storage.locate

    def looked(sid: str, name: str, deadline: datetime) -> Lookup:
        at = locate(sid, name, deadline)
        return Absent("not there yet") if sid == student_id and deadline < LATE else at

    ctx.storage.locate = looked  # type: ignore[method-assign, assignment]
    return found


def test_who_still_has_nothing_is_asked_about_once(ctx: FakeContext) -> None:
    grade_and_push(ctx)
    ctx.moment = LATE
    assert [a.name for a in unfinished(ctx)] == [NAME]
    assert grade_and_push(ctx)["2"] == Decimal(0)
    assert unfinished(ctx) == ()


def test_without_a_snapshot_for_late_work_the_proof_of_the_deadline_stands(
    ctx: FakeContext,
) -> None:
    grade_and_push(ctx)
    ctx.moment = LATE
    ctx.storage.homes["2"] = NotYet("no snapshot yet")
    late_only(ctx, "2")
    assert [(o.item, o.result) for o in run_collect(ctx)] == [("Moon 2", "held")]
    assert states(ctx)["2"] == "pushed"


def test_an_extension_beyond_the_date_for_late_work_counts(ctx: FakeContext) -> None:
    extend(ctx, "2", LATE + HOUR)
    ctx.moment = LATE
    assert [sid for sid, _ in asked(ctx)] == ["1"]
    ctx.moment = LATE + HOUR
    assert ("2", LATE + HOUR) in asked(ctx)


def asked(ctx: FakeContext) -> list[tuple[str, datetime]]:
    ctx.storage.asked.clear()
    run_collect(ctx)
    return ctx.storage.asked


@pytest.mark.parametrize("seen_missing", [True, False])
def test_a_live_folder_is_late_work_only_where_nothing_was_seen_at_the_deadline(
    ctx: FakeContext, seen_missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seen_missing:
        run_grade(ctx)
    ctx.moment = LATE
    ctx.storage.hand_in("2", "2", snapshot=None)
    monkeypatch.setattr(
        ctx.storage, "copy", lambda *_: Copied(YESTERDAY - HOUR, "d", (), (("nb", YESTERDAY),))
    )
    (told,) = [o.reason for o in run_collect(ctx) if o.item == "Moon 2"]
    at = ctx.gradebook.rows[NAME, "2"].submitted_at
    assert at == (YESTERDAY + timedelta(seconds=1) if seen_missing else YESTERDAY - HOUR)
    assert ("dated before the deadline" in told) == seen_missing


# --- After an extension -------------------------------------------------------------------------


def test_after_an_extension_the_result_stands_and_then_new_work_is_collected(
    ctx: FakeContext,
) -> None:
    grade_and_push(ctx)
    extend(ctx, "1", NOW + HOUR)
    ctx.storage.hand_in("1", "4", snapshot="s2")
    assert unfinished(ctx) == ()
    assert grade_and_push(ctx)["1"] == Decimal("7.5")
    ctx.moment = NOW + HOUR
    assert grade_and_push(ctx)["1"] == Decimal(10)
    assert (ctx.config.folder / "kept" / "1" / NAME / "nb.ipynb").read_text() == "3"
    assert unfinished(ctx) == ()


def test_a_deadline_that_moves_for_the_class_keeps_grades_back_until_then(ctx: FakeContext) -> None:
    run_grade(ctx)
    made = ctx.canvas.existing[101]
    ctx.canvas.existing[101] = replace(made, due_at=NOW + HOUR)
    assert run_submit(ctx)[0].counts == {"not_due": 2}
    assert set(states(ctx).values()) == {"not_due"}
    ctx.moment = NOW + HOUR
    ctx.storage.hand_in("1", "4", snapshot="s2")
    assert grade_and_push(ctx)["1"] == Decimal(10)


def test_who_was_missing_and_got_an_extension_is_collected_at_its_end(ctx: FakeContext) -> None:
    grade_and_push(ctx)
    extend(ctx, "2", LATE + HOUR)
    ctx.moment = LATE + HOUR
    ctx.storage.hand_in("2", "2", snapshot="s2")
    assert grade_and_push(ctx)["2"] == Decimal(5)


@pytest.mark.parametrize("gone", [False, True])
def test_work_that_did_not_change_is_looked_at_once(ctx: FakeContext, gone: bool) -> None:
    grade_and_push(ctx)
    extend(ctx, "1", NOW + HOUR)
    ctx.moment = NOW + HOUR
    if gone:
        del ctx.storage.homes["1"]
    grade_and_push(ctx)
    assert (states(ctx)["1"], unfinished(ctx)) == ("pushed", ())


def test_a_penalty_by_the_old_deadline_is_reckoned_anew(ctx: FakeContext) -> None:
    grade_and_push(ctx)
    row = ctx.gradebook.rows[NAME, "1"]
    ctx.gradebook.rows[NAME, "1"] = replace(row, penalty=Decimal(1), score=Decimal(2))
    extend(ctx, "1", NOW + HOUR)
    ctx.moment = NOW + HOUR
    run_collect(ctx)
    assert states(ctx)["1"] == "collected"
    assert run_autograde(ctx)[0].ok


# --- Edits after the deadline -------------------------------------------------------------------


def edited(ctx: FakeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first student's notebook have changed two hours after the deadline."""
    copy = ctx.storage.copy

    def copied(located: Located, destination: Path, needed: object = ()) -> Copied:
        done = copy(located, destination)
        return replace(done, files=(("nb.ipynb", YESTERDAY + 2 * HOUR), ("data.csv", YESTERDAY)))

    monkeypatch.setattr(ctx.storage, "copy", copied)


def test_edits_after_the_deadline_are_told_and_taken(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited(ctx, monkeypatch)
    run_grade(ctx)
    edit = LateEdit("nb.ipynb", YESTERDAY + 2 * HOUR, YESTERDAY)
    assert ctx.ledger.late_edits(NAME) == {"1": (edit,)}
    told = "changed after the deadline: nb.ipynb 2 h late"
    assert (ctx.ledger.words[NAME, "1"].reason, states(ctx)["1"]) == (told, "graded")


def test_or_held_until_a_person_accepts_them(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx.config = replace(ctx.config, grading=GradingSettings(late_edits="hold"))
    edited(ctx, monkeypatch)
    run_grade(ctx)
    assert states(ctx)["1"] == "needs_manual"
    run_autograde(ctx, only=["1"], accept_doubts=True)
    assert states(ctx)["1"] == "graded"
    assert run_collect(ctx) == run_collect(ctx)
