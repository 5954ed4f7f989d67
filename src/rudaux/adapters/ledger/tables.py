"""The ledger's database as its parts see it."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


class Tables(ABC):
    """What the parts of `SqliteLedger` use to read and write their tables."""

    _path: Path
    _run: int | None
    _connection: sqlite3.Connection | None

    @abstractmethod
    def _rows(self, query: str, *values: str | int | None) -> list[Any]: ...

    @abstractmethod
    def _writing(self) -> AbstractContextManager[sqlite3.Connection]: ...

    @abstractmethod
    def _open(self) -> sqlite3.Connection: ...


def now() -> str:
    """Return the time as the tables keep it."""
    return utc(datetime.now(timezone.utc))


def utc(at: datetime) -> str:
    """Write a time as the tables keep it: ISO 8601 in UTC."""
    return at.astimezone(timezone.utc).isoformat()


def moment(text: str | None) -> datetime | None:
    """Read a time from a table; None stays None."""
    return None if text is None else datetime.fromisoformat(text)
