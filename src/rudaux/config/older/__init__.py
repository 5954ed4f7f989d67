"""The configuration of an older rudaux, and what a rudaux.toml can take over from it."""

from __future__ import annotations

from rudaux.config.older.translate import Note, Older, read_older

__all__ = ["Note", "Older", "read_older"]
