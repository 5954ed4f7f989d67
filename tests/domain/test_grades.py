"""What the three-way decision keeps to, whatever the gradebook, the ledger and Canvas say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from rudaux.domain.grades import (
    CanvasSubmission,
    canvas_score,
    decide_push,
    fixed_point,
    same_score,
)
from rudaux.domain.submissions import STATES, Standing

SCORES = st.decimals(0, 10_000, places=4) | st.sampled_from([Decimal(0), Decimal("8.5")])
NEVER = {"not_due", "collected", "failed", "needs_manual"}
STANDINGS = st.builds(
    Standing, st.just("11"), st.sampled_from(STATES), st.sampled_from(["", "why"]), st.booleans()
)


LAST = st.none() | SCORES
CANVAS = st.builds(CanvasSubmission, st.just("11"), LAST, st.booleans())


@given(STANDINGS, SCORES, LAST, CANVAS)
def test_a_person_s_edit_is_never_written_over_unasked(
    standing: Standing, target: Decimal, last: Decimal | None, canvas: CanvasSubmission
) -> None:
    line = decide_push(standing, target, last, canvas)
    if not same_score(canvas.entered, last):
        assert not line.writes


@given(STANDINGS, SCORES, LAST, CANVAS, st.booleans())
def test_nothing_is_written_for_the_excused_and_for_work_that_is_not_judged(
    standing: Standing,
    target: Decimal,
    last: Decimal | None,
    canvas: CanvasSubmission,
    overwrite: bool,
) -> None:
    line = decide_push(standing, target, last, canvas, overwrite)
    if canvas.excused or standing.state in NEVER:
        assert line.kind in {"excused", "held", "not_due"}
        assert not line.writes
    assert decide_push(standing, target, last, None, overwrite).kind == "not_gradable"


@given(STANDINGS, SCORES, LAST, CANVAS, st.booleans())
def test_a_write_that_took_leaves_nothing_to_do(
    standing: Standing,
    target: Decimal,
    last: Decimal | None,
    canvas: CanvasSubmission,
    overwrite: bool,
) -> None:
    line = decide_push(standing, target, last, canvas, overwrite)
    if line.writes:
        assert line.new == target
        after = replace(canvas, entered=line.new)
        assert decide_push(standing, target, line.new, after).kind == "unchanged"


@given(STANDINGS, SCORES, CANVAS)
def test_a_write_that_did_not_take_is_decided_alike_again(
    standing: Standing, target: Decimal, canvas: CanvasSubmission
) -> None:
    line = decide_push(standing, target, canvas.entered, canvas)
    assert decide_push(standing, target, canvas.entered, canvas) == line
    if standing.state not in NEVER and not canvas.excused:
        assert line.writes or line.kind == "unchanged"


@given(STANDINGS, SCORES, LAST, CANVAS)
def test_asked_to_replace_edits_it_writes_what_it_showed_as_a_conflict(
    standing: Standing, target: Decimal, last: Decimal | None, canvas: CanvasSubmission
) -> None:
    kept = decide_push(standing, target, last, canvas)
    asked = decide_push(standing, target, last, canvas, overwrite_edits=True)
    if kept.kind == "conflict":
        assert asked.writes
        assert asked.new == kept.new
    else:
        assert asked == kept


@given(STANDINGS, SCORES, LAST, CANVAS)
def test_a_line_says_why_where_it_is_not_plain(
    standing: Standing, target: Decimal, last: Decimal | None, canvas: CanvasSubmission
) -> None:
    line = decide_push(standing, target, last, canvas)
    assert line.old == canvas.entered
    assert line.why or line.kind in {"unchanged", "new"}


@given(STANDINGS, SCORES, CANVAS)
def test_a_lost_ledger_makes_no_conflict_of_what_is_right_already(
    standing: Standing, target: Decimal, canvas: CanvasSubmission
) -> None:
    there = replace(canvas, entered=target, excused=False)
    if standing.state not in NEVER:
        assert decide_push(standing, target, None, there).kind == "unchanged"


# --- Scores -------------------------------------------------------------------------------------

POINTS = st.decimals(1, 1000, places=2)


@given(st.decimals(0, 1000, places=3), POINTS, POINTS)
def test_a_scaled_score_survives_being_written_and_read(
    score: Decimal, maximum: Decimal, points: Decimal
) -> None:
    scaled = canvas_score(score, maximum, points)
    text = fixed_point(scaled)
    assert "e" not in text.lower()
    assert Decimal(text) == scaled
    assert same_score(Decimal(str(float(text))), scaled)


@given(POINTS, POINTS)
def test_full_marks_are_full_and_nothing_is_nothing(maximum: Decimal, points: Decimal) -> None:
    assert canvas_score(maximum, maximum, points) == points
    assert canvas_score(Decimal(0), maximum, points) == 0
    assert canvas_score(points, Decimal(0), points) == 0
