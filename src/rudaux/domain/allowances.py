"""Points that a person grants on top of a test's own: for a broken test, or the better of two runs.

They are stored in the gradebook as nbgrader's extra credit, which formgrader shows beside the test:
the automatic mark stays what the test gave, a mark by hand stays what a person gave, and the
maximum is not touched. A manual score would hide the first and replace the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

Cell = tuple[str, str]
"""A notebook's name, and a cell's grade id in it."""

_NOISE = Decimal("0.000001")


@dataclass(frozen=True)
class Allowance:
    """What a test gives a student at least: `floor` points, or all of them where `full`.

    `given` is the extra credit that rudaux entered for it before; `unsure`: a run that was
    cut short may have entered some without recording it.
    """

    floor: Decimal = Decimal(0)
    full: bool = False
    given: Decimal = Decimal(0)
    unsure: bool = False

    def wanted(self, mark: Decimal, maximum: Decimal, by_hand: bool = False) -> Decimal:
        """Return the extra credit for a test that gave `mark` of `maximum` points.

        What was marked `by_hand` has no floor: a person has decided.
        """
        floor = Decimal(0) if by_hand else min(self.floor, maximum)
        return max(Decimal(0), (maximum if self.full else floor) - mark)

    def is_ours(
        self, extra: Decimal, before: Decimal, maximum: Decimal, by_hand: bool = False
    ) -> bool:
        """Return whether the extra credit in the gradebook came from rudaux, and not from a person.

        `before` is the mark that it was entered for. A person may have entered the same amount.
        """
        perhaps = (self.wanted(before, maximum, by_hand),) if self.unsure else ()
        return any(abs(extra - amount) < _NOISE for amount in (self.given, *perhaps))


def allowances_for(
    student_id: str,
    credits: frozenset[Cell],
    kept: Mapping[str, Mapping[Cell, Allowance]],
    floors: Mapping[str, Mapping[Cell, Decimal]],
    unsure: bool = False,
) -> dict[Cell, Allowance]:
    """Return what a student is allowed: `credits` for everybody, what is `kept`, new `floors`."""
    mine, new = kept.get(student_id, {}), floors.get(student_id, {})
    found = {}
    for cell in sorted({*credits, *mine, *new}):
        before = mine.get(cell, Allowance())
        floor = max(before.floor, new.get(cell, Decimal(0)))
        found[cell] = Allowance(floor, cell in credits, before.given, unsure)
    return found
