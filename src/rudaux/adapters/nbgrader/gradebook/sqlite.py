"""Copies of an SQLite gradebook, consistent even while another program writes to it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rudaux.adapters.nbgrader.gradebook.backups import CELLS
from rudaux.adapters.nbgrader.gradebook.database import BUSY_SECONDS
from rudaux.config.private import create_file
from rudaux.domain.roster import GradebookContents
from rudaux.errors import GradebookFailure, UsageError

_CHECK_KIB = 200_000
"""Memory for checking a copy: with SQLite's usual 2 MiB it takes several times as long."""


@dataclass(frozen=True)
class SqliteFile:
    """The `Copier` of a database file; one that SQLite cannot read is copied as it is."""

    file: Path
    suffix: str = ".db"

    @property
    def name(self) -> str:
        return str(self.file)

    def there(self) -> bool:
        return self.file.is_file()

    def copy(self, target: Path) -> None:
        try:
            with self._failures():
                _copy(self.file, target)
        except sqlite3.DatabaseError:
            shutil.copyfile(self.file, target)

    def put_back(self, backup: Path) -> None:
        if not self.file.exists():
            create_file(self.file)
        try:
            with self._failures():
                _copy(backup, self.file)
        except sqlite3.DatabaseError:
            # The old file is not a database, and its journal would damage the new one.
            for suffix in ("-journal", "-wal", "-shm"):
                Path(f"{self.file}{suffix}").unlink(missing_ok=True)
            partial = self.file.with_suffix(".partial")
            create_file(partial)
            _copy(backup, partial)
            partial.replace(self.file)

    def damage(self, copy: Path) -> str:
        # Unlike quick_check, this compares tables with their indexes: nothing else shows that rows
        # are lost or belong to another table. What it says of values is no damage.
        uri = copy.absolute().as_uri() + "?mode=ro&immutable=1"  # else WAL leaves files beside it
        try:
            with closing(sqlite3.connect(uri, uri=True)) as there:
                there.execute(f"PRAGMA cache_size = -{_CHECK_KIB}")
                found = [row[0] for row in there.execute("PRAGMA integrity_check(10000)")]
        except sqlite3.OperationalError as failure:
            raise GradebookFailure(
                f"the backup {copy} cannot be checked ({failure}): look at its disk, then run this "
                "again"
            ) from failure
        except sqlite3.DatabaseError as failure:
            return str(failure)
        of_values = ("ok", "NULL value in ", "CHECK constraint failed in ")
        return next((str(text) for text in found if not str(text).startswith(of_values)), "")

    def contents(self, backup: Path | None = None) -> GradebookContents:
        file = backup or self.file
        _require_gradebook(file)
        if backup and self.there() and backup.samefile(self.file):  # SQLite would wait for ever
            raise UsageError(
                f"{backup} is the gradebook itself: choose one of the backups in .rudaux/backups"
            )
        tables = ("student", "assignment", "submitted_assignment")
        with closing(sqlite3.connect(file.absolute().as_uri() + "?mode=ro", uri=True)) as there:
            names = {name for (name,) in there.execute("SELECT name FROM sqlite_master")}
            counts = [
                there.execute(f"SELECT count(*) FROM {t}").fetchone()[0]  # noqa: S608
                for t in (*tables, *names.intersection(CELLS))
            ]
        students, assignments, submissions, *cells = counts
        return GradebookContents(students, assignments, submissions, sum(cells))

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as failure:
            raise GradebookFailure(
                f"the gradebook {self.file} cannot be copied ({failure}): close what is writing to "
                "it (formgrader, another nbgrader command), then run this again"
            ) from failure


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source.absolute().as_uri() + "?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as new,
    ):
        # backup() would wait for a lock for ever; these two give up after the time-out.
        old.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        new.execute("BEGIN IMMEDIATE")
        new.rollback()
        old.backup(new)


def _require_gradebook(backup: Path) -> None:
    """Raise `UsageError` unless the file is an undamaged nbgrader database."""
    if not backup.is_file():
        raise UsageError(
            f"there is no backup {backup}: look in .rudaux/backups in the course folder"
        )
    try:
        with closing(sqlite3.connect(backup.absolute().as_uri() + "?mode=ro", uri=True)) as there:
            tables = {row[0] for row in there.execute("SELECT name FROM sqlite_master")}
            sound = there.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError as failure:
        raise UsageError(
            f"{backup} is not a gradebook ({failure}), so nothing was restored: choose another "
            "backup in .rudaux/backups"
        ) from failure
    if not sound or not {"student", "assignment", "submitted_assignment"} <= tables:
        raise UsageError(
            f"{backup} is damaged or not a gradebook, so nothing was restored: choose another "
            "backup in .rudaux/backups"
        )
