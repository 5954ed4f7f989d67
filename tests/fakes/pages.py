"""Reports in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rudaux.domain.report import AssignmentReport, TermReport


@dataclass
class FakePages:
    """The reports that were written, by name."""

    folder: Path
    written: dict[str, AssignmentReport | TermReport] = field(default_factory=dict)
    shown: list[Path] = field(default_factory=list)
    kept: tuple[Path, ...] = ()

    def write(self, report: AssignmentReport, anonymous: bool = False) -> Path:
        return self._write(report.name + "-anonymous" * anonymous, report)

    def write_term(self, term: TermReport, anonymous: bool = False) -> Path:
        return self._write("index" + "-anonymous" * anonymous, term)

    def find(self, name: str) -> Path | None:
        return self.folder / f"{name}.html" if name in self.written else None

    def show(self, page: Path) -> bool:
        self.shown.append(page)
        return True

    def _write(self, name: str, report: AssignmentReport | TermReport) -> Path:
        self.written[name] = report
        return self.folder / f"{name}.html"
