"""Pages that an instructor reads in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from rudaux.domain.report import AssignmentReport, TermReport


class Pages(Protocol):
    """Each report as one HTML file that needs no network and that no other account can read.

    `anonymous` leaves people out; such a page lies beside the other one.
    """

    def write(self, report: AssignmentReport, anonymous: bool = False) -> Path: ...

    def write_term(self, term: TermReport, anonymous: bool = False) -> Path:
        """Write the page of the term, which leads to those of its assignments."""

    def show(self, page: Path) -> bool:
        """Open a page in the browser of this machine; False: it has none."""
