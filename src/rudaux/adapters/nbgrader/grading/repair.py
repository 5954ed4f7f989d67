"""Putting a student's notebook back into the shape that nbgrader can grade.

nbgrader alone stops at some of these, or waits for ever: a duplicated cell
(https://github.com/jupyter/nbgrader/issues/1083), a deleted test (issue 1682).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import nbformat
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import OverwriteCells
from nbgrader.utils import compute_checksum

from rudaux.adapters.nbgrader.gradebook.catalogue import KnownCell, KnownNotebook
from rudaux.adapters.nbgrader.grading.choose import grade_id
from rudaux.adapters.nbgrader.release.source import give_ids

_FLAGS = ("grade", "solution", "task")


def repair(
    notebook: Any, known: KnownNotebook, restorer: OverwriteCells, doubts: list[str]
) -> list[str]:
    """Repair in place and give a clause per repair; what a person must settle goes to `doubts`."""
    if known.cells and not any(grade_id(cell) in known.cells for cell in notebook.cells):
        doubts.append(
            f"{known.name}: none of the cells has nbgrader's marks any more, so that its answers "
            "cannot be told apart"
        )
    return [
        *_forget_unknown(notebook, known),
        *_separate_duplicates(notebook, known, doubts),
        *_restore(notebook, known),
        *_put_back(notebook, known, restorer),
    ]


def _forget_unknown(notebook: Any, known: KnownNotebook) -> list[str]:
    """Take nbgrader's marks off cells that the assignment does not have."""
    forgotten = []
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata and grade_id(cell) not in known.cells:
            if grade_id(cell):
                forgotten.append(f"cell {grade_id(cell)} is not part of the assignment any more")
            del cell.metadata["nbgrader"]
    return forgotten


def _separate_duplicates(notebook: Any, known: KnownNotebook, doubts: list[str]) -> list[str]:
    """Keep the last of several cells with one grade id, as nbgrader does, but an answered one."""
    same: dict[str, list[Any]] = defaultdict(list)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            same[grade_id(cell)].append(cell)
    clauses = []
    for name, cells in same.items():
        if len(cells) == 1:
            continue
        blank = known.cells[name].source.strip()
        answered = [c for c in cells if c.source.strip() != blank]
        kept = (answered if known.cells[name].solution and answered else cells)[-1]
        for cell in cells:
            if cell is not kept:
                del cell.metadata["nbgrader"]
        clauses.append(f"cell {name} stood there {len(cells)} times")
        if known.cells[name].solution and len({c.source.strip() for c in answered}) > 1:
            doubts.append(
                f"{known.name}: the answer {name} stands there {len(answered)} times and the last "
                "one was graded"
            )
    return clauses


def _restore(notebook: Any, known: KnownNotebook) -> list[str]:
    """Give every known cell the type and the nbgrader metadata that the gradebook has."""
    clauses = []
    for cell in notebook.cells:
        if "nbgrader" not in cell.metadata:
            continue
        mine = known.cells[grade_id(cell)]
        if cell.cell_type != mine.cell_type:
            clauses.append(f"cell {mine.name} was {cell.cell_type} instead of {mine.cell_type}")
            _retype(cell, mine.cell_type)
        meta, right = cell.metadata["nbgrader"], _metadata(mine)
        if any(bool(meta.get(f)) != right[f] for f in _FLAGS) or (
            mine.points is not None and meta.get("points") != mine.points
        ):
            clauses.append(f"the settings of cell {mine.name} had been changed")
        cell.metadata["nbgrader"] = nbformat.from_dict(right)
        if mine.locked and _is_edited(cell, meta):
            clauses.append(f"the locked cell {mine.name} had been edited")
    return clauses


def _is_edited(cell: Any, meta: Any) -> bool:
    """Whether a locked cell, its settings put right, is not what was released.

    The checksum in the file is the release's, which may be of an older source than the gradebook's.
    """
    released = meta.get("checksum")
    if not released:
        return False
    probe = nbformat.from_dict({**cell, "metadata": {"nbgrader": {**cell.metadata["nbgrader"]}}})
    sums = {compute_checksum(probe)}
    if isinstance(meta.get("points"), (int, float)):
        probe.metadata["nbgrader"]["points"] = meta["points"]
        sums.add(compute_checksum(probe))
    return released not in sums


def _put_back(notebook: Any, known: KnownNotebook, restorer: OverwriteCells) -> list[str]:
    """Insert deleted test and locked cells, and blank ones to be marked by hand."""
    order = list(known.cells)
    clauses = []
    for name, cell in known.cells.items():
        there = {grade_id(c): number for number, c in enumerate(notebook.cells)}
        if name in there or not (cell.grade or cell.task or cell.locked):
            continue
        at = _place(order, name, there, len(notebook.cells))
        notebook.cells.insert(at, _new_cell(cell, restorer))
        clauses.append(f"the deleted cell {name} was put back")
    if clauses:
        give_ids(notebook, known.name)
    return clauses


def _place(order: list[str], name: str, there: dict[str, int], end: int) -> int:
    """After the cell before it in the source, else before the next one that is there, else last.

    A test must follow the answer, which may stand in a cell without its grade id by now.
    """
    position = order.index(name)
    if position and order[position - 1] in there:
        return there[order[position - 1]] + 1
    return next((there[n] for n in order[position + 1 :] if n in there), end)


def _new_cell(known: KnownCell, restorer: OverwriteCells) -> Any:
    if known.locked:
        # nbgrader's notice would stand before a %%magic, and OverwriteCells would remove it.
        is_code = known.cell_type == "code"
        new = nbformat.v4.new_code_cell if is_code else nbformat.v4.new_markdown_cell
        cell = new(known.source, metadata={"nbgrader": nbformat.from_dict(_metadata(known))})
        del cell["id"]
        return cell
    cell = restorer.missing_cell_transform(
        known, known.points or 0, is_solution=known.solution, is_task=known.task
    )
    cell.metadata["nbgrader"] = _metadata(known)
    return nbformat.from_dict(cell)


def _retype(cell: Any, cell_type: str) -> None:
    cell.cell_type = cell_type
    for extra in ("attachments", "outputs", "execution_count"):
        cell.pop(extra, None)
    if cell_type == "code":
        cell.outputs, cell.execution_count = [], None


def _metadata(known: KnownCell) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "grade_id": known.name,
        "grade": known.grade,
        "solution": known.solution,
        "task": known.task,
        "locked": known.locked,
        "cell_type": known.cell_type,
        "schema_version": MetadataValidator.schema_version,
    }
    if known.checksum is not None:
        meta["checksum"] = known.checksum
    if known.points is not None:
        meta["points"] = known.points
    return meta
