from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from rudaux.domain.allowances import Allowance
from rudaux.domain.regrade import (
    CellMark,
    CellMoves,
    Comparison,
    Moved,
    SourceChange,
    SourceTest,
    compare,
    marks_by_hand,
    source_changes,
)


def cell_of(cell: str, points: str = "1", text: str = "assert f()") -> SourceTest:
    return SourceTest("nb", cell, Decimal(points), text, by_hand=False)


def mark(student: str, cell: str, auto: str | None, **more: Decimal) -> CellMark:
    points = None if auto is None else Decimal(auto)
    return CellMark(student, "nb", cell, Decimal(2), points, **more)


def compared(
    old: Mapping[str, str | None],
    new: Mapping[str, str | None],
    before: tuple[CellMark, ...] = (),
    after: tuple[CellMark, ...] = (),
    renamed: Mapping[tuple[str, str], tuple[str, str]] | None = None,
) -> Comparison:
    as_points = [
        {s: None if v is None else Decimal(v) for s, v in side.items()} for side in (old, new)
    ]
    return compare(as_points[0], as_points[1], {"9": "broken"}, before, after, renamed or {})


def test_what_a_person_gave_is_told_from_what_rudaux_allowed() -> None:
    marks = (
        mark("1", "passed", "2"),
        mark("1", "by_hand", "0", manual=Decimal("1.5")),
        mark("1", "allowed", "0", extra=Decimal(2)),
        mark("1", "more", "0", extra=Decimal(2)),
        mark("2", "none", "0", manual=Decimal(0)),
    )
    given = {"1": {("nb", "allowed"): Allowance(given=Decimal(2))}}
    assert marks_by_hand(marks, given) == {
        "1": {("nb", "by_hand"): Decimal("1.5"), ("nb", "more"): Decimal(2)},
        "2": {("nb", "none"): Decimal(0)},
    }


def test_a_source_in_step_changes_nothing() -> None:
    assert source_changes([cell_of("a")], [cell_of("a")]) == ()


def test_text_and_points_are_compared() -> None:
    assert source_changes([cell_of("a")], [cell_of("a", text="assert g()")]) == (
        SourceChange("text", "nb", "a", Decimal(1), Decimal(1), rewritten=True),
    )
    assert source_changes([cell_of("a")], [cell_of("a", "2")]) == (
        SourceChange("points", "nb", "a", Decimal(1), Decimal(2)),
    )
    both = source_changes([cell_of("a")], [cell_of("a", "2", "assert g()")])
    assert both == (SourceChange("points", "nb", "a", Decimal(1), Decimal(2), rewritten=True),)


def test_what_has_the_same_text_under_another_name_was_renamed() -> None:
    assert source_changes([cell_of("a")], [cell_of("b")]) == (
        SourceChange("renamed", "nb", "b", Decimal(1), Decimal(1), "a"),
    )
    changes = source_changes([cell_of("a")], [cell_of("b", text="other"), cell_of("c")])
    assert changes == (
        SourceChange("added", "nb", "b", None, Decimal(1)),
        SourceChange("renamed", "nb", "c", Decimal(1), Decimal(1), "a"),
    )
    twins = source_changes([cell_of("a")], [cell_of("b"), cell_of("c")])
    assert [c.kind for c in twins] == ["renamed", "added"]


def test_what_is_gone_is_told_with_its_points() -> None:
    assert source_changes([cell_of("a"), cell_of("b", "3", "x")], [cell_of("a")]) == (
        SourceChange("removed", "nb", "b", Decimal(3)),
    )


def test_a_mark_by_hand_counts_before_the_automatic_one_and_extra_credit_on_top() -> None:
    assert mark("1", "a", "1").score == 1
    assert mark("1", "a", "1", manual=Decimal(2)).score == 2
    assert mark("1", "a", "1", extra=Decimal("0.5")).score == Decimal("1.5")
    assert mark("1", "a", None, extra=Decimal(1)).score == 0
    assert mark("1", "a", None).mark is None
    assert mark("1", "a", "0").key == ("nb", "a")


def test_who_moves_is_told_with_the_tests_that_did_it() -> None:
    found = compared(
        {"1": "5", "2": "5", "3": "5"},
        {"1": "10", "2": "0", "3": "5"},
        (mark("1", "a", "1"), mark("1", "b", "1"), mark("2", "a", "1"), mark("3", "a", "1")),
        (mark("1", "a", "2"), mark("1", "b", "1"), mark("2", "a", "0"), mark("3", "a", "1")),
    )
    cell = ("nb", "a")
    assert found.moved == (
        Moved("1", Decimal(5), Decimal(10), (cell,)),
        Moved("2", Decimal(5), Decimal(0), (cell,)),
    )
    assert (found.up, found.down, found.same, found.others) == (1, 1, 1, 0)
    assert found.tests == (CellMoves("nb", "a", 1, 1),)
    assert found.tests[0].changed == 2


def test_a_score_that_comes_or_goes_is_neither_up_nor_down() -> None:
    found = compared({"8": None, "9": "5", "7": None}, {"8": "5", "9": None, "7": None})
    assert found.moved == (
        Moved("8", None, Decimal(5)),
        Moved("9", Decimal(5), None, why="broken"),
    )
    assert (found.up, found.down, found.same, found.others) == (0, 0, 1, 2)


def test_what_canvas_does_not_keep_is_no_move() -> None:
    assert compared({"1": "5"}, {"1": "5.00005"}).moved == ()
    assert len(compared({"1": "5"}, {"1": "5.0001"}).moved) == 1


def test_a_renamed_test_is_compared_with_its_former_self() -> None:
    renamed = {("nb", "b"): ("nb", "a")}
    found = compared({}, {}, (mark("1", "a", "1"),), (mark("1", "b", "1"),), renamed)
    assert found.tests == ()


def test_a_test_that_is_gone_takes_its_points_along() -> None:
    found = compared({}, {}, (mark("1", "a", "1"), mark("2", "a", "0")), ())
    assert found.tests == (CellMoves("nb", "a", 0, 1),)
