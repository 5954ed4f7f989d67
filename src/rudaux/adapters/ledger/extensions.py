"""The ledger's tables about dates in Canvas, overrides, when students joined, late edits."""

from __future__ import annotations

from collections.abc import Collection as Values
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from rudaux.adapters.ledger.tables import Tables, moment, utc
from rudaux.domain.collection import LateEdit
from rudaux.domain.deadlines import DateKind
from rudaux.domain.extensions import Action, Fate, Joined, OverrideRecord, Purpose


class ExtensionTables(Tables):
    """Implements that part of `rudaux.ports.Ledger` on the database of `SqliteLedger`."""

    def override_records(self, assignment: str | None = None) -> tuple[OverrideRecord, ...]:
        query = (
            "SELECT assignment, student, purpose, action, override, old_due, due, at, reason, "
            "state, id, run FROM overrides WHERE ?1 IS NULL OR assignment = ?1 ORDER BY id"
        )
        return tuple(_record(*row) for row in self._rows(query, assignment))

    def record_override(self, record: OverrideRecord) -> int:
        with self._writing() as db:
            cursor = db.execute(
                "INSERT INTO overrides (run, assignment, student, purpose, action, override, "
                "old_due, due, at, reason, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self._run, record.assignment, record.student_id, record.purpose, record.action,
                 record.override, _text(record.old_due), _text(record.due_at), _text(record.at),
                 record.reason, record.state),
            )  # fmt: skip
        return int(cursor.lastrowid or 0)

    def settle_override(self, number: int, state: Fate, override: int | None) -> None:
        with self._writing() as db:
            db.execute(
                "UPDATE overrides SET state = ?, override = coalesce(?, override) WHERE id = ?",
                (state, override, number),
            )

    def joins(self) -> Mapping[str, Joined]:
        rows = self._rows("SELECT student, joined_at, gone FROM joins")
        return {student: Joined(moment(at), bool(gone)) for student, at, gone in rows}

    def record_joins(self, joins: Mapping[str, Joined]) -> None:
        if not joins:
            return
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO joins VALUES (?, ?, ?)",
                [(student, _text(one.at), one.gone) for student, one in joins.items()],
            )

    def dates(self, assignment: str) -> Mapping[DateKind, frozenset[datetime | None]]:
        found: dict[DateKind, frozenset[datetime | None]] = {}
        for kind, at in self._rows("SELECT kind, at FROM dates WHERE assignment = ?", assignment):
            found[kind] = found.get(kind, frozenset()) | {moment(at or None)}
        return found

    def record_dates(
        self, assignment: str, dates: Mapping[DateKind, Values[datetime | None]]
    ) -> None:
        with self._writing() as db:
            for kind, values in dates.items():
                key = (assignment, kind)
                db.execute("DELETE FROM dates WHERE assignment = ? AND kind = ?", key)
                rows = [(*key, _text(at) or "") for at in values]
                db.executemany("INSERT INTO dates VALUES (?, ?, ?)", rows)

    def late_edits(self, assignment: str) -> Mapping[str, tuple[LateEdit, ...]]:
        query = (
            "SELECT student, file, at, deadline FROM late_edits WHERE assignment = ? "
            "ORDER BY student, file"
        )
        found: dict[str, tuple[LateEdit, ...]] = {}
        for student, file, at, deadline in self._rows(query, assignment):
            moments = (datetime.fromisoformat(at), datetime.fromisoformat(deadline))
            found[student] = (*found.get(student, ()), LateEdit(file, *moments))
        return found

    def record_late_edits(
        self, assignment: str, student_id: str, edits: Iterable[LateEdit]
    ) -> None:
        # A file's name may be any bytes; the database takes only text.
        new = tuple(
            replace(e, file=e.file.encode("utf-8", "backslashreplace").decode()) for e in edits
        )
        if new == self.late_edits(assignment).get(student_id, ()):
            return
        with self._writing() as db:
            db.execute(
                "DELETE FROM late_edits WHERE assignment = ? AND student = ?",
                (assignment, student_id),
            )
            db.executemany(
                "INSERT INTO late_edits VALUES (?, ?, ?, ?, ?)",
                [(assignment, student_id, e.file, _text(e.at), _text(e.deadline)) for e in new],
            )


def _record(
    assignment: str, student: str, purpose: Purpose, action: Action, override: int | None,
    old_due: str | None, due: str | None, at: str, reason: str, state: Fate, number: int,
    run: int | None,
) -> OverrideRecord:  # fmt: skip
    return OverrideRecord(
        assignment, student, purpose, action, override, moment(old_due), moment(due),
        datetime.fromisoformat(at), reason, state, number, run,
    )  # fmt: skip


def _text(at: datetime | None) -> str | None:
    return utc(at) if at else None
