"""The instructor's notebooks -> what students get, and what of it would give a solution away."""

from __future__ import annotations

from rudaux.adapters.nbgrader.release.folder import secrets_of, write_release

__all__ = ["secrets_of", "write_release"]
