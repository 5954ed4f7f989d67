"""The ledger's part in a regrade: what marks came from, what was allowed, and the take-over."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from rudaux.adapters.ledger.tables import Tables, now
from rudaux.config.private import create_file, exists
from rudaux.domain.allowances import Allowance, Cell
from rudaux.domain.execution import GradedFrom

_REPLACED = ("credits", "allowances", "graded_from")
"""Tables of which a regrade's copy of the ledger has all rows of its assignment."""


class RegradingLedger(Tables):
    """The part of `rudaux.ports.Ledger` about regrades."""

    def graded_from(self, assignment: str) -> Mapping[str, GradedFrom]:
        query = "SELECT student, inputs, outputs FROM graded_from WHERE assignment = ?"
        return {sid: GradedFrom(*digests) for sid, *digests in self._rows(query, assignment)}

    def record_graded_from(self, assignment: str, student_id: str, what: GradedFrom) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO graded_from VALUES (?, ?, ?, ?)",
                (assignment, student_id, what.inputs, what.outputs),
            )

    def credits(self, assignment: str) -> frozenset[Cell]:
        query = "SELECT notebook, cell FROM credits WHERE assignment = ?"
        return frozenset(self._rows(query, assignment))

    def record_credits(self, assignment: str, cells: Iterable[Cell]) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM credits WHERE assignment = ?", (assignment,))
            db.executemany(
                "INSERT INTO credits VALUES (?, ?, ?, ?)",
                [(assignment, *cell, now()) for cell in sorted(cells)],
            )

    def allowances(self, assignment: str) -> Mapping[str, Mapping[Cell, Allowance]]:
        query = "SELECT student, notebook, cell, floor, given FROM allowances WHERE assignment = ?"
        found: dict[str, dict[Cell, Allowance]] = {}
        for sid, notebook, cell, floor, given in self._rows(query, assignment):
            allowance = Allowance(Decimal(floor), given=Decimal(given))
            found.setdefault(sid, {})[notebook, cell] = allowance
        return found

    def record_allowances(
        self, assignment: str, student_id: str, allowances: Mapping[Cell, Allowance]
    ) -> None:
        with self._writing() as db:
            mine = (assignment, student_id)
            db.execute("DELETE FROM allowances WHERE assignment = ? AND student = ?", mine)
            db.executemany(
                "INSERT INTO allowances VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(*mine, *c, str(a.floor), str(a.given), now()) for c, a in allowances.items()],
            )

    def copy(self, target: Path) -> None:
        """Copy the ledger to a file, if there is one yet."""
        if not exists(self._path):
            return
        create_file(target)
        with closing(sqlite3.connect(target)) as copy:
            self._open().backup(copy)

    def take_over(self, beside: Path, assignment: str, students: Collection[str]) -> None:
        """Take over what a copy has recorded since it was made; idempotent."""
        query = "SELECT name FROM beside.sqlite_master WHERE type = 'table'"
        db = self._open()
        db.execute("ATTACH ? AS beside", (str(beside),))
        try:
            tables = {name for (name,) in db.execute(query)}
            with self._writing() as db:
                for table in sorted(tables.intersection(_REPLACED)):
                    db.execute(f"DELETE FROM {table} WHERE assignment = ?", (assignment,))  # noqa: S608
                    db.execute(
                        f"INSERT INTO {table} SELECT * FROM beside.{table} WHERE assignment = ?",  # noqa: S608
                        (assignment,),
                    )
                for student in sorted(students):
                    self._take_one(db, assignment, student)
        finally:
            db.execute("DETACH beside")

    def _take_one(self, db: sqlite3.Connection, assignment: str, student: str) -> None:
        mine = (assignment, student)
        for table, how in (("records", "REPLACE"), ("graded", "IGNORE")):
            db.execute(
                f"INSERT OR {how} INTO {table} SELECT * FROM beside.{table} "  # noqa: S608
                "WHERE assignment = ? AND student = ?",
                mine,
            )
        for table in ("test_seconds", "graded_with"):
            db.execute(f"DELETE FROM {table} WHERE assignment = ? AND student = ?", mine)  # noqa: S608
            db.execute(
                f"INSERT INTO {table} SELECT * FROM beside.{table} "  # noqa: S608
                "WHERE assignment = ? AND student = ?",
                mine,
            )
        columns = "assignment, student, verdict, seconds, repairs, at, image"
        db.execute(
            f"INSERT INTO executions (run, {columns}) SELECT ?, {columns} "  # noqa: S608
            "FROM beside.executions AS new WHERE assignment = ? AND student = ? AND NOT EXISTS "
            "(SELECT 1 FROM main.executions AS old WHERE old.assignment = new.assignment "
            "AND old.student = new.student AND old.at = new.at)",
            (self._run, *mine),
        )
