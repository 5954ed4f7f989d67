"""What the gradebook must still have: cells that work was graded by, marks that have counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from rudaux.adapters.ledger.tables import Tables
from rudaux.domain.allowances import Cell


class GradeTables(Tables):
    """The part of `rudaux.ports.Ledger` about what the gradebook must still have."""

    def graded_cells(self) -> frozenset[tuple[str, str, str]]:
        return frozenset(self._rows("SELECT assignment, notebook, cell FROM graded_cells"))

    def record_graded_cells(self, assignment: str, cells: Iterable[Cell]) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM graded_cells WHERE assignment = ?", (assignment,))
            db.executemany(
                "INSERT INTO graded_cells VALUES (?, ?, ?)", [(assignment, *cell) for cell in cells]
            )

    def counted(self, assignment: str) -> Mapping[str, Mapping[Cell, Decimal]]:
        query = "SELECT student, notebook, cell, mark FROM counted WHERE assignment = ?"
        found: dict[str, dict[Cell, Decimal]] = {}
        for student, notebook, cell, mark in self._rows(query, assignment):
            found.setdefault(student, {})[notebook, cell] = Decimal(mark)
        return found

    def record_counted(self, assignment: str, marks: Mapping[str, Mapping[Cell, Decimal]]) -> None:
        with self._writing() as db:
            db.executemany(
                "DELETE FROM counted WHERE assignment = ? AND student = ?",
                [(assignment, student) for student in marks],
            )
            db.executemany(
                "INSERT INTO counted VALUES (?, ?, ?, ?, ?)",
                [
                    (assignment, student, *cell, str(mark))
                    for student, theirs in marks.items()
                    for cell, mark in theirs.items()
                ],
            )
