from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

from rudaux.domain.grades import Push
from rudaux.domain.history import last_scores, unconfirmed, undone

AT = datetime(2026, 10, 2, tzinfo=timezone.utc)


def push(run: int, old: str | None, new: str | None, undoes: int | None = None) -> Push:
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
