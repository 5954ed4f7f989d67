"""From the instructor's notebooks to what students get, and what in it would reveal a solution."""

from __future__ import annotations

from rudaux.adapters.nbgrader.release.folder import secrets_of, write_release

__all__ = ["secrets_of", "write_release"]
