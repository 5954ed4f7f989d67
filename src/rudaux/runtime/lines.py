"""The lines of a report on its way from the runner to the supervisor, and on to the host.

Each is a JSON object, and nothing else is ever read from a box:

    {"notebook": name}                         the cells that follow are of this notebook
    {"start": index}                           this cell begins
    {"cell": [index, count, outputs, seconds]} this cell has ended
    {"verdict": word, "reason": text}          the notebook has ended: from the runner
    {"verdict": ..., "reason": ..., "seconds": number}    the submission has: from the supervisor
"""

from __future__ import annotations

import json
import os
from typing import Any

from rudaux.runtime import limits as bounds

MOST = 2 * (bounds.OUTPUT_OF_SUBMISSION + bounds.OUTPUT_OF_CELL)
"""Bytes of one report; nothing beyond that is read."""


def line(**said: Any) -> bytes:
    """Return a line of a report."""
    return json.dumps(said).encode() + b"\n"


class Writer:
    """Writes lines into a pipe."""

    def __init__(self, pipe: int) -> None:
        self.file = os.fdopen(pipe, "wb")

    def __call__(self, **said: Any) -> None:
        self.file.write(line(**said))
        self.file.flush()


class Splitter:
    """Puts lines together again from the pieces that a pipe delivers."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def take(self, data: bytes) -> list[bytes]:
        """Return the lines that end in this piece."""
        self._rest += data
        if b"\n" not in data:
            return []
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        return lines
