"""Reports as HTML files in .rudaux/reports, each self-contained."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from rudaux.adapters.pages.render import assignment_page, term_page
from rudaux.config.private import create_file, make_folder, make_rudaux_folder
from rudaux.domain.report import AssignmentReport, TermReport

__all__ = ["ReportPages"]

TERM = "index"


class ReportPages:
    """Implements `rudaux.ports.Pages`; nothing is created before the first page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

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
        fresh = path.with_name(f".{path.name}.new")
        create_file(fresh)
        fresh.write_text(page, encoding="utf-8", errors="replace")
        fresh.replace(path)
        return path


def _file(name: str, anonymous: bool) -> str:
    return f"{name}-anonymous.html" if anonymous else f"{name}.html"
