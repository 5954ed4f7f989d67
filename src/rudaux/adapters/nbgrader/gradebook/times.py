"""The file in a submission's folder that tells nbgrader when it was handed in.

formgrader shows a submission as autograded only if this time is the same as in the gradebook
(NbGraderAPI.get_autograded_students in nbgrader/apps/api.py).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from rudaux.adapters.nbgrader import files
from rudaux.config.private import Rights
from rudaux.domain.collection import TIME_FILE

_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"
"""What `nbgrader submit` writes by default, always of the same length."""
_LENGTH = len("2026-10-01 23:59:59.000000 UTC")


def note(folder: Path, at: datetime, rights: Rights) -> None:
    """Write the time (UTC, naive as in the gradebook); replace any file or folder of that name."""
    files.remove(folder / TIME_FILE)
    files.write_atomically(folder / TIME_FILE, at.strftime(_FORMAT).encode(), rights)


def is_noted(folder: Path) -> bool:
    """Return whether there is a time that nbgrader can read, whatever it is."""
    file = folder / TIME_FILE
    try:
        if file.stat().st_size != _LENGTH:  # nearly all have it, so most files need not be read
            parse_utc(file.read_text().strip())
    except (OSError, ValueError, OverflowError):
        return False
    return True
