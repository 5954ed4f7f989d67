"""Copied cells: which copy keeps its nbgrader metadata, and what a person must decide.

No copy is removed: each runs where it is, as the student saw it. Those without nbgrader metadata
then count as the student's own cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from nbgrader.utils import compute_checksum

from rudaux.adapters.nbgrader.gradebook.catalogue import KnownCell, KnownNotebook
from rudaux.adapters.nbgrader.grading.choose import grade_id


def separate(notebook: Any, known: KnownNotebook, doubts: list[str]) -> list[str]:
    """Keep nbgrader's metadata on one of several copies; return a clause per copied cell."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, cell in enumerate(notebook.cells):
        if "nbgrader" in cell.metadata:
            places[grade_id(cell)].append(place)
    clauses, before = [], -1
    for name, mine in known.cells.items():
        copies = {place: notebook.cells[place] for place in places[name]}
        if not copies:
            continue
        before = kept = _locked_one(copies, mine, before) if mine.locked else _last(copies, mine)
        if len(copies) == 1:
            continue
        what, differ = _what_was_done(copies, kept, mine)
        clauses.append(f'cell "{name}" was there {_times(len(copies))}; {what}')
        if differ:
            doubts.append(
                f'{known.name}: cell "{name}" was there {_times(len(copies))} with different '
                "answers: look at the submitted notebook before you mark it"
            )
        for place, cell in copies.items():
            if place != kept:
                del cell.metadata["nbgrader"]
    return clauses


def _locked_one(copies: Mapping[int, Any], mine: KnownCell, before: int) -> int:
    """Choose the first copy after the cell that precedes it in the source, if possible unedited.

    The source's text replaces its text: in an edited copy the student's own would be lost.
    """
    after = [place for place in copies if place > before] or [max(copies)]
    return next((place for place in after if not is_edited(copies[place], mine)), after[0])


def _last(copies: Mapping[int, Any], mine: KnownCell) -> int:
    """Choose the last copy, preferably with an answer, and among those of the right type."""
    answered = [place for place, cell in copies.items() if _is_answered(cell, mine)]
    typed = [place for place in answered if copies[place].cell_type == mine.cell_type]
    return (typed or answered or list(copies))[-1]


def _what_was_done(copies: Mapping[int, Any], kept: int, mine: KnownCell) -> tuple[str, bool]:
    """Return what was done with the copies, and if they are different answers to mark by hand."""
    if _is_by_hand(mine):
        texts = {cell.source.strip() for cell in copies.values() if _is_answered(cell, mine)}
        if len(texts) > 1:
            return "the answers differ", True
        blank = any(not _is_answered(cell, mine) for cell in copies.values())
        return ("the one with an answer counts" if texts and blank else "it counts once"), False
    run = [
        place
        for place, cell in copies.items()
        if cell.source.strip() and (mine if place == kept else cell).cell_type == "code"
    ]
    if mine.grade or not run:
        return "it counts once", False
    if len(run) < len(copies):
        return f"{len(run)} of them {'was' if len(run) == 1 else 'were'} run", False
    return f"{'both' if len(run) == 2 else 'all'} were run", False


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"


def _is_by_hand(mine: KnownCell) -> bool:
    return mine.task or (mine.grade and mine.solution)


def _is_answered(cell: Any, mine: KnownCell) -> bool:
    """Return whether a student wrote something; a task's source itself contains a mark scheme."""
    text: str = cell.source.strip()
    return bool(text) and (text != mine.source.strip() if mine.solution else is_edited(cell, mine))


def is_edited(cell: Any, mine: KnownCell) -> bool:
    """Return whether a cell, once its type and settings are corrected, differs from the release.

    The checksum in the file is the release's, whose source may be older than the gradebook's.
    """
    meta, right = cell.metadata["nbgrader"], mine.metadata
    if not meta.get("checksum"):
        return False
    sums = {_checksum(cell, mine, right.get("points"))}
    if isinstance(meta.get("points"), (int, float)):
        sums.add(_checksum(cell, mine, meta["points"]))
    return meta["checksum"] not in sums


def is_as_released(cell: Any, mine: KnownCell) -> bool:
    """Return whether a cell with other points was released with them: then the source changed."""
    meta = cell.metadata["nbgrader"]
    return (
        bool(meta.get("checksum"))
        and isinstance(meta.get("points"), (int, float))
        and meta["checksum"] == _checksum(cell, mine, meta["points"])
    )


def _checksum(cell: Any, mine: KnownCell, points: object) -> str:
    right = dict(mine.metadata)
    if points is not None:
        right["points"] = points
    return str(
        compute_checksum(
            nbformat.from_dict(
                {
                    "cell_type": mine.cell_type,
                    "source": cell.source,
                    "metadata": {"nbgrader": right},
                }
            )
        )
    )


def home_of(name: str, here: str, known: Mapping[str, KnownNotebook]) -> KnownNotebook | None:
    """Return the other notebook that a cell was copied from; None if it is in none."""
    if name in known[here].cells:
        return None
    return next((notebook for notebook in known.values() if name in notebook.cells), None)


def answers_abroad(
    notebooks: Mapping[str, Any], known: Mapping[str, KnownNotebook]
) -> Sequence[str]:
    """Return doubts about answers that are only in another notebook, where they earn nothing.

    This concerns answers that are marked by hand, and all answers of a missing notebook.
    """
    doubts = []
    for here, notebook in notebooks.items():
        for cell in notebook.cells:
            name = grade_id(cell)
            home = home_of(name, here, known)
            if home is None or not _is_answered(cell, home.cells[name]):
                continue
            if home.name not in notebooks:
                doubts.append(
                    f"{home.name}.ipynb was not handed in, but {here}.ipynb has cells from it"
                )
            elif _is_by_hand(home.cells[name]) and not _holds(notebooks[home.name], cell):
                doubts.append(
                    f'{home.name}: {here}.ipynb has a different answer to "{name}": look at both '
                    "before you mark it"
                )
    return tuple(dict.fromkeys(doubts))


def _holds(notebook: Any, copy: Any) -> bool:
    return any(
        grade_id(cell) == grade_id(copy) and cell.source.strip() == copy.source.strip()
        for cell in notebook.cells
    )
