"""From outcomes to the exit code."""

from __future__ import annotations

from collections.abc import Sequence

from rudaux.domain.outcome import Outcome
from rudaux.errors import PartlyDone

MOST = 12
"""Remarks that are listed before the rest is only counted."""
SLOW = 1.0
"""Seconds from which on a cell is worth telling of."""


def finish(outcomes: Sequence[Outcome], next_step: str) -> None:
    """Raise `PartlyDone` where somebody was held or failed, saying what to do next."""
    held = sum(o.result == "held" for o in outcomes)
    failed = sum(o.result == "failed" for o in outcomes)
    if held or failed:
        counts = [f"{n} {word}" for n, word in ((held, "held"), (failed, "failed")) if n]
        raise PartlyDone(f"done, except for {' and '.join(counts)}: {next_step}")


def graded_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """Say who was held or failed, what was odd about the others, and which cells took longest."""
    together: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if not outcome.ok:
            together.setdefault((outcome.result, outcome.reason), []).append(outcome.item)
    lines = [
        f"{result:<6} {', '.join(names)}: {reason}" for (result, reason), names in together.items()
    ]
    odd = [f"graded {o.item}: {o.reason}" for o in outcomes if o.ok and o.reason]
    lines += odd[:MOST]
    if odd[MOST:]:
        lines.append(f"graded and {len(odd) - MOST} more with a remark: `rudaux status NAME`")
    slow = sorted(
        ((o.slowest, o.item) for o in outcomes if o.slowest and o.slowest.seconds >= SLOW),
        key=lambda pair: -pair[0].seconds,
    )[:3]
    for cell, student in slow:
        where = f"cell {cell.cell} of {cell.notebook}"
        lines.append(f"slow   {student}: {where} took {cell.seconds:.0f} s")
    return lines
