"""Who was given what to mark, and which files in other people's folders rudaux wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rudaux.adapters.ledger.tables import Tables, now
from rudaux.domain.sharing import Piece


class MarkingTables(Tables):
    """The part of `rudaux.ports.Ledger` about who marks what and which files were written."""

    def division(self, assignment: str) -> Mapping[Piece, str]:
        query = "SELECT student, question, grader FROM marking WHERE assignment = ?"
        return {Piece(sid, question): who for sid, question, who in self._rows(query, assignment)}

    def record_division(
        self, assignment: str, whose: Mapping[Piece, str], gone: Iterable[Piece] = ()
    ) -> None:
        with self._writing() as db:
            db.executemany(
                "DELETE FROM marking WHERE assignment = ? AND student = ? AND question = ?",
                [(assignment, p.student_id, p.question) for p in gone],
            )
            db.executemany(
                "INSERT OR REPLACE INTO marking VALUES (?, ?, ?, ?, ?)",
                [(assignment, p.student_id, p.question, who, now()) for p, who in whose.items()],
            )

    def written(self, owner: str) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for path, digest in self._rows("SELECT path, digest FROM written WHERE owner = ?", owner):
            found.setdefault(path, set()).add(digest)
        return {path: frozenset(digests) for path, digests in found.items()}

    def record_written(self, owner: str, path: str, digest: str, done: bool = False) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT INTO written VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET done = max(done, excluded.done)",
                (owner, path, digest, now(), done),
            )

    def returned(self, path: str) -> frozenset[str]:
        query = "SELECT owner FROM written WHERE done AND substr(path, 1, ?1) = ?2"
        return frozenset(owner for (owner,) in self._rows(query, len(path), path))
