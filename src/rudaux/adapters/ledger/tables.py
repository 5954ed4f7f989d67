"""The ledger's database, as the parts of the ledger see it."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any


class Tables(ABC):
    """What each part of `SqliteLedger` reads and writes its tables with."""

    _path: Path
    _run: int | None
    _connection: sqlite3.Connection | None

    @abstractmethod
    def _rows(self, query: str, *values: str | int | None) -> list[Any]: ...

    @abstractmethod
    def _writing(self) -> AbstractContextManager[sqlite3.Connection]: ...

    @abstractmethod
    def _open(self) -> sqlite3.Connection: ...
