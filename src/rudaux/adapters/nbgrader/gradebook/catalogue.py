"""The gradebook's cells of an assignment in memory, with nbgrader's own query methods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbgrader import api
from nbgrader.api import MissingEntry
from nbgrader.nbgraderformat import MetadataValidator
from sqlalchemy import select

from rudaux.adapters.nbgrader.release.source import SourceCell


@dataclass(frozen=True)
class KnownCell(SourceCell):
    """A cell as recorded; nbgrader calls its points `max_score`."""

    @property
    def max_score(self) -> float | None:
        """The points that the cell can earn."""
        return self.points

    @property
    def metadata(self) -> dict[str, Any]:
        """The cell's nbgrader metadata in a notebook."""
        meta: dict[str, Any] = {
            "grade_id": self.name,
            "grade": self.grade,
            "solution": self.solution,
            "task": self.task,
            "locked": self.locked,
            "cell_type": self.cell_type,
            "schema_version": MetadataValidator.schema_version,
        }
        if self.checksum is not None:
            meta["checksum"] = self.checksum
        if self.points is not None:
            meta["points"] = self.points
        return meta


@dataclass(frozen=True)
class KnownNotebook:
    """A notebook as recorded, with its cells in the order of the source."""

    id: str
    name: str
    kernelspec: Mapping[str, str]
    cells: Mapping[str, KnownCell]


@dataclass(frozen=True)
class Catalogue:
    """All notebooks of an assignment in the gradebook, by name."""

    assignment: str
    notebooks: Mapping[str, KnownNotebook]

    def find_source_cell(self, name: str, notebook: str, assignment: str) -> KnownCell:
        """Return a cell, as `nbgrader.api.Gradebook.find_source_cell` does."""
        cell = self.notebooks[notebook].cells.get(name)
        if cell is None:
            raise MissingEntry(f"No such source cell: {assignment}/{notebook}/{name}")
        return cell

    find_graded_cell = find_source_cell


def load_catalogue(
    session: Any, assignment: str, order: Mapping[str, tuple[str, ...]]
) -> Catalogue:
    """Read the assignment's cells; `order` has the source's cell names by notebook."""
    notebooks = session.scalars(
        select(api.Notebook)
        .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
        .where(api.Assignment.name == assignment)
        .order_by(api.Notebook.name)
    ).all()
    return Catalogue(
        assignment, {n.name: _load(session, n, order.get(n.name, ())) for n in notebooks}
    )


def _load(session: Any, notebook: Any, order: tuple[str, ...]) -> KnownNotebook:
    points: dict[str, float] = {}
    kinds: dict[str, set[str]] = {}
    for cls in (api.GradeCell, api.TaskCell, api.SolutionCell):
        for cell in session.scalars(select(cls).where(cls.notebook_id == notebook.id)):
            kinds.setdefault(cell.name, set()).add(cell.type)
            if cell.type != "SolutionCell":
                points[cell.name] = cell.max_score
    sources = session.scalars(
        select(api.SourceCell).where(api.SourceCell.notebook_id == notebook.id)
    ).all()
    place = {name: number for number, name in enumerate(order)}
    cells = {
        row.name: KnownCell(
            name=row.name,
            cell_type=row.cell_type,
            locked=row.locked,
            source=row.source,
            checksum=row.checksum,
            grade="GradeCell" in kinds.get(row.name, ()),
            solution="SolutionCell" in kinds.get(row.name, ()),
            task="TaskCell" in kinds.get(row.name, ()),
            points=points.get(row.name),
        )
        for row in sorted(sources, key=lambda row: place.get(row.name, len(place)))
    }
    kernelspec = json.loads(notebook.kernelspec or "null") or {}
    return KnownNotebook(notebook.id, notebook.name, kernelspec, cells)
