"""What became of one item of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["done", "held", "failed"]


@dataclass(frozen=True)
class Outcome:
    """One step of `apply()`: `item` is what a person would call it, `reason` what to know about it.

    held: it waits for a person; failed: it could not be done and is not a grade.
    """

    item: str
    result: Result = "done"
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is left to do for this item."""
        return self.result == "done"
