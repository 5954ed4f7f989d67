"""What became of one item of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["done", "held", "failed"]


@dataclass(frozen=True)
class SlowCell:
    """A cell (counted from 1) of a notebook file that took so many seconds."""

    seconds: float
    notebook: str
    cell: int


@dataclass(frozen=True)
class Outcome:
    """One step of `apply()`: `item` is what a person would call it, `reason` what to know about it.

    held: it waits for a person; failed: it could not be done and is not a grade. `slowest` is the
    submission's slowest cell, `repaired` whether something was repaired before it was graded.
    `waiting` says how many cells of which notebook wait for marks by hand; `note` is then the rest
    of the reason. With `of_all` it is no item of the plan: the reason is about all of them.
    """

    item: str
    result: Result = "done"
    reason: str = ""
    slowest: SlowCell | None = None
    repaired: bool = False
    waiting: tuple[tuple[str, int], ...] = ()
    note: str = ""
    of_all: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is left to do for this item."""
        return self.result == "done"
