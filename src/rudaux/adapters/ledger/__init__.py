"""The ledger, what rudaux did, in a SQLite file; and the lock that keeps two runs apart."""

from __future__ import annotations

from rudaux.adapters.ledger.sqlite import SqliteLedger

__all__ = ["SqliteLedger"]
