from __future__ import annotations

from decimal import Decimal

from rudaux.domain.allowances import Allowance, allowances_for

CELL, OTHER = ("nb", "test"), ("nb", "other")
TWO = Decimal(2)


def test_full_points_are_what_the_test_did_not_give() -> None:
    full = Allowance(full=True)
    assert full.wanted(Decimal("0.5"), TWO) == Decimal("1.5")
    assert full.wanted(TWO, TWO) == 0
    assert full.wanted(Decimal(3), TWO) == 0
    assert full.wanted(Decimal(1), TWO, by_hand=True) == 1


def test_a_floor_lifts_to_what_it_was_and_never_above_the_maximum() -> None:
    assert Allowance(Decimal(1)).wanted(Decimal(0), TWO) == 1
    assert Allowance(Decimal(1)).wanted(TWO, TWO) == 0
    assert Allowance(Decimal(5)).wanted(Decimal(0), TWO) == 2


def test_a_mark_by_hand_has_no_floor() -> None:
    assert Allowance(Decimal(1)).wanted(Decimal(0), TWO, by_hand=True) == 0


def test_extra_credit_that_is_neither_noted_nor_wanted_is_a_persons() -> None:
    allowance = Allowance(full=True, given=Decimal("0.5"))
    assert allowance.is_ours(Decimal("0.5"), Decimal(2), TWO)
    assert not allowance.is_ours(Decimal(2), Decimal(0), TWO)
    cut_short = Allowance(full=True, given=Decimal("0.5"), unsure=True)
    assert cut_short.is_ours(Decimal(2), Decimal(0), TWO)
    assert not allowance.is_ours(Decimal(1), Decimal(0), TWO)
    assert not allowance.is_ours(Decimal("0.500001"), Decimal(2), TWO)
    floor = Allowance(Decimal(1), unsure=True)
    assert floor.is_ours(Decimal(1), Decimal(0), TWO)
    assert not floor.is_ours(Decimal(1), Decimal(0), TWO, by_hand=True)


def test_credit_is_everybodys_and_the_highest_floor_counts() -> None:
    kept = {"1": {CELL: Allowance(Decimal(1), given=Decimal("0.5"))}}
    floors = {"1": {CELL: TWO, OTHER: Decimal(1)}, "2": {OTHER: Decimal(1)}}
    assert allowances_for("1", frozenset({OTHER}), kept, floors) == {
        CELL: Allowance(TWO, given=Decimal("0.5")),
        OTHER: Allowance(Decimal(1), full=True),
    }
    lower = {"1": {CELL: Decimal("0.5")}}
    assert allowances_for("1", frozenset(), kept, lower)[CELL].floor == 1
    assert allowances_for("3", frozenset({CELL}), kept, floors) == {CELL: Allowance(full=True)}
    assert allowances_for("3", frozenset(), kept, floors) == {}
