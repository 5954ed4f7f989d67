"""What rudaux did, in `.rudaux/ledger.db` (SQLite), and the lock file that keeps two runs apart."""

from __future__ import annotations

import getpass
import json
import os
import socket
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from rudaux.adapters.ledger.checks import CheckRows
from rudaux.adapters.ledger.extensions import ExtensionTables
from rudaux.adapters.ledger.grades import GradeTables
from rudaux.adapters.ledger.lock import CourseLock
from rudaux.adapters.ledger.marking import MarkingTables
from rudaux.adapters.ledger.regrading import RegradingLedger
from rudaux.adapters.ledger.tables import moment, now, utc
from rudaux.config.private import exists
from rudaux.domain.collection import Collection
from rudaux.domain.execution import Execution, GradedWith, seconds_of_tests
from rudaux.domain.grades import Push
from rudaux.domain.history import FeedbackSent, Graded, Run
from rudaux.domain.messages import Told
from rudaux.domain.submissions import Record


class SqliteLedger(CheckRows, MarkingTables, ExtensionTables, GradeTables, RegradingLedger):
    """Implements `rudaux.ports.Ledger`; nothing is created before the first write."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._lock = CourseLock(path.parent)

    def lock(self, command: str, wait: float = 0.0) -> AbstractContextManager[None]:
        return self._lock.held(command, wait)

    def start_run(self, command: str) -> int:
        with self._writing() as db:
            cursor = db.execute(
                "INSERT INTO runs (command, user, host, pid, started_at) VALUES (?, ?, ?, ?, ?)",
                (command, _user(), socket.gethostname(), os.getpid(), now()),
            )
        self._run = cursor.lastrowid
        return int(cursor.lastrowid or 0)

    def end_run(self, run: int, exit_code: int) -> None:
        with self._writing() as db:
            db.execute(
                "UPDATE runs SET ended_at = ?, exit_code = ? WHERE id = ?", (now(), exit_code, run)
            )
        self._run = None

    def messages(self) -> tuple[Told, ...]:
        query = "SELECT topic, key, title, at, over FROM messages ORDER BY id"
        return tuple(
            Told(topic, key, title, datetime.fromisoformat(at), bool(over))
            for topic, key, title, at, over in self._rows(query)
        )

    def record_message(self, told: Told) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT INTO messages (topic, key, title, at, over) VALUES (?, ?, ?, ?, ?)",
                (told.topic, told.key, told.title, utc(told.at), told.over),
            )

    def run_records(self) -> tuple[Run, ...]:
        query = (
            "SELECT id, command, user, host, pid, started_at, ended_at, exit_code FROM runs "
            "ORDER BY id"
        )
        return tuple(
            Run(run, command, user, host, pid, datetime.fromisoformat(start), moment(end), code)
            for run, command, user, host, pid, start, end, code in self._rows(query)
        )

    def records(self, assignment: str) -> Mapping[str, Record]:
        query = "SELECT student, kind, reason, at FROM records WHERE assignment = ?"
        return {
            student: Record(kind, reason, datetime.fromisoformat(at))
            for student, kind, reason, at in self._rows(query, assignment)
        }

    def record(self, assignment: str, student_id: str, record: Record) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)",
                (assignment, student_id, record.kind, record.reason, utc(record.at)),
            )
            if record.kind in {"graded", "held"}:
                _remember(db, [(assignment, student_id)])

    def forget(self, assignment: str, student_id: str) -> None:
        if not exists(self._path):
            return
        with self._writing() as db:
            db.execute(
                "DELETE FROM records WHERE assignment = ? AND student = ?", (assignment, student_id)
            )

    def graded(self) -> frozenset[tuple[str, str]]:
        return frozenset(self._rows("SELECT assignment, student FROM graded"))

    def disown(self, submissions: Iterable[tuple[str, str]]) -> None:
        gone = sorted(submissions)
        if not gone:
            return
        with self._writing() as db:
            for table in ("graded", "records"):
                db.executemany(f"DELETE FROM {table} WHERE assignment = ? AND student = ?", gone)  # noqa: S608

    def collected(self, assignment: str) -> Mapping[str, Collection]:
        query = (
            "SELECT student, digest, snapshot, at, skipped FROM collections "
            "WHERE assignment = ? ORDER BY id"
        )
        return {
            student: Collection(
                digest, snapshot, datetime.fromisoformat(at), tuple(json.loads(skipped))
            )
            for student, digest, snapshot, at, skipped in self._rows(query, assignment)
        }

    def record_collection(self, assignment: str, student_id: str, collection: Collection) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT INTO collections (run, assignment, student, digest, snapshot, at, skipped) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._run, assignment, student_id, collection.digest, collection.snapshot,
                 utc(collection.at), json.dumps(collection.skipped)),
            )  # fmt: skip

    def test_seconds(self, assignment: str) -> Mapping[str, Mapping[tuple[str, str], float]]:
        query = "SELECT student, notebook, cell, seconds FROM test_seconds WHERE assignment = ?"
        found: dict[str, dict[tuple[str, str], float]] = {}
        for student, notebook, cell, took in self._rows(query, assignment):
            found.setdefault(student, {})[notebook, cell] = took
        return found

    def graded_with(self, assignment: str) -> Mapping[str, GradedWith]:
        query = "SELECT student, image, tests FROM graded_with WHERE assignment = ?"
        return {student: GradedWith(*what) for student, *what in self._rows(query, assignment)}

    def record_execution(self, execution: Execution, tests: str = "") -> None:
        job = execution.job
        with self._writing() as db:
            db.execute(
                "INSERT INTO executions (run, assignment, student, verdict, seconds, repairs, at, "
                "image) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self._run, job.assignment, job.student_id, execution.verdict, execution.seconds,
                 json.dumps(job.repairs), now(), execution.image),
            )  # fmt: skip
            key = (job.assignment, job.student_id)
            db.execute("DELETE FROM test_seconds WHERE assignment = ? AND student = ?", key)
            db.executemany(
                "INSERT OR REPLACE INTO test_seconds VALUES (?, ?, ?, ?, ?)",
                [(*key, *test, took) for test, took in seconds_of_tests(execution).items()],
            )
            if tests:
                _record_tests(db, execution, tests)

    def record_replay(self, execution: Execution, tests: str) -> None:
        with self._writing() as db:
            _record_tests(db, execution, tests)

    def executions(self, assignment: str, student_id: str) -> tuple[Graded, ...]:
        query = (
            "SELECT at, verdict, seconds, repairs, image, run FROM executions "
            "WHERE assignment = ? AND student = ? ORDER BY id"
        )
        return tuple(
            Graded(datetime.fromisoformat(at), verdict, took, tuple(json.loads(fixed)), image, run)
            for at, verdict, took, fixed, image, run in self._rows(query, assignment, student_id)
        )

    def push_records(
        self,
        assignment: str | None = None,
        student_id: str | None = None,
        run: int | None = None,
        since: datetime | None = None,
    ) -> tuple[Push, ...]:
        query = (
            "SELECT assignment, student, old, new, read_back, at, run, adopted, undoes FROM pushes "
            "WHERE (?1 IS NULL OR assignment = ?1) AND (?2 IS NULL OR student = ?2) "
            "AND (?3 IS NULL OR run = ?3) AND (?4 IS NULL OR at >= ?4) ORDER BY id"
        )
        return tuple(
            Push(
                name, student, _decimal(old), _decimal(new), _decimal(read_back),
                datetime.fromisoformat(at), of, bool(adopted), undoes,
            )
            for name, student, old, new, read_back, at, of, adopted, undoes in self._rows(
                query, assignment, student_id, run, utc(since) if since else None
            )
        )  # fmt: skip

    def record_pushes(self, pushes: Iterable[Push]) -> None:
        written = tuple(pushes)
        if not written:
            return
        rows = [
            (self._run, p.assignment, p.student_id, _text(p.old), _text(p.new),
             _text(p.read_back), utc(p.at), p.adopted, p.undoes)
            for p in written
        ]  # fmt: skip
        with self._writing() as db:
            db.executemany(
                "INSERT INTO pushes (run, assignment, student, old, new, read_back, at, adopted, "
                "undoes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            # A score above 0 came from a submission in the gradebook; a 0 may mean it is missing.
            _remember(db, ((p.assignment, p.student_id) for p in written if _of_gradebook(p)))

    def settle_pushes(self, pushes: Iterable[Push]) -> None:
        rows = [
            (_text(p.read_back), utc(p.at), p.assignment, p.student_id, _text(p.new))
            for p in pushes
        ]
        if not rows:
            return
        with self._writing() as db:
            db.executemany(
                "UPDATE pushes SET read_back = ?, at = ? WHERE id = (SELECT max(id) FROM pushes "
                "WHERE assignment = ? AND student = ? AND new IS ? AND read_back IS NULL)",
                rows,
            )

    def feedback_records(
        self, assignment: str | None = None, student_id: str | None = None
    ) -> tuple[FeedbackSent, ...]:
        query = (
            "SELECT assignment, student, name, at, run FROM feedback "
            "WHERE (?1 IS NULL OR assignment = ?1) AND (?2 IS NULL OR student = ?2) "
            "ORDER BY at, rowid"
        )
        return tuple(
            FeedbackSent(name, student, file, datetime.fromisoformat(at), run)
            for name, student, file, at, run in self._rows(query, assignment, student_id)
        )

    def record_feedback(self, assignment: str, student_id: str, names: Sequence[str]) -> None:
        if not names:
            return
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO feedback (assignment, student, name, run, at) "
                "VALUES (?, ?, ?, ?, ?)",
                [(assignment, student_id, name, self._run, now()) for name in names],
            )

    def dropped(self) -> frozenset[str]:
        return frozenset(student for (student,) in self._rows("SELECT student FROM dropped"))

    def record_dropped(self, ids: Iterable[str]) -> None:
        gone = set(ids)
        if gone == self.dropped():
            return
        with self._writing() as db:
            db.execute("DELETE FROM dropped")
            db.executemany("INSERT INTO dropped VALUES (?, ?)", [(n, now()) for n in sorted(gone)])

    def roster_size(self) -> int | None:
        rows = self._rows("SELECT students FROM rosters ORDER BY rowid DESC LIMIT 1")
        return int(rows[0][0]) if rows else None

    def record_roster_size(self, students: int) -> None:
        if students == self.roster_size():
            return
        with self._writing() as db:
            db.execute("INSERT INTO rosters VALUES (?, ?)", (students, now()))


def _remember(db: sqlite3.Connection, graded: Iterable[tuple[str, str]]) -> None:
    db.executemany("INSERT OR IGNORE INTO graded VALUES (?, ?)", graded)


def _record_tests(db: sqlite3.Connection, execution: Execution, tests: str) -> None:
    job = execution.job
    db.execute(
        "INSERT OR REPLACE INTO graded_with VALUES (?, ?, ?, ?)",
        (job.assignment, job.student_id, execution.image, tests),
    )


def _of_gradebook(push: Push) -> bool:
    return push.undoes is None and push.new is not None and push.new > 0


def _user() -> str:
    """Return the account that runs this; a container's user may be a number without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _text(score: Decimal | None) -> str | None:
    return None if score is None else str(score)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
