"""The students' version of an assignment on disk, and what it would reveal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from nbgrader.utils import is_solution

from rudaux.adapters.nbgrader import files
from rudaux.adapters.nbgrader.release.source import Converted, iter_cells, write
from rudaux.adapters.nbgrader.settings import NbgraderCourse
from rudaux.config.private import create_file, make_folder
from rudaux.domain.artifacts import Release
from rudaux.domain.release import Kind, Secret, Secrets, leaks, regions


def write_release(
    course: NbgraderCourse, assignment: str, notebooks: Sequence[Converted], into: Path
) -> Release:
    """Write notebooks and data files to `into`/assignment, then look for secrets in them."""
    folder = into / assignment
    files.remove(folder)
    make_folder(folder)
    data = files.copy_tree(course.source(assignment), folder, course.ignore, follow=True)
    for notebook in notebooks:
        create_file(folder / notebook.file)
        (folder / notebook.file).write_text(write(notebook.released), encoding="utf-8")
    names = sorted([*data, *(n.file for n in notebooks)])
    written = {n: (folder / n).read_text(encoding="utf-8", errors="replace") for n in names}
    return Release(
        assignment=assignment,
        folder=folder,
        notebooks=tuple(n.file for n in notebooks),
        files=tuple(names),
        leaks=leaks(written, secrets_of(course, notebooks)),
    )


def secrets_of(course: NbgraderCourse, notebooks: Sequence[Converted]) -> Secrets:
    """Collect the secret regions of the source notebooks by the course's delimiters."""
    clear, hidden, scheme = (
        course.make(cls) for cls in (ClearSolutions, ClearHiddenTests, ClearMarkScheme)
    )
    delimiters: list[tuple[Kind, str, str]] = [
        ("solution", clear.begin_solution_delimeter, clear.end_solution_delimeter),
        ("hidden test", hidden.begin_test_delimeter, hidden.end_test_delimeter),
        ("mark scheme", scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
    ]
    texts: list[Secret] = []
    public = [clear.text_stub, *clear.code_stub.values()]
    for notebook in notebooks:
        for name, cell in iter_cells(notebook.original):
            found, outside = _split(cell, f"{notebook.file}, {name}", delimiters)
            texts.extend(found)
            public.append(outside)
    markers = {mark: kind for kind, begin, end in delimiters for mark in (begin, end)}
    return Secrets(markers, tuple(texts), "\n".join(public))


def _split(
    cell: Any, where: str, delimiters: Sequence[tuple[Kind, str, str]]
) -> tuple[list[Secret], str]:
    """Return a cell's secrets and the rest; all of a solution cell without regions is secret."""
    found: list[Secret] = []
    outside = str(cell.source)
    for kind, begin, end in delimiters:
        inside, outside = regions(outside, begin, end)
        found.extend(Secret(kind, where, text) for text in inside)
        if kind == "solution" and is_solution(cell) and not inside:
            found.append(Secret(kind, where, outside))
            outside = ""
    return found, outside
