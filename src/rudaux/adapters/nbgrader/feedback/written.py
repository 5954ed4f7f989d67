"""Which feedback pages are as rudaux wrote them: others have been edited, and are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from rudaux.adapters.nbgrader import files
from rudaux.config.private import Rights, make_folder

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
        """Copy a page that is about to change into `kept` if a person edited it, and say so."""
        known = self._digests.get(page.name)
        if known is None or not page.is_file():
            return False
        content = page.read_bytes()
        digest = _digest(content)
        if digest == known or content == new:
            return False
        make_folder(kept)
        files.write_atomically(kept / f"{page.stem}-{digest[:8]}.html", content, Rights())
        return True

    def record(self, pages: Mapping[str, bytes], rights: Rights) -> None:
        """Record the pages that there are now."""
        digests = {name: _digest(page) for name, page in pages.items()}
        if digests != self._digests:
            text = json.dumps(digests, indent=1)
            files.write_atomically(self._file, text.encode(), rights)


def _digest(page: bytes) -> str:
    return hashlib.sha256(page).hexdigest()
