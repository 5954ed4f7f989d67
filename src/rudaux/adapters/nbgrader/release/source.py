"""The instructor's notebooks, converted step by step as `nbgrader generate_assignment` does."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import InstantiateTests, SaveCells
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from rudaux.adapters.nbgrader import files
from rudaux.adapters.nbgrader.release.imports import imported
from rudaux.adapters.nbgrader.settings import FILE, NbgraderCourse
from rudaux.domain.execution import has_code, kernel_name
from rudaux.errors import ConfigError


@dataclass(frozen=True)
class SourceCell:
    """A cell that the gradebook records; `points` is None if it earns none."""

    name: str
    cell_type: str
    locked: bool
    source: str
    checksum: str | None
    grade: bool
    solution: bool
    task: bool
    points: float | None


@dataclass(frozen=True)
class SourceNotebook:
    """What the gradebook records about a notebook; `kernelspec` is JSON."""

    name: str
    kernelspec: str
    cells: tuple[SourceCell, ...]


@dataclass(frozen=True)
class Converted:
    """A source notebook: as written, as recorded, and as released to students."""

    file: str
    original: Any
    record: SourceNotebook
    released: Any


def notebook_paths(course: NbgraderCourse, assignment: str) -> tuple[Path, ...]:
    """Return the paths of the source notebooks; raise `ConfigError` if there are none."""
    folder = course.source(assignment)
    if not folder.is_dir():
        raise ConfigError(
            f"the assignment {assignment} has no folder {folder}: create it, or correct the name "
            "in rudaux.toml"
        )
    paths = tuple(sorted(p for p in folder.glob("*.ipynb") if p.is_file()))
    if not paths:
        raise ConfigError(
            f"the folder {folder} of the assignment {assignment} contains no notebook: put the "
            "source notebook there"
        )
    return paths


def kernels(course: NbgraderCourse, assignment: str) -> frozenset[str]:
    """Return the names of the kernels that the source notebooks with code need."""
    names = set()
    for path in notebook_paths(course, assignment):
        with _mistakes(path):
            content = json.loads(path.read_text(encoding="utf-8"))
            if "cells" not in content or has_code(content):  # before format 4: assume code
                names.add(kernel_name(content))
    return frozenset(names)


def imports(course: NbgraderCourse, assignment: str) -> tuple[str, ...]:
    """Return the modules that the Python notebooks import at top level."""
    contents = []
    for path in notebook_paths(course, assignment):
        with _mistakes(path):
            content = json.loads(path.read_text(encoding="utf-8"))
            if kernel_name(content).startswith("python"):
                contents.append(content)
    return imported(contents, (path.name for path in course.source(assignment).iterdir()))


def convert(course: NbgraderCourse, assignment: str) -> tuple[Converted, ...]:
    """Convert all source notebooks in memory; raise `ConfigError` that names a wrong one."""
    steps = _steps(course, assignment)
    return tuple(
        _convert(path, assignment, course, steps) for path in notebook_paths(course, assignment)
    )


def read(path: Path, assignment: str) -> Any:
    """Read a source notebook; set missing ids first, as nbformat would use random ones."""
    content = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8")))
    if _has_ids(content):
        give_ids(content, f"{assignment}/{path.stem}")
    return nbformat.reads(json.dumps(content), as_version=4)


def write(notebook: Any) -> str:
    """Return the notebook as JSON text, always the same for the same notebook."""
    return str(nbformat.writes(notebook, version=nbformat.NO_CONVERT)) + "\n"


def give_ids(notebook: Any, seed: str) -> None:
    """Set the ids of cells that lack one or share one: nbformat would use random ids."""
    seen: set[str] = set()
    for number, cell in enumerate(notebook.cells):
        if cell.get("id") in seen or not cell.get("id"):
            cell["id"] = hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()[:8]
        seen.add(cell["id"])


def _steps(course: NbgraderCourse, assignment: str) -> list[Any]:
    converter = course.converter(GenerateAssignment)
    steps = [cls(parent=converter, config=converter.config) for cls in converter.preprocessors]
    for step in steps:
        # nbgrader looks next to the notebook, then in the working folder.
        if isinstance(step, InstantiateTests):
            beside = course.source(assignment) / step.autotest_filename
            if not beside.is_file():
                step.autotest_filename = str(course.folder / step.autotest_filename)
    return steps


def _convert(path: Path, assignment: str, course: NbgraderCourse, steps: list[Any]) -> Converted:
    with _mistakes(path):
        original = read(path, assignment)
        notebook = nbformat.from_dict(json.loads(json.dumps(original)))
        resources = {
            "unique_key": path.stem,
            "metadata": {"path": str(path.parent), "name": path.stem},
            "nbgrader": {
                "student": ".",
                "assignment": assignment,
                "notebook": path.stem,
                "db_url": course.db_url,
            },
        }
        record = None
        for step in steps:
            if isinstance(step, SaveCells):
                record = _record(path.stem, notebook)
            elif step.enabled:
                notebook, resources = step.preprocess(notebook, resources)
        if _has_ids(notebook):
            give_ids(notebook, f"{assignment}/{path.stem}")
        if record is None:
            record = _record(path.stem, notebook)
    return Converted(path.name, original, record, notebook)


def _has_ids(notebook: Any) -> bool:
    # Since format 4.5: https://jupyter.org/enhancement-proposals/62-cell-id/cell-id.html
    return (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)


def _record(name: str, notebook: Any) -> SourceNotebook:
    """Return what nbgrader's SaveCells would save at this point of the conversion."""
    cells = tuple(
        _source_cell(cell)
        for cell in notebook.cells
        if is_grade(cell) or is_solution(cell) or is_locked(cell) or is_task(cell)
    )
    return SourceNotebook(name, json.dumps(notebook.metadata.get("kernelspec", {})), cells)


def _source_cell(cell: Any) -> SourceCell:
    meta = cell.metadata.nbgrader
    marked = is_grade(cell) or is_task(cell)
    return SourceCell(
        name=meta["grade_id"],
        cell_type=cell.cell_type,
        locked=is_locked(cell),
        source=cell.source,
        checksum=meta.get("checksum"),
        grade=is_grade(cell),
        solution=is_solution(cell),
        task=is_task(cell),
        points=float(meta["points"]) if marked else None,
    )


@contextmanager
def _mistakes(path: Path) -> Iterator[None]:
    """Turn whatever nbgrader reports about a source notebook into a sentence that names it."""
    try:
        yield
    except ConfigError:
        raise
    except Exception as mistake:
        # nbgrader's check of the cells hides what it found behind a sentence of its own.
        hidden = mistake.__context__ if "may be corrupted" in str(mistake) else None
        said = re.sub(r"\s+", " ", str(hidden or mistake)).strip()[:300] or type(mistake).__name__
        advice = "correct the notebook"
        if "schema version" in said:
            advice = "run `nbgrader update` on it"
        elif twice := re.fullmatch(r"Duplicate grade id: (.*)", said):
            said = f'two cells have the grade id "{twice[1]}"'
            advice = "give one of them another id (a copied cell keeps the old one)"
        elif isinstance(mistake, json.JSONDecodeError):
            said = f"it is not valid JSON: {said}"
        elif isinstance(mistake, KeyError):
            said = f"a cell or the notebook has no {said}"
        if path.is_file() and "\n<<<<<<< " in path.read_text(encoding="utf-8", errors="replace"):
            said, advice = "it has an unresolved merge conflict: <<<<<<<", "resolve it"
        raise ConfigError(f"{path} cannot be converted ({said}): {advice}") from mistake


def fingerprint(course: NbgraderCourse, assignment: str) -> str:
    """Return a digest of all that the conversion reads: if it changes, convert again."""
    digest = hashlib.sha256()
    header = course.config.IncludeHeaderFooter
    outside = [header.get("header"), header.get("footer"), str(course.folder / "autotests.yml")]
    beside = course.source(assignment) / "autotests.yml"
    extra = [Path(p) for p in outside if isinstance(p, str)] + [beside]
    for path in [*notebook_paths(course, assignment), *extra]:
        if path.is_file():
            digest.update(f"{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def digest(course: NbgraderCourse, assignment: str) -> str:
    """Return a digest of the whole assignment: notebooks, data files, nbgrader's options."""
    found = hashlib.sha256(fingerprint(course, assignment).encode())
    folder = course.source(assignment)
    options = course.folder / FILE
    for path in [options, *(folder / p for p in files.walk(folder, course.ignore, follow=True))]:
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found.update(f"{path}\n{content}\n".encode())
    return found.hexdigest()


def tests_digest(notebooks: Iterable[SourceNotebook]) -> str:
    """Return a digest of the tests, their points and their order, without texts and answers."""
    tests = [
        (notebook.name, cell.name, cell.source, cell.points)
        for notebook in notebooks
        for cell in notebook.cells
        if cell.grade and not cell.solution
    ]
    return hashlib.sha256(json.dumps(tests).encode()).hexdigest()


def iter_cells(notebook: Any) -> Iterator[tuple[str, Any]]:
    """Yield each cell with a name for messages: its grade id, else its number."""
    for number, cell in enumerate(notebook.cells, start=1):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        yield (f"cell {grade_id}" if grade_id else f"cell {number}"), cell
