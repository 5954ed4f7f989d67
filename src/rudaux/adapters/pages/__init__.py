"""Reports as HTML files in .rudaux/reports, each self-contained."""

from __future__ import annotations

import hashlib
import re
import webbrowser
from pathlib import Path

from rudaux.adapters.pages.render import assignment_page, term_page
from rudaux.config.private import create_file, make_folder, make_rudaux_folder
from rudaux.domain.report import AssignmentReport, TermReport

__all__ = ["ReportPages"]

TERM = "index"
_SEAL = re.compile(rb"<!-- as rudaux wrote it: ([0-9a-f]{64}) -->\n\Z")
"""The last line of each page: by its digest of all before it, an edited page is recognised."""


class ReportPages:
    """Implements `rudaux.ports.Pages`; nothing is created before the first page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.kept: tuple[Path, ...] = ()

    def write(self, report: AssignmentReport, anonymous: bool = False) -> Path:
        return self._write(report.name, anonymous, assignment_page(report, anonymous))

    def write_term(self, term: TermReport, anonymous: bool = False) -> Path:
        links = {r.name: _file(r.name, anonymous) for r in term.assignments}
        return self._write(TERM, anonymous, term_page(term, links))

    def find(self, name: str) -> Path | None:
        page = self._folder / _file(name, False)
        return page if page.is_file() else None

    def show(self, page: Path) -> bool:
        return webbrowser.open(page.resolve().as_uri())

    def _write(self, name: str, anonymous: bool, page: str) -> Path:
        make_rudaux_folder(self._folder.parent)
        make_folder(self._folder)
        path = self._folder / _file(name, anonymous)
        self._keep_edited(path)
        content = f"{page}\n".encode(errors="replace")
        _replace(path, content + f"<!-- as rudaux wrote it: {_digest(content)} -->\n".encode())
        return path

    def _keep_edited(self, path: Path) -> None:
        """Copy a page that is about to be replaced, unless it is as it was written."""
        content = path.read_bytes() if path.is_file() else None
        if content is None or _is_as_written(content):
            return
        kept = self._folder.parent / "kept" / "reports"
        make_folder(kept)
        copy = kept / f"{path.stem}-{_digest(content)[:8]}.html"
        _replace(copy, content)
        self.kept += (copy,)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    create_file(fresh)
    fresh.write_bytes(content)
    fresh.replace(path)


def _is_as_written(content: bytes) -> bool:
    seal = _SEAL.search(content)
    return seal is not None and _digest(content[: seal.start()]).encode() == seal[1]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _file(name: str, anonymous: bool) -> str:
    return f"{name}-anonymous.html" if anonymous else f"{name}.html"
