"""A regrade in words: what the source changes, which tests did it, and who moves."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rudaux.cli.describe.plans import Mark, Row
from rudaux.cli.describe.push import grade
from rudaux.cli.describe.words import number
from rudaux.domain.messages import counted, listed

if TYPE_CHECKING:
    from rudaux.domain.regrade import Moved, SourceChange
    from rudaux.workflows.regrade import Regrade

SHOWN = 12
"""Students who are listed before the rest is only counted."""
_MARKS: dict[str, Mark] = {
    "added": "+", "removed": "-", "renamed": "~", "points": "~", "text": "~",
}  # fmt: skip
MovedRow = tuple[str, str, str, str]


def regrade_rows(regrade: Regrade) -> list[Row]:
    """Return what the source and a person's wishes change, test by test."""
    plan, rows = regrade.plan, []
    rows += [Row("Source", _MARKS[c.kind], c.cell, _change(c)) for c in plan.changes]
    old, new = regrade.maximum
    if old != new and old is not None and new is not None:
        text = f"{number(old)} -> {number(new)}: every score is scaled again"
        rows.append(Row("Source", "!", "maximum", text))
    rows += [Row("Credit", "+", c, "full points for all who handed in") for _, c in plan.credited]
    rows += [Row("Credit", "-", c, "back to what the test itself gave") for _, c in plan.uncredited]
    for test in regrade.comparison.tests:
        parts = [f"{n} {word}" for n, word in ((test.up, "up"), (test.down, "down")) if n]
        rows.append(Row("Tests", "~", test.cell, " · ".join(parts)))
    if plan.left and plan.changes:
        text = f"{counted(plan.left, 'student')} keep the marks of the old tests"
        rows.append(Row("Left out", "!", text))
    return rows


def regrade_counts(regrade: Regrade) -> str:
    """Return one line on how many scores move which way."""
    found = regrade.comparison
    parts = [f"{found.up} up", f"{found.down} down", f"{found.same} unchanged"]
    lost = sum(m.new is None for m in found.moved)
    if lost:
        parts.append(f"{lost} without a score")
    if found.others > lost:
        parts.append(f"{found.others - lost} with a score for the first time")
    return " · ".join(parts)


def moved_rows(regrade: Regrade, full: bool) -> tuple[list[MovedRow], str]:
    """Return (student, now, then, why) of all who move, those who lose first, and how many more."""
    moved = sorted(regrade.comparison.moved, key=_of_less_interest)
    cut = len(moved) if full or len(moved) <= SHOWN + 1 else SHOWN
    rows = [
        (
            regrade.names.get(m.student_id, m.student_id),
            grade(m.old),
            grade(m.new),
            m.why or listed([cell for _, cell in m.tests]) or "scaled by the new maximum",
        )
        for m in moved[:cut]
    ]
    return rows, f"and {len(moved) - cut} more: --full shows all" if moved[cut:] else ""


def _change(change: SourceChange) -> str:
    old, new = _points(change.old), _points(change.new)
    moved = "" if change.old == change.new else f"{number(change.old or Decimal(0))} -> {new}"
    if change.kind == "added":
        return f"new, {new}"
    if change.kind == "removed":
        return f"removed, with its {old}"
    if change.kind == "renamed":
        return f"renamed from {change.was}" + (f"; {moved}" if moved else "")
    text = "its text has changed" if change.rewritten else ""
    return ", and ".join(part for part in (moved, text) if part)


def _points(points: Decimal | None) -> str:
    return f"{number(points or Decimal(0))} point" + ("" if points == 1 else "s")


def _of_less_interest(moved: Moved) -> tuple[int, Decimal]:
    if moved.old is None or moved.new is None:
        return 0, Decimal(0)
    return (1 if moved.new < moved.old else 2), -abs(moved.new - moved.old)
