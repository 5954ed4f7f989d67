from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal

from rudaux.domain.grades import CanvasSubmission, Push
from rudaux.domain.history import (
    UndoKind,
    UndoLine,
    confirmed,
    decide_undo,
    last_scores,
    last_taken,
    unconfirmed,
    undone,
    written_by,
)

AT = datetime(2026, 10, 2, tzinfo=timezone.utc)


def push(run: int | None, old: str | None, new: str | None, undoes: int | None = None) -> Push:
    """A push for Io that took."""
    before, after = (None if x is None else Decimal(x) for x in (old, new))
    return Push("homework_1", "io", before, after, after, AT, run, undoes=undoes)


def test_an_undo_leads_back_to_the_score_before() -> None:
    pushes = [push(1, None, "7"), push(2, "7", "9"), push(3, "9", "7", undoes=2)]
    assert last_scores(pushes) == {"io": Decimal(7)}
    assert undone(pushes)["io"].old == 9


def test_an_undone_first_push_leaves_nothing() -> None:
    pushes = [push(1, None, "7"), push(2, "7", None, undoes=1)]
    assert last_scores(pushes) == {}
    assert undone(pushes)["io"].old == 7


def test_a_persons_value_that_was_replaced_is_a_persons_again() -> None:
    pushes = [push(1, None, "7"), push(2, "4", "9"), push(3, "9", "4", undoes=2)]
    assert last_scores(pushes) == {"io": Decimal(7)}


def test_undoing_an_undo_is_as_if_nothing_had_been_undone() -> None:
    pushes = [push(1, None, "7"), push(2, "7", None, undoes=1), push(3, None, "7", undoes=2)]
    assert last_scores(pushes) == {"io": Decimal(7)}
    assert undone(pushes) == {}
    again = [*pushes, push(4, "7", None, undoes=3)]
    assert last_scores(again) == {}
    assert set(undone(again)) == {"io"}


def test_a_later_push_ends_what_an_undo_meant() -> None:
    pushes = [push(1, None, "7"), push(2, "7", None, undoes=1), push(3, None, "8")]
    assert last_scores(pushes) == {"io": Decimal(8)}
    assert undone(pushes) == {}


def test_an_undo_that_did_not_take_changes_nothing() -> None:
    failed = Push("homework_1", "io", Decimal(7), None, Decimal(7), AT, 2, undoes=1)
    assert last_scores([push(1, None, "7"), failed]) == {"io": Decimal(7)}
    assert undone([push(1, None, "7"), failed]) == {}


def ahead(new: str, read_back: str | None = None) -> Push:
    """A write that was recorded before it was made, and not read back as written."""
    back = None if read_back is None else Decimal(read_back)
    return Push("homework_1", "io", None, Decimal(new), back, AT, 2)


def test_a_write_that_canvas_shows_unconfirmed_is_known_again() -> None:
    pushes = [push(1, None, "7"), ahead("8"), ahead("9", read_back="7")]
    assert unconfirmed(pushes, {"io": Decimal(8)})["io"] == pushes[1]
    assert unconfirmed(pushes, {"io": Decimal("9.00")})["io"] == pushes[2]


def test_nobody_elses_value_and_none_at_all_is_taken_for_it() -> None:
    assert unconfirmed([ahead("8")], {"io": Decimal("8.5")}) == {}
    assert unconfirmed([ahead("8")], {"io": None, "titan": Decimal(8)}) == {}
    assert unconfirmed([ahead("8")], {}) == {}


def test_a_later_write_that_took_ends_the_doubt() -> None:
    assert unconfirmed([ahead("8"), push(3, None, "9")], {"io": Decimal(8)}) == {}


def test_an_undo_whose_run_is_forgotten_leads_to_what_it_wrote() -> None:
    assert last_scores([push(3, "9", "7", undoes=2)]) == {"io": Decimal(7)}


def test_pushes_that_belong_to_no_run_follow_each_other_as_any_others_do() -> None:
    assert last_scores([push(None, None, "7"), push(None, "7", "8")]) == {"io": Decimal(8)}


def test_only_the_push_that_canvas_shows_after_all_is_taken_as_read_back() -> None:
    pushes = (push(1, None, "7"), ahead("8"), ahead("9"))
    shown = unconfirmed(pushes, {"io": Decimal(8)})
    assert confirmed(pushes, shown) == (
        pushes[0],
        replace(pushes[1], read_back=Decimal(8)),
        pushes[2],
    )


def test_the_last_push_that_took_is_the_last_one_that_canvas_showed() -> None:
    first, second = push(1, None, "7"), push(2, "7", "8")
    assert last_taken([first, second, ahead("9")]) == {"io": second}


# --- What a run wrote, as one push each ---------------------------------------------------------


def test_two_writes_of_one_run_are_one_from_the_first_value_to_the_last() -> None:
    assert written_by([push(1, "3", "7"), push(1, "7", "8")]) == (push(1, "3", "8"),)
    assert written_by([push(1, None, "7"), push(1, "7", "8")]) == (push(1, None, "8"),)


def test_students_and_assignments_are_kept_apart() -> None:
    one = push(1, None, "7")
    others = replace(one, student_id="titan"), replace(one, assignment="homework_2")
    assert written_by([one, *others]) == (one, *others)


def test_what_a_run_only_took_note_of_was_not_written_by_it() -> None:
    noted = replace(push(1, "3", "7"), adopted=True)
    assert written_by([noted]) == ()
    assert written_by([noted, push(1, "7", "8")]) == (push(1, "7", "8"),)


# --- What an undo would do ----------------------------------------------------------------------

WROTE = push(2, "7", "9")


def undo(
    now: str | None,
    last: Push | None = WROTE,
    graded_at: datetime | None = None,
    *,
    excused: bool = False,
) -> UndoLine:
    """Decide on an undo of run 2, where Canvas has `now` and `last` was the last push."""
    entered = None if now is None else Decimal(now)
    return decide_undo(WROTE, last, CanvasSubmission("io", entered, excused, graded_at))


def line(kind: UndoKind, now: str | None, why: str = "", unrecorded: bool = False) -> UndoLine:
    current = None if now is None else Decimal(now)
    return UndoLine(
        "homework_1",
        "io",
        kind,
        Decimal(9),
        Decimal(7),
        current,
        why,
        unrecorded,
    )


def test_a_score_that_a_run_wrote_is_taken_back() -> None:
    assert undo("9.00") == line("restore", "9.00")


def test_a_student_whom_canvas_does_not_list_any_more_is_left_out() -> None:
    why = "Canvas does not list them for this assignment"
    assert decide_undo(WROTE, WROTE, None) == line("not_gradable", None, why)


def test_a_student_excused_since_stays_excused() -> None:
    assert undo("9", excused=True) == line("excused", "9", "excused in Canvas")


def test_the_old_value_that_is_there_already_is_written_down_where_the_ledger_lacks_it() -> None:
    back = push(3, "9", "7", undoes=2)
    assert undo("7", last=back) == line("restored", "7")
    assert undo("7", last=WROTE) == line("restored", "7", unrecorded=True)
    assert undo("7", last=None) == line("restored", "7")


def test_what_somebody_edited_since_is_kept_and_the_day_is_named() -> None:
    assert undo("8") == line("edited", "8", "edited in Canvas by someone else: kept")
    assert undo(None).kind == "edited"
    dated = undo("8", graded_at=datetime(2026, 10, 3, 10, tzinfo=timezone.utc))
    assert dated.why == "edited in Canvas on 2026-10-03 by someone else: kept"
    assert undo("8", last=None).why == "edited in Canvas by someone else: kept"


def test_what_a_later_run_wrote_is_kept_and_the_run_is_named() -> None:
    later = push(4, "9", "8")
    assert undo("8", last=later) == line("edited", "8", "run 4 wrote another value since: kept")
    assert undo("6", last=later).why == "edited in Canvas by someone else: kept"
