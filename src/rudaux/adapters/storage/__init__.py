"""The file server: where students' homes are, and copies of their work as of a deadline."""

from __future__ import annotations

from rudaux.adapters.storage.homes import Homes
from rudaux.adapters.storage.looking import list_homes

__all__ = ["Homes", "list_homes"]
