"""Repairing a student's notebook so that nbgrader can grade it.

nbgrader itself fails on some of these, or waits for ever: a duplicated cell
(https://github.com/jupyter/nbgrader/issues/1083), a deleted test (issue 1682).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nbformat
from nbgrader.preprocessors import OverwriteCells

from rudaux.adapters.nbgrader.gradebook.catalogue import KnownCell, KnownNotebook
from rudaux.adapters.nbgrader.grading.choose import grade_id
from rudaux.adapters.nbgrader.grading.copies import (
    home_of,
    is_as_released,
    is_edited,
    separate,
)
from rudaux.adapters.nbgrader.release.source import give_ids
from rudaux.domain.execution import NO_LONGER_PART

_FLAGS = ("grade", "solution", "task")


def repair(
    name: str,
    notebook: Any,
    notebooks: Mapping[str, KnownNotebook],
    restorer: OverwriteCells,
    doubts: list[str],
) -> list[str]:
    """Repair the notebook `name` in place; return a clause per repair.

    `notebooks` are all of the assignment's. What a person must decide goes to `doubts`.
    """
    known = notebooks[name]
    if known.cells and not any(grade_id(cell) in known.cells for cell in notebook.cells):
        doubts.append(
            f"{known.name}: none of the cells has its nbgrader metadata any more, so its answers "
            "cannot be told apart: look at the submitted notebook"
        )
    return [
        *_forget_unknown(name, notebook, notebooks),
        *separate(notebook, known, doubts),
        *_restore(notebook, known),
        *_put_back(notebook, known, restorer),
    ]


def _forget_unknown(here: str, notebook: Any, notebooks: Mapping[str, KnownNotebook]) -> list[str]:
    """Remove nbgrader's metadata from cells that are not part of this notebook."""
    forgotten = []
    for cell in notebook.cells:
        name = grade_id(cell)
        if "nbgrader" not in cell.metadata or name in notebooks[here].cells:
            continue
        home = home_of(name, here, notebooks)
        if home is not None:
            forgotten.append(f'cell "{name}" of {home.name} was here, too; it counts there')
        elif name:
            answer = {"solution", "task"} & {k for k, v in cell.metadata["nbgrader"].items() if v}
            forgotten.append(f'cell "{name}" {NO_LONGER_PART}{"" if answer else " (a test)"}')
        del cell.metadata["nbgrader"]
    return forgotten


def _restore(notebook: Any, known: KnownNotebook) -> list[str]:
    """Set each known cell's type and nbgrader metadata to what is in the gradebook."""
    clauses = []
    for cell in notebook.cells:
        if "nbgrader" not in cell.metadata:
            continue
        mine = known.cells[grade_id(cell)]
        if cell.cell_type != mine.cell_type:
            clauses.append(f'cell "{mine.name}" was {cell.cell_type} instead of {mine.cell_type}')
            _retype(cell, mine.cell_type)
        meta, right = cell.metadata["nbgrader"], mine.metadata
        if any(bool(meta.get(f)) != right[f] for f in _FLAGS) or (
            mine.points is not None
            and meta.get("points") != mine.points
            and not is_as_released(cell, mine)
        ):
            clauses.append(f'the settings of cell "{mine.name}" had been changed')
        if mine.locked and is_edited(cell, mine):
            clauses.append(f'the locked cell "{mine.name}" had been edited')
        cell.metadata["nbgrader"] = nbformat.from_dict(right)
    return clauses


def _put_back(notebook: Any, known: KnownNotebook, restorer: OverwriteCells) -> list[str]:
    """Insert deleted tests and locked cells, and blank cells for answers to be marked by hand."""
    order = list(known.cells)
    clauses = []
    for name, cell in known.cells.items():
        there = {grade_id(c): number for number, c in enumerate(notebook.cells)}
        if name in there or not (cell.grade or cell.task or cell.locked):
            continue
        at = _place(order, name, there, len(notebook.cells))
        notebook.cells.insert(at, _new_cell(cell, restorer))
        clauses.append(f'the deleted cell "{name}" was put back')
    if clauses:
        give_ids(notebook, known.name)
    return clauses


def _place(order: list[str], name: str, there: dict[str, int], end: int) -> int:
    """Return where a cell goes: after its predecessor, else before its next successor, else last.

    A test must follow the answer, which may be in a cell that has lost its grade id.
    """
    position = order.index(name)
    if position and order[position - 1] in there:
        return there[order[position - 1]] + 1
    return next((there[n] for n in order[position + 1 :] if n in there), end)


def _new_cell(known: KnownCell, restorer: OverwriteCells) -> Any:
    if known.locked:
        # nbgrader's notice would come before a %%magic, and OverwriteCells would remove it.
        is_code = known.cell_type == "code"
        new = nbformat.v4.new_code_cell if is_code else nbformat.v4.new_markdown_cell
        cell = new(known.source, metadata={"nbgrader": nbformat.from_dict(known.metadata)})
        del cell["id"]
        return cell
    cell = restorer.missing_cell_transform(
        known, known.points or 0, is_solution=known.solution, is_task=known.task
    )
    cell.metadata["nbgrader"] = known.metadata
    return nbformat.from_dict(cell)


def _retype(cell: Any, cell_type: str) -> None:
    cell.cell_type = cell_type
    for extra in ("attachments", "outputs", "execution_count"):
        cell.pop(extra, None)
    if cell_type == "code":
        cell.outputs, cell.execution_count = [], None
