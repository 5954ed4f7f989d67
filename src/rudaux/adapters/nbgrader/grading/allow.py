"""Extra credit that a person allowed (see `rudaux.domain.allowances`), set after scoring."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rudaux.adapters.nbgrader.gradebook.catalogue import KnownNotebook
from rudaux.adapters.nbgrader.gradebook.sheet import Sheet
from rudaux.domain.allowances import Allowance, Cell


def marks_of(sheet: Sheet) -> dict[str, Decimal]:
    """Return each cell's mark without extra credit, before it is marked again."""
    return {name: _mark(grade) for name, grade in sheet.grades.items()}


def allow(
    sheet: Sheet,
    known: KnownNotebook,
    allowances: Mapping[Cell, Allowance],
    before: Mapping[str, Decimal],
    handed_in: bool = True,
) -> None:
    """Set the extra credit of allowed cells, none without work; keep what a person entered."""
    for (notebook, name), allowance in allowances.items():
        grade = sheet.grades.get(name) if notebook == known.name else None
        if grade is None:
            continue
        maximum = Decimal(str(known.cells[name].points or 0))
        extra = Decimal(str(grade.extra_credit or 0))
        by_hand = grade.manual_score is not None
        if extra and not allowance.is_ours(extra, before[name], maximum, by_hand):
            continue
        wanted = handed_in and allowance.wanted(_mark(grade), maximum, by_hand)
        grade.extra_credit = float(wanted) if wanted else None


def _mark(grade: Any) -> Decimal:
    mark = grade.auto_score if grade.manual_score is None else grade.manual_score
    return Decimal(str(mark or 0))
