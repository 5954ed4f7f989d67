"""What rudaux did, in `.rudaux/ledger.db` (SQLite), and the lock that keeps two runs apart."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rudaux.domain.collection import Collection
from rudaux.domain.grades import Push, same_score
from rudaux.domain.submissions import Record
from rudaux.errors import NeedsPersonError, SystemFailure

VERSION = 1
_BUSY_SECONDS = 30.0
# Times are ISO 8601 in UTC, scores are decimals as text.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, command TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT, exit_code INTEGER);
CREATE TABLE IF NOT EXISTS records (
    assignment TEXT, student TEXT, kind TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (assignment, student));
CREATE TABLE IF NOT EXISTS collections (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    digest TEXT NOT NULL, snapshot TEXT, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS collections_of ON collections (assignment, student);
CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    verdict TEXT NOT NULL, seconds REAL NOT NULL, repairs TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pushes (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    old TEXT, new TEXT, read_back TEXT, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS pushes_of ON pushes (assignment, student);
CREATE TABLE IF NOT EXISTS feedback (
    assignment TEXT, student TEXT, name TEXT, run INTEGER, at TEXT NOT NULL,
    PRIMARY KEY (assignment, student, name));
CREATE TABLE IF NOT EXISTS dropped (student TEXT PRIMARY KEY, at TEXT NOT NULL);
"""


class SqliteLedger:
    """Implements `rudaux.ports.Ledger`; nothing is created before the first write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._run: int | None = None
        self._lock = FileLock(str(path.parent / "lock"), timeout=0)

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        holder = self._path.parent / "lock.json"
        try:
            _make_private_folder(self._path.parent)
            self._lock.acquire()
        except Timeout:
            # The other run's lock is no cause that a person could do anything with.
            raise NeedsPersonError(_who_holds(holder)) from None
        except (OSError, NotImplementedError) as error:
            raise SystemFailure(
                f"{self._lock.lock_file} cannot be locked ({error}): check who owns the folder "
                "and whether its file system supports locks"
            ) from error
        try:
            if self._lock.lock_counter == 1:
                _write_holder(holder, command)
            yield
        finally:
            if self._lock.lock_counter == 1:
                holder.unlink(missing_ok=True)
            self._lock.release()

    def start_run(self, command: str) -> int:
        with self._writing() as db:
            cursor = db.execute(
                "INSERT INTO runs (command, host, pid, started_at) VALUES (?, ?, ?, ?)",
                (command, socket.gethostname(), os.getpid(), _now()),
            )
        self._run = cursor.lastrowid
        return int(cursor.lastrowid or 0)

    def end_run(self, run: int, exit_code: int) -> None:
        with self._writing() as db:
            db.execute(
                "UPDATE runs SET ended_at = ?, exit_code = ? WHERE id = ?", (_now(), exit_code, run)
            )
        self._run = None

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
                (assignment, student_id, record.kind, record.reason, _utc(record.at)),
            )

    def forget(self, assignment: str, student_id: str) -> None:
        if not self._path.exists():
            return
        with self._writing() as db:
            db.execute(
                "DELETE FROM records WHERE assignment = ? AND student = ?", (assignment, student_id)
            )

    def collected(self, assignment: str) -> Mapping[str, Collection]:
        query = (
            "SELECT student, digest, snapshot, at FROM collections WHERE assignment = ? ORDER BY id"
        )
        return {
            student: Collection(digest, snapshot, datetime.fromisoformat(at))
            for student, digest, snapshot, at in self._rows(query, assignment)
        }

    def record_collection(self, assignment: str, student_id: str, collection: Collection) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT INTO collections (run, assignment, student, digest, snapshot, at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (self._run, assignment, student_id, collection.digest, collection.snapshot,
                 _utc(collection.at)),
            )  # fmt: skip

    def record_execution(
        self, assignment: str, student_id: str, verdict: str, seconds: float, repairs: Sequence[str]
    ) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT INTO executions (run, assignment, student, verdict, seconds, repairs, at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._run, assignment, student_id, verdict, seconds, json.dumps(list(repairs)),
                 _now()),
            )  # fmt: skip

    def last_pushed(self, assignment: str) -> Mapping[str, Decimal]:
        query = "SELECT student, new, read_back FROM pushes WHERE assignment = ? ORDER BY id"
        last: dict[str, Decimal] = {}
        for student, new, read_back in self._rows(query, assignment):
            if not same_score(_decimal(new), _decimal(read_back)):
                continue
            if new is None:
                last.pop(student, None)
            else:
                last[student] = Decimal(new)
        return last

    def record_pushes(self, pushes: Iterable[Push]) -> None:
        rows = [
            (self._run, p.assignment, p.student_id, _text(p.old), _text(p.new),
             _text(p.read_back), _utc(p.at))
            for p in pushes
        ]  # fmt: skip
        if not rows:
            return
        with self._writing() as db:
            db.executemany(
                "INSERT INTO pushes (run, assignment, student, old, new, read_back, at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def feedback_sent(self, assignment: str) -> frozenset[tuple[str, str]]:
        query = "SELECT student, name FROM feedback WHERE assignment = ?"
        return frozenset((student, name) for student, name in self._rows(query, assignment))

    def record_feedback(self, assignment: str, student_id: str, names: Sequence[str]) -> None:
        if not names:
            return
        with self._writing() as db:
            db.executemany(
                "INSERT OR IGNORE INTO feedback (assignment, student, name, run, at) "
                "VALUES (?, ?, ?, ?, ?)",
                [(assignment, student_id, name, self._run, _now()) for name in names],
            )

    def dropped(self) -> frozenset[str]:
        return frozenset(student for (student,) in self._rows("SELECT student FROM dropped"))

    def record_dropped(self, ids: Iterable[str]) -> None:
        now = set(ids)
        if now == self.dropped():
            return
        with self._writing() as db:
            db.execute("DELETE FROM dropped")
            db.executemany("INSERT INTO dropped VALUES (?, ?)", [(n, _now()) for n in sorted(now)])

    # --- the database ---------------------------------------------------------------------------

    def _rows(self, query: str, *values: str) -> list[Any]:
        if not self._path.exists():
            return []
        with self._in_words():
            return self._open().execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Give the database for one transaction."""
        with self._in_words():
            db = self._open()
            with db:
                yield db

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            _make_private_folder(self._path.parent)
            db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS)
            weakref.finalize(self, db.close)
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version > VERSION:
                raise SystemFailure(
                    f"{self._path} was written by a newer rudaux: upgrade rudaux, or {self._aside}"
                )
            if version < VERSION:
                self._create(db)
            self._connection = db
        return self._connection

    def _create(self, db: sqlite3.Connection) -> None:
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise SystemFailure(f"{self._path} is no ledger of rudaux: {self._aside}")
        db.execute("PRAGMA journal_mode = WAL")
        # Two processes may come here at once: the second finds everything there.
        db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")

    @property
    def _aside(self) -> str:
        return (
            f"move it away (mv {self._path} {self._path}.old) and run again; it holds no grades, "
            "only what rudaux remembers of its runs"
        )

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise SystemFailure(
                f"{self._path} cannot be used ({error}): check who owns it, whether the disk is "
                "full, and whether another program has it open"
            ) from error
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise SystemFailure(f"{self._path} is damaged ({error}): {self._aside}") from error
        except OSError as error:
            raise SystemFailure(
                f"{self._path.parent} cannot be written ({error.strerror}): check who owns it"
            ) from error


def _make_private_folder(folder: Path) -> None:
    """Make .rudaux, which git never sees."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")


def _write_holder(path: Path, command: str) -> None:
    who = {"pid": os.getpid(), "command": command, "host": socket.gethostname(), "since": _now()}
    part = path.with_name(f"lock.{os.getpid()}.part")
    part.write_text(json.dumps(who))
    part.replace(path)


def _who_holds(path: Path) -> str:
    try:
        who = json.loads(path.read_text())
        since = datetime.fromisoformat(who["since"]).astimezone()
        holder = (
            f"`{who['command']}` (process {who['pid']} on {who['host']}), "
            f"since {since:%Y-%m-%d %H:%M %Z}"
        )
    except (OSError, ValueError, KeyError, TypeError):
        holder = "another rudaux that has just begun or is ending"
    return f"this course is in use by {holder}: wait until it has ended, then try again"


def _now() -> str:
    return _utc(datetime.now(timezone.utc))


def _utc(at: datetime) -> str:
    return at.astimezone(timezone.utc).isoformat()


def _text(score: Decimal | None) -> str | None:
    return None if score is None else str(score)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
