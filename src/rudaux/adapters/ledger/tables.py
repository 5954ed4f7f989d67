"""The ledger's database as its parts see it."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
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
