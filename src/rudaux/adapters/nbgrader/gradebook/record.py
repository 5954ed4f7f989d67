"""The source's cells and maxima in the gradebook, even if they change once submissions exist.

nbgrader's SaveCells refuses that (https://github.com/jupyter/nbgrader/issues/1646). Here cells are
added, changed and removed around the submissions; only a mark by hand prevents it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nbgrader import api
from sqlalchemy import func, insert, or_, select

from rudaux.adapters.nbgrader.gradebook import rows
from rudaux.adapters.nbgrader.gradebook.rows import ensure_assignment, find_assignment
from rudaux.adapters.nbgrader.release.source import SourceCell, SourceNotebook
from rudaux.errors import MarksInTheWay

_TYPES = {"grade": api.GradeCell, "solution": api.SolutionCell, "task": api.TaskCell}


@dataclass(frozen=True)
class _Known:
    """A notebook's rows: base cells by (name, type), source cells by name."""

    row: Any
    cells: dict[tuple[str, str], Any]
    sources: dict[str, Any]


def in_step(session: Any, assignment: str, notebooks: Iterable[SourceNotebook]) -> bool:
    """Return whether the gradebook has exactly these notebooks and cells."""
    row = find_assignment(session, assignment)
    if row is None or any(_halves(session, row.id)):
        return False
    known, wanted = _known(session, row.id), {n.name: n for n in notebooks}
    return known.keys() == wanted.keys() and all(
        _same(known[name], wanted[name]) for name in wanted
    )


def record(
    session: Any,
    assignment: str,
    notebooks: Iterable[SourceNotebook],
    course_id: str,
    backup: Callable[[], object],
) -> None:
    """Write the notebooks' cells; call `backup` before the grades of removed cells are deleted.

    Raises `MarksInTheWay` if a removed cell has a mark or comment by hand.
    """
    row = ensure_assignment(session, assignment, course_id)
    for table, values in _halves(session, row.id):
        session.execute(insert(table).values(values))
    known, wanted = _known(session, row.id), {n.name: n for n in notebooks}
    gone_notebooks = [known[name].row.id for name in known.keys() - wanted.keys()]
    gone_cells = [
        cell.id
        for name, there in known.items()
        for key, cell in there.cells.items()
        if name not in wanted or key not in _wanted_cells(wanted[name])
    ]
    _refuse_to_lose(session, assignment, gone_cells)
    if gone_cells and _has_grades(session, gone_cells):
        backup()
    rows.remove_cells(session, gone_cells)
    rows.remove_notebooks(session, gone_notebooks)
    session.expire_all()
    for name, notebook in wanted.items():
        _write_notebook(session, row.id, notebook, known.get(name))
    session.flush()
    rows.mirror(session, row.id)


def _halves(session: Any, assignment_id: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield rows that cells lack in the table of their kind: without it, none can be loaded.

    The marks for such a cell are whole, and count again once the row is back.
    """
    cell = api.BaseCell.__table__
    for cls in _TYPES.values():
        table = cls.__table__
        query = (
            select(cell.c.id, api.SourceCell.cell_type)
            .join(api.Notebook, api.Notebook.id == cell.c.notebook_id)
            .outerjoin(table, table.c.id == cell.c.id)
            .outerjoin(
                api.SourceCell,
                (api.SourceCell.notebook_id == cell.c.notebook_id)
                & (api.SourceCell.name == cell.c.name),
            )
            .where(
                api.Notebook.assignment_id == assignment_id,
                cell.c.type == cls.__name__,
                table.c.id.is_(None),
            )
        )
        for cell_id, cell_type in session.execute(query).all():
            values = {"id": cell_id, "max_score": 0.0, "cell_type": cell_type or "code"}
            yield table, {name: values[name] for name in [c.name for c in table.c]}


def _known(session: Any, assignment_id: str) -> dict[str, _Known]:
    found = {}
    query = select(api.Notebook).where(api.Notebook.assignment_id == assignment_id)
    for row in session.scalars(query):
        cells = session.scalars(select(api.BaseCell).where(api.BaseCell.notebook_id == row.id))
        sources = session.scalars(
            select(api.SourceCell).where(api.SourceCell.notebook_id == row.id)
        )
        found[row.name] = _Known(
            row, {(c.name, c.type): c for c in cells}, {s.name: s for s in sources}
        )
    return found


def _wanted_cells(notebook: SourceNotebook) -> dict[tuple[str, str], SourceCell]:
    return {
        (cell.name, cls.__name__): cell
        for cell in notebook.cells
        for kind, cls in _TYPES.items()
        if getattr(cell, kind)
    }


def _same(known: _Known, notebook: SourceNotebook) -> bool:
    wanted = _wanted_cells(notebook)
    return (
        known.row.kernelspec == notebook.kernelspec
        and known.cells.keys() == wanted.keys()
        and all(_holds(known.cells[key], _marks(key, cell)) for key, cell in wanted.items())
        and known.sources.keys() == {c.name for c in notebook.cells}
        and all(_holds(known.sources[c.name], _text(c)) for c in notebook.cells)
    )


def _marks(key: tuple[str, str], cell: SourceCell) -> dict[str, Any]:
    if key[1] == "SolutionCell":
        return {}
    return {"max_score": cell.points, "cell_type": cell.cell_type}


def _text(cell: SourceCell) -> dict[str, Any]:
    return {
        "cell_type": cell.cell_type,
        "locked": cell.locked,
        "source": cell.source,
        "checksum": cell.checksum,
    }


def _holds(row: Any, values: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


def _write_notebook(
    session: Any, assignment_id: str, notebook: SourceNotebook, known: _Known | None
) -> None:
    if known is None:
        known = _Known(api.Notebook(name=notebook.name, assignment_id=assignment_id), {}, {})
        session.add(known.row)
    known.row.kernelspec = notebook.kernelspec
    session.flush()
    for key, cell in _wanted_cells(notebook).items():
        cls = next(c for c in _TYPES.values() if c.__name__ == key[1])
        _put(session, known.cells.get(key), cls, known.row.id, cell.name, _marks(key, cell))
    for cell in notebook.cells:
        values = _text(cell)
        _put(session, known.sources.get(cell.name), api.SourceCell, known.row.id, cell.name, values)
    names = {cell.name for cell in notebook.cells}
    for name, row in known.sources.items():
        if name not in names:
            session.delete(row)


def _put(
    session: Any, row: Any, cls: Any, notebook_id: str, name: str, values: Mapping[str, Any]
) -> None:
    if row is None:
        session.add(cls(name=name, notebook_id=notebook_id, **values))
        return
    for attribute, value in values.items():
        setattr(row, attribute, value)


def _has_grades(session: Any, cells: list[str]) -> bool:
    count = select(func.count(api.Grade.id)).where(api.Grade.cell_id.in_(cells))
    return bool(session.scalar(count))


def _refuse_to_lose(session: Any, assignment: str, cells: list[str]) -> None:
    for notebook, cell, marks in _by_hand(session, cells):
        students = "1 student has" if marks == 1 else f"{marks} students have"
        raise MarksInTheWay(
            f'the cell "{cell}" of {assignment}/{notebook}.ipynb is no longer in the source (or '
            f"has another type now), but {students} a mark or comment by hand for it: put the cell "
            "back, or remove those marks in formgrader first"
        )


def _by_hand(session: Any, cells: list[str]) -> Iterator[tuple[str, str, int]]:
    grade, comment, cell = api.Grade, api.Comment, api.BaseCell
    for table, by_hand in (
        (grade, or_(grade.manual_score.is_not(None), grade.extra_credit.is_not(None))),
        (comment, comment.manual_comment.is_not(None)),
    ):
        query = (
            select(api.Notebook.name, cell.name, func.count(table.id))
            .join(cell, cell.id == table.cell_id)
            .join(api.Notebook, api.Notebook.id == cell.notebook_id)
            .where(table.cell_id.in_(cells), by_hand)
            .group_by(api.Notebook.name, cell.name)
            .order_by(cell.name)
        )
        yield from session.execute(query)
