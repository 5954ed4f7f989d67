"""What a regrade would change: in the source's tests, in each student's score, test by test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from rudaux.domain.allowances import Allowance, Cell

_NOISE = Decimal("0.00005")
"""Below what Canvas keeps."""


@dataclass(frozen=True)
class SourceTest:
    """A cell that has points, as in the gradebook; `text` is from the source."""

    notebook: str
    cell: str
    points: Decimal
    text: str
    by_hand: bool

    @property
    def key(self) -> Cell:
        """The notebook and the cell."""
        return self.notebook, self.cell


@dataclass(frozen=True)
class CellMark:
    """A student's marks for one cell, in nbgrader's points."""

    student_id: str
    notebook: str
    cell: str
    maximum: Decimal
    auto: Decimal | None
    manual: Decimal | None = None
    extra: Decimal = Decimal(0)

    @property
    def key(self) -> Cell:
        """The notebook and the cell."""
        return self.notebook, self.cell

    @property
    def mark(self) -> Decimal | None:
        """The mark without extra credit: by hand, else the test's; None where there is none."""
        return self.auto if self.manual is None else self.manual

    @property
    def score(self) -> Decimal:
        """What the cell adds to the student's score, by nbgrader's rule."""
        return Decimal(0) if self.mark is None else self.mark + self.extra


def marks_by_hand(
    marks: Iterable[CellMark], allowances: Mapping[str, Mapping[Cell, Allowance]]
) -> dict[str, dict[Cell, Decimal]]:
    """Return what a person gave, by student and cell; extra credit that rudaux gave is not."""
    found: dict[str, dict[Cell, Decimal]] = {}
    for mark in marks:
        allowance = allowances.get(mark.student_id, {}).get(mark.key, Allowance())
        extra = mark.extra - allowance.given
        if mark.manual is not None or abs(extra) > _NOISE:
            found.setdefault(mark.student_id, {})[mark.key] = (mark.manual or Decimal(0)) + extra
    return found


ChangeKind = Literal["added", "removed", "renamed", "points", "text"]


@dataclass(frozen=True)
class SourceChange:
    """How a cell with points differs from the gradebook; None: it is not there."""

    kind: ChangeKind
    notebook: str
    cell: str
    old: Decimal | None = None
    new: Decimal | None = None
    was: str = ""
    """The name that a renamed cell had."""
    rewritten: bool = False
    """Whether its text differs."""


def source_changes(
    before: Sequence[SourceTest], after: Sequence[SourceTest]
) -> tuple[SourceChange, ...]:
    """Compare the cells that have points; one with the same text under a new name was renamed."""
    old, new = {t.key: t for t in before}, {t.key: t for t in after}
    gone = {key: t for key, t in old.items() if key not in new}
    found = []
    for key, test in new.items():
        there = old.get(key)
        if there is None:
            was = next((g for g in gone.values() if _is_renamed(g, test)), None)
            if was is None:
                found.append(SourceChange("added", *key, new=test.points))
            else:
                del gone[was.key]
                change = SourceChange("renamed", *key, was.points, test.points, was.cell)
                found.append(change)
        elif (there.points, there.text) != (test.points, test.text):
            kind: ChangeKind = "text" if there.points == test.points else "points"
            rewritten = there.text != test.text
            change = SourceChange(kind, *key, there.points, test.points, rewritten=rewritten)
            found.append(change)
    return (*found, *(SourceChange("removed", *key, old=t.points) for key, t in gone.items()))


def _is_renamed(was: SourceTest, now: SourceTest) -> bool:
    return (was.notebook, was.text, was.by_hand) == (now.notebook, now.text, now.by_hand)


@dataclass(frozen=True)
class Moved:
    """A student whose score changes, in Canvas points; None: there is (or will be) none.

    `tests` are those that changed it; `why` says why there is no score.
    """

    student_id: str
    old: Decimal | None
    new: Decimal | None
    tests: tuple[Cell, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class CellMoves:
    """How many students a test gives more points, and fewer."""

    notebook: str
    cell: str
    up: int
    down: int

    @property
    def changed(self) -> int:
        """Students whose points for it change."""
        return self.up + self.down


@dataclass(frozen=True)
class Comparison:
    """The class before and after: whose score changes, and how many (`same`) keep theirs."""

    moved: tuple[Moved, ...]
    same: int
    tests: tuple[CellMoves, ...]

    @property
    def up(self) -> int:
        """Students whose score rises."""
        return sum(m.old is not None and m.new is not None and m.new > m.old for m in self.moved)

    @property
    def down(self) -> int:
        """Students whose score falls."""
        return sum(m.old is not None and m.new is not None and m.new < m.old for m in self.moved)

    @property
    def others(self) -> int:
        """Students who get a score for the first time, or lose it until somebody has looked."""
        return len(self.moved) - self.up - self.down


def compare(
    old: Mapping[str, Decimal | None],
    new: Mapping[str, Decimal | None],
    why: Mapping[str, str],
    before: Iterable[CellMark],
    after: Iterable[CellMark],
    renamed: Mapping[Cell, Cell],
) -> Comparison:
    """Compare scores in Canvas points by student, and the tests' points behind them.

    `renamed` gives the former name of a cell.
    """
    changed = _changed_tests(before, after, renamed)
    moved = tuple(
        Moved(sid, old[sid], new.get(sid), tuple(changed.get(sid, {})), why.get(sid, ""))
        for sid in old
        if not _same(old[sid], new.get(sid))
    )
    up, down = Counter[Cell](), Counter[Cell]()
    for tests in changed.values():
        for cell, rises in tests.items():
            (up if rises else down)[cell] += 1
    counts = tuple(CellMoves(*cell, up[cell], down[cell]) for cell in sorted({*up, *down}))
    return Comparison(moved, len(old) - len(moved), counts)


def _changed_tests(
    before: Iterable[CellMark], after: Iterable[CellMark], renamed: Mapping[Cell, Cell]
) -> dict[str, dict[Cell, bool]]:
    """Return by student which tests' points change, and whether they rise."""
    old = {(m.student_id, m.key): m.score for m in before}
    found: dict[str, dict[Cell, bool]] = {}
    for mark in after:
        was = old.pop((mark.student_id, renamed.get(mark.key, mark.key)), Decimal(0))
        if abs(mark.score - was) > _NOISE:
            found.setdefault(mark.student_id, {})[mark.key] = mark.score > was
    for (sid, cell), score in old.items():
        if score > _NOISE:
            found.setdefault(sid, {})[cell] = False
    return found


def _same(one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _NOISE
