"""Reports that an instructor reads in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from rudaux.domain.report import AssignmentReport, TermReport


class Pages(Protocol):
    """Reports as HTML files, each of which needs no network and no other account can read.

    `anonymous` leaves out the students' names; such a page is kept beside the other one. `kept` are
    copies of pages that were not as rudaux had written them, made before these were replaced.
    """

    kept: tuple[Path, ...]

    def write(self, report: AssignmentReport, anonymous: bool = False) -> Path: ...

    def write_term(self, term: TermReport, anonymous: bool = False) -> Path:
        """Write the page of the term, which links to those of its assignments."""

    def find(self, name: str) -> Path | None:
        """Return the page of an assignment, if one has been written."""

    def show(self, page: Path) -> bool:
        """Open a page in this machine's browser; return False if there is none."""
