"""What a student earned in each cell of an assignment, as the gradebook has it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Verdict = Literal["passed", "partly", "failed", "waits", "ungraded"]


@dataclass(frozen=True)
class SheetMark:
    """One cell's marks, in nbgrader's points; `notebook` is a file name, `cell` a grade id.

    `automatic` is what the test gave, `by_hand` what a person gave instead; None: nothing so far.
    `maximum` is None for an answer that has a comment but no points of its own. `waits`: for a
    person. `comment_by_hand`: a person wrote the comment, not nbgrader.
    """

    notebook: str
    cell: str
    maximum: Decimal | None
    automatic: Decimal | None = None
    by_hand: Decimal | None = None
    extra_credit: Decimal = Decimal(0)
    waits: bool = False
    comment: str = ""
    comment_by_hand: bool = False

    @property
    def points(self) -> Decimal | None:
        """What counts, by nbgrader's rule: a mark by hand before the automatic one, and extra."""
        base = self.automatic if self.by_hand is None else self.by_hand
        return None if base is None else base + self.extra_credit

    @property
    def verdict(self) -> Verdict:
        """How it went; a cell that is worth nothing has passed with 0 points."""
        points = self.points
        if self.waits:
            return "waits"
        if points is None or self.maximum is None:
            return "ungraded"
        if points >= self.maximum:
            return "passed"
        return "partly" if points > 0 else "failed"
