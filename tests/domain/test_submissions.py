"""Every student is in exactly one state, the furthest reached, with the reason beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Literal

import pytest

from rudaux.domain.submissions import (
    STATES,
    GradebookSubmission,
    Record,
    Standing,
    count_states,
    standing_of,
    state_words,
)

AT = datetime(2026, 10, 2, tzinfo=timezone.utc)
COLLECTED = GradebookSubmission("io", AT, False, False, Decimal(0))
GRADED = replace(COLLECTED, autograded=True, score=Decimal(3))
BY_HAND = replace(GRADED, needs_manual=True)

Kind = Literal["missing", "failed", "held", "graded"]


def standing(
    submission: GradebookSubmission | None = None,
    kind: Kind | None = None,
    reason: str = "",
    *,
    due: bool = True,
    pushed: bool = False,
    moved: str = "",
) -> Standing:
    """Where Io stands, given the ledger's last word about them."""
    record = None if kind is None else Record(kind, reason, AT)
    return standing_of("io", due, submission, record, pushed, moved)


# --- Nothing in the gradebook -------------------------------------------------------------------


def test_before_the_deadline_nothing_is_due_whatever_the_ledger_says() -> None:
    waiting = Standing("io", "not_due", "", due=False)
    assert standing(due=False) == waiting
    assert standing(None, "missing", "no folder", due=False, pushed=True) == waiting


def test_what_was_collected_before_the_deadline_moved_is_not_due_unless_it_is_in_canvas() -> None:
    then = "on Friday"
    for before in (COLLECTED, GRADED, BY_HAND):
        waits = Standing("io", "not_due", then, due=False)
        assert standing(before, due=False, moved=then) == waits
    assert standing(GRADED, "failed", "no kernel", due=False, moved=then).state == "not_due"
    assert standing(GRADED, due=False, pushed=True, moved=then).state == "pushed"
    assert standing(GRADED, due=False).state == "graded"


def test_after_the_deadline_nobody_is_missing_before_they_were_looked_for() -> None:
    assert standing() == Standing("io", "not_due", "due, but not collected yet", due=True)


def test_missing_needs_proof_and_says_which() -> None:
    assert standing(None, "missing", "no folder") == Standing("io", "missing", "no folder")


def test_a_zero_for_missing_work_that_canvas_has_is_pushed() -> None:
    found = standing(None, "missing", "no folder", pushed=True)
    assert found == Standing("io", "pushed", "no folder")


def test_work_that_could_not_be_collected_is_failed_and_never_missing() -> None:
    for pushed in (False, True):
        found = standing(None, "failed", "permission denied", pushed=pushed)
        assert found == Standing("io", "failed", "permission denied")


# --- A submission in the gradebook --------------------------------------------------------------


@pytest.mark.parametrize("due", [True, False])
def test_collected_work_is_collected_before_it_is_autograded(due: bool) -> None:
    assert standing(COLLECTED, due=due) == Standing("io", "collected", "", due)


@pytest.mark.parametrize("due", [True, False])
@pytest.mark.parametrize("submission", [COLLECTED, GRADED, BY_HAND])
def test_a_failure_of_ours_comes_before_every_score(
    submission: GradebookSubmission, due: bool
) -> None:
    found = standing(submission, "failed", "Docker is down", due=due, pushed=True)
    assert found == Standing("io", "failed", "Docker is down", due)


@pytest.mark.parametrize("due", [True, False])
def test_a_cell_that_is_marked_by_hand_waits_for_a_person(due: bool) -> None:
    waits = "waits for marks by hand"
    assert standing(BY_HAND, due=due) == Standing("io", "needs_manual", waits, due)
    assert standing(BY_HAND, "graded", due=due) == Standing("io", "needs_manual", waits, due)


def test_what_was_put_right_is_told_to_who_marks_by_hand() -> None:
    found = standing(BY_HAND, "graded", "a deleted test was put back")
    assert found.reason == "waits for marks by hand; a deleted test was put back"


@pytest.mark.parametrize("due", [True, False])
def test_doubtful_work_is_held_for_a_person_even_if_its_score_was_pushed(due: bool) -> None:
    found = standing(GRADED, "held", "it replaces round", due=due, pushed=True)
    assert found == Standing("io", "needs_manual", "it replaces round", due)


@pytest.mark.parametrize("due", [True, False])
def test_autograded_work_is_graded_until_canvas_has_the_same_score(due: bool) -> None:
    assert standing(GRADED, due=due) == Standing("io", "graded", "", due)
    assert standing(GRADED, due=due, pushed=True) == Standing("io", "pushed", "", due)


def test_what_was_put_right_is_told_beside_the_grade() -> None:
    found = standing(GRADED, "graded", "notebook was renamed")
    assert found == Standing("io", "graded", "notebook was renamed")


def test_work_that_was_handed_in_after_all_is_not_missing_any_more() -> None:
    assert standing(COLLECTED, "missing", "no folder").state == "collected"
    assert standing(GRADED, "missing", "no folder").state == "graded"


# --- Counting -----------------------------------------------------------------------------------


def test_states_are_said_in_words_that_agree_with_their_number() -> None:
    assert state_words("needs_manual") == "waits for you"
    assert state_words("needs_manual", 3) == "wait for you"
    assert state_words("failed", 3) == "could not be graded"


def test_every_state_is_counted_also_where_nobody_is_in_it() -> None:
    counts = count_states(
        [Standing("1", "graded"), Standing("2", "graded"), Standing("3", "failed")]
    )
    assert list(counts) == list(STATES)
    assert {state: n for state, n in counts.items() if n} == {"graded": 2, "failed": 1}
    assert sum(counts.values()) == 3


@pytest.mark.parametrize("kind", ["graded", "held"])
def test_who_was_graded_and_is_no_longer_in_the_gradebook_is_failed_not_missing(
    kind: Kind,
) -> None:
    lost = standing(kind=kind)
    assert lost == Standing("io", "failed", "graded, but no longer in the gradebook", True)
