"""A push decided case by case; test_push_decision.py has what holds in every case."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from rudaux.domain.grades import (
    CanvasSubmission,
    PushLine,
    Undone,
    canvas_score,
    decide_push,
    fixed_point,
    same_score,
)
from rudaux.domain.submissions import Standing, State

D = Decimal
GRADED = Standing("io", "graded")
MISSING = Standing("io", "missing", "no folder")
KEPT = "kept (--overwrite-edits replaces it)"


def canvas(entered: str | None = None, graded_at: datetime | None = None) -> CanvasSubmission:
    return CanvasSubmission("io", None if entered is None else D(entered), graded_at=graded_at)


# --- Scores -------------------------------------------------------------------------------------


def test_a_score_is_scaled_to_the_points_of_canvas() -> None:
    assert canvas_score(D(3), D(4), D(10)) == D("7.5")
    assert canvas_score(D(1), D(3), D(10)) == D("3.3333")
    assert canvas_score(D(2), D(3), D(10)) == D("6.6667")


def test_a_source_without_points_gives_nobody_any() -> None:
    assert canvas_score(D(3), D(0), D(10)) == 0


def test_halves_of_the_last_decimal_are_rounded_up_everywhere_alike() -> None:
    assert canvas_score(D("1.00005"), D(10), D(10)) == D("1.0001")
    assert fixed_point(D("1.00005")) == "1.0001"
    assert same_score(D("1.00005"), D("1.0001"))
    assert same_score(D("1.0001"), D("1.00005"))


@pytest.mark.parametrize(
    ("score", "text"),
    [("10", "10"), ("1E+2", "100"), ("7.50", "7.5"), ("0.0001", "0.0001"), ("6.66666", "6.6667"),
     ("0", "0"), ("0E-10", "0"), ("-0", "0"), ("-0.00001", "0"), ("-1", "-1")],
)  # fmt: skip
def test_a_score_is_written_as_canvas_reads_it(score: str, text: str) -> None:
    assert fixed_point(D(score)) == text


def test_no_grade_is_like_no_grade_and_not_like_0() -> None:
    assert same_score(None, None)
    assert not same_score(None, D(0))
    assert not same_score(D(0), None)


def test_a_grade_is_hidden_until_it_is_posted() -> None:
    assert canvas("7").hidden
    assert replace(canvas(), excused=True).hidden
    assert not canvas().hidden
    assert not replace(canvas("7"), posted_at="2026-10-02").hidden


def test_who_joined_after_the_deadline_gets_a_zero_only_from_a_person() -> None:
    late = replace(MISSING, asks=True)
    held = decide_push(late, D(0), None, canvas())
    assert held == PushLine("io", "held", None, None, "no folder", asks=True)
    assert decide_push(late, D(0), None, canvas(), accept_zeros=True).kind == "missing"
    assert decide_push(late, D(0), None, canvas("0")).kind == "unchanged"
    assert decide_push(late, D(0), None, canvas("7")).kind == "conflict"


# --- Nobody is graded who cannot or must not be ------------------------------------------------


def test_a_student_whom_canvas_does_not_list_is_not_gradable() -> None:
    why = "Canvas does not list them for this assignment"
    assert decide_push(GRADED, D(7), None, None) == PushLine("io", "not_gradable", why=why)


def test_a_student_excused_in_canvas_stays_excused() -> None:
    there = replace(canvas("3"), excused=True)
    line = decide_push(GRADED, D(7), D(3), there)
    assert line == PushLine("io", "excused", D(3), why="excused in Canvas")


def test_before_the_deadline_nothing_is_pushed() -> None:
    line = decide_push(Standing("io", "not_due", due=False), D(0), None, canvas("3"))
    assert line == PushLine("io", "not_due", D(3), why="not due yet")


def test_who_is_due_but_not_collected_is_held_with_the_reason() -> None:
    standing = Standing("io", "not_due", "due, but not collected yet", due=True)
    line = decide_push(standing, D(0), None, canvas("3"))
    assert line == PushLine("io", "held", D(3), why="due, but not collected yet")


@pytest.mark.parametrize("state", ["collected", "failed", "needs_manual"])
def test_work_that_is_not_judged_is_held_with_the_reason(state: State) -> None:
    line = decide_push(Standing("io", state, "Docker is down"), D(0), None, canvas("3"))
    assert line == PushLine("io", "held", D(3), why="Docker is down")


def test_collected_work_that_was_never_graded_is_held_and_says_so() -> None:
    line = decide_push(Standing("io", "collected"), D(0), None, canvas())
    why = "collected, but not autograded yet: `rudaux grade` does that"
    assert line == PushLine("io", "held", why=why)


# --- Three ways ---------------------------------------------------------------------------------


def test_a_first_grade_is_new() -> None:
    assert decide_push(GRADED, D(7), None, canvas()) == PushLine("io", "new", None, D(7))


def test_what_canvas_has_already_is_unchanged() -> None:
    line = decide_push(GRADED, D(7), D(7), canvas("7.00"))
    assert line == PushLine("io", "unchanged", D(7), D(7))


def test_a_regrade_changes_the_grade_and_says_when_it_sinks() -> None:
    line = decide_push(GRADED, D(8), D(7), canvas("7"))
    assert line == PushLine("io", "changed", D(7), D(8), "regraded")
    assert decide_push(GRADED, D(6), D(7), canvas("7")).why == "regraded, lower than before"


def test_missing_work_is_a_zero_with_its_proof() -> None:
    line = decide_push(MISSING, D(0), None, canvas())
    assert line == PushLine("io", "missing", None, D(0), "no folder")
    without = decide_push(Standing("io", "missing"), D(0), None, canvas())
    assert without.why == "nothing handed in"


def test_a_grade_that_somebody_entered_is_kept() -> None:
    line = decide_push(GRADED, D(7), None, canvas("9"))
    why = f"entered in Canvas by someone else: {KEPT}"
    assert line == PushLine("io", "conflict", D(9), D(7), why)


def test_a_grade_that_somebody_edited_is_kept_and_the_day_is_named() -> None:
    edited = canvas("9", datetime(2026, 10, 3, 1, tzinfo=timezone.utc))
    west = timezone(timedelta(hours=-7))
    line = decide_push(GRADED, D(7), D(7), edited, zone=west)
    why = f"edited in Canvas on 2026-10-02 by someone else: {KEPT}"
    assert line == PushLine("io", "conflict", D(9), D(7), why)


def test_a_grade_that_somebody_cleared_stays_cleared() -> None:
    line = decide_push(GRADED, D(7), D(7), canvas())
    why = f"cleared in Canvas by someone else: {KEPT}"
    assert line == PushLine("io", "conflict", None, D(7), why)


def test_edits_are_replaced_where_that_was_asked_for_and_it_is_said() -> None:
    line = decide_push(GRADED, D(9), D(7), canvas("8"), overwrite_edits=True)
    assert line == PushLine("io", "changed", D(8), D(9), "replaces an edit", True)
    lower = decide_push(GRADED, D(7), None, canvas("8"), overwrite_edits=True)
    why = "replaces an edit, lower than before"
    assert lower == PushLine("io", "changed", D(8), D(7), why, True)
    cleared = decide_push(GRADED, D(9), D(7), canvas(), overwrite_edits=True)
    assert cleared == PushLine("io", "changed", None, D(9), "replaces an edit", True)
    missing = decide_push(MISSING, D(0), None, canvas("8"), overwrite_edits=True)
    assert missing == PushLine("io", "missing", D(8), D(0), "no folder", True)


def test_only_new_changed_and_missing_are_written() -> None:
    assert decide_push(GRADED, D(7), None, canvas()).writes
    assert decide_push(GRADED, D(8), D(7), canvas("7")).writes
    assert decide_push(MISSING, D(0), None, canvas()).writes
    assert not decide_push(GRADED, D(7), D(7), canvas("7")).writes
    assert not decide_push(GRADED, D(7), None, canvas("9")).writes


# --- After an undo ------------------------------------------------------------------------------

UNDONE = Undone(D(7), run=2)


def test_what_was_undone_is_not_pushed_again_by_itself() -> None:
    line = decide_push(GRADED, D(7), None, canvas(), undone=UNDONE)
    why = "undone by run 2: kept (--overwrite-edits pushes it again)"
    assert line == PushLine("io", "held", None, D(7), why)


@pytest.mark.parametrize(("again", "overwrite"), [(True, False), (False, True)])
def test_what_was_undone_is_pushed_again_where_a_person_wants_it(
    again: bool, overwrite: bool
) -> None:
    undone = replace(UNDONE, again=again)
    line = decide_push(GRADED, D(7), None, canvas(), overwrite, undone)
    assert line == PushLine("io", "changed", None, D(7), "undone by run 2, now pushed again")


def test_a_score_that_an_undo_brought_back_stays_until_the_gradebook_says_another() -> None:
    line = decide_push(GRADED, D(7), D(5), canvas("5"), undone=UNDONE)
    assert (line.kind, line.old, line.new) == ("held", D(5), D(7))
    assert decide_push(GRADED, D(8), D(5), canvas("5"), undone=UNDONE).kind == "changed"


def test_another_score_than_the_one_undone_is_pushed() -> None:
    assert decide_push(GRADED, D(8), None, canvas(), undone=UNDONE).kind == "new"


def test_an_edit_after_an_undo_is_an_edit() -> None:
    kept = decide_push(GRADED, D(7), None, canvas("5"), undone=UNDONE)
    assert kept.kind == "conflict"
    line = decide_push(GRADED, D(7), None, canvas("5"), overwrite_edits=True, undone=UNDONE)
    assert (line.kind, line.replaces_edit) == ("changed", True)
    assert line.why == "replaces an edit"
    again = replace(UNDONE, again=True)
    assert decide_push(GRADED, D(7), None, canvas("5"), undone=again) == kept
