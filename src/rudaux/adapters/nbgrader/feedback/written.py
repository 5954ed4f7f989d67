"""Which feedback pages are as rudaux wrote them; others are kept before they are replaced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from rudaux.adapters.nbgrader import files
from rudaux.config.private import PRIVATE, Rights

WRITTEN = ".rudaux.json"
"""The file beside the pages that has their digests."""


class Written:
    """The digests of the pages of one folder as they were written; none if that is not known."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._digests: dict[str, str] = dict(json.loads(file.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            self._digests = {}

    def keep_edited(self, page: Path, new: bytes | None, kept: Path) -> bool:
        """Copy a page that is about to change into `kept`, unless it is as it was written.

        Returns whether a person edited it; who wrote a page without a digest is not known.
        """
        content = page.read_bytes() if page.is_file() else None
        known = self._digests.get(page.name)
        if content is None or content == new or _digest(content) == known:
            return False
        name = f"{page.stem}-{_digest(content)[:8]}.html"
        files.write_atomically(kept / name, content, PRIVATE)
        return known is not None

    def record(self, pages: Mapping[str, bytes], rights: Rights) -> None:
        """Record the pages that there are now."""
        digests = {name: _digest(page) for name, page in pages.items()}
        if digests != self._digests:
            text = json.dumps(digests, indent=1)
            files.write_atomically(self._file, text.encode(), rights)


def _digest(page: bytes) -> str:
    return hashlib.sha256(page).hexdigest()
