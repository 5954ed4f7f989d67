"""The ledger's SQLite file: opened once, upgraded if need be, its errors put into sentences."""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from typing import Any

from rudaux.adapters.ledger.schema import VERSION, create, migrate, version_of
from rudaux.config.private import create_file, exists, make_rudaux_folder
from rudaux.errors import SystemFailure

_BUSY_SECONDS = 30.0


class Tables:
    """The file and its one connection; nothing is created before the first write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._run: int | None = None

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(self, query: str, *values: str | int | None) -> list[Any]:
        with self._in_words():
            if not exists(self._path):
                return []
            return self._open().execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the database for one transaction."""
        with self._in_words():
            db = self._open()
            with db:
                yield db

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            make_rudaux_folder(self._path.parent)
            create_file(self._path)
            # The garbage collector may close it from any thread.
            db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
            weakref.finalize(self, db.close)
            version = version_of(db)
            if version > VERSION:
                raise SystemFailure(
                    f"{self._path} was written by a newer rudaux: upgrade rudaux, or {self._aside}"
                )
            if version == 0:
                self._create(db)
            elif version < VERSION:
                self._keep(db, version)
                migrate(db)
            self._connection = db
        return self._connection

    def _create(self, db: sqlite3.Connection) -> None:
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise SystemFailure(f"{self._path} is not a rudaux ledger: {self._aside}")
        create(db)

    def _keep(self, db: sqlite3.Connection, version: int) -> None:
        """Copy a ledger that is about to be upgraded, so that one can go back to its rudaux."""
        names = (f"ledger-{version}{f'-{again}' if again else ''}.db" for again in count())
        kept = next(path for path in map(self._path.with_name, names) if not path.exists())
        part = kept.with_suffix(f".{os.getpid()}")
        part.unlink(missing_ok=True)
        create_file(part)
        db.execute("VACUUM INTO ?", (str(part),))
        part.replace(kept)

    @property
    def _aside(self) -> str:
        return (
            f"move it away (mv {self._path} {self._path}.old) and run this again (it contains no "
            "grades, only what rudaux remembers of its runs)"
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
                f"{self._path.parent} cannot be used ({error.strerror}): check who owns it"
            ) from error


def now() -> str:
    """Return the time as the tables keep it."""
    return utc(datetime.now(timezone.utc))


def utc(at: datetime) -> str:
    """Write a time as the tables keep it: ISO 8601 in UTC."""
    return at.astimezone(timezone.utc).isoformat()


def moment(text: str | None) -> datetime | None:
    """Read a time from a table; None stays None."""
    return None if text is None else datetime.fromisoformat(text)
