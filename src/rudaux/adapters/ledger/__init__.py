"""The ledger, a SQLite file of what rudaux did, and the lock file that keeps two runs apart."""

from __future__ import annotations

from rudaux.adapters.ledger.sqlite import SqliteLedger

__all__ = ["SqliteLedger"]
