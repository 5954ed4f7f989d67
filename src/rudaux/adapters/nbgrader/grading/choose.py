"""Which of a student's files is which notebook: by name, else by the grade ids in it.

nbgitpuller renames a student's file to `name__20261001120000.ipynb` if the repository has a new
one of that name, so the work may be in the renamed copy and the file of that name may be blank.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rudaux.adapters.nbgrader.gradebook.catalogue import Catalogue, KnownNotebook
from rudaux.adapters.nbgrader.grading.reading import read_notebook
from rudaux.domain.collection import printable_name
from rudaux.domain.execution import Broken

_MOST_BELOW = 20
"""How many notebooks in subfolders are read."""


@dataclass
class Chosen:
    """The notebooks found, by name; `missing` ones were not handed in under any name."""

    notebooks: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Candidate:
    file: Path
    notebook: Any
    repairs: tuple[str, ...]


def choose(folder: Path, catalogue: Catalogue) -> Chosen | Broken:
    """Read the submission's notebooks; return `Broken` if there is none or one is unreadable.

    An unreadable file of a similar name might be the work, unless some was found already.
    """
    found = _files(folder)
    known = catalogue.notebooks
    extra, broken = _read_all([p for p in found if p.stem not in known])
    below: list[_Candidate] | None = None
    chosen = Chosen()
    for name, notebook in known.items():
        rivals = [c for c in extra if _best_match(c.notebook, known) == name]
        proper = folder / f"{name}.ipynb"
        if proper in found:
            repairs: list[str] = []
            read = read_notebook(proper, repairs)
            if isinstance(read, Broken):
                return read
            rivals.insert(0, _Candidate(proper, read, tuple(repairs)))
        if not any(answers(c.notebook, notebook) for c in rivals):
            below = _read_all(_below(folder))[0] if below is None else below
            rivals += [c for c in below if _best_match(c.notebook, known) == name]
            unread = [b for file, b in broken.items() if file.startswith(name)]
            if unread and not any(answers(c.notebook, notebook) for c in rivals):
                return unread[0]
        if rivals:
            _settle(notebook, rivals, chosen, folder)
        else:
            chosen.missing.append(name)
    if not chosen.notebooks:
        return next(iter(broken.values()), None) or Broken(_nothing(found, known))
    chosen.repairs += [f"{name}.ipynb was not handed in, so it scores 0" for name in chosen.missing]
    strays = [c.file.name for c in extra if _best_match(c.notebook, known) is None]
    for name in chosen.missing:
        if stray := sorted([*strays, *broken]):
            there = " or ".join(map(printable_name, stray))
            chosen.doubts.append(f"{name}.ipynb was not handed in, but {there} may be it")
    return chosen


def _files(folder: Path) -> list[Path]:
    # Path.glob takes a folder that cannot be read for an empty one.
    with os.scandir(folder) as entries:
        return sorted(
            Path(entry.path)
            for entry in entries
            if entry.name.endswith(".ipynb") and entry.is_file(follow_symlinks=False)
        )


def _below(folder: Path) -> list[Path]:
    """Return the notebooks in the student's own subfolders, where the work may have been moved."""
    found: list[Path] = []
    for parent, names, _ in os.walk(folder):
        names[:] = sorted(n for n in names if not n.startswith("."))
        if Path(parent) != folder:
            found += _files(Path(parent))
    return found[:_MOST_BELOW]


def answers(notebook: Any, known: KnownNotebook) -> dict[str, str]:
    """Return the answers that differ from the release, by grade id."""
    return {
        name: cell.source
        for cell in notebook.cells
        for name in [grade_id(cell)]
        if name in known.cells
        and known.cells[name].solution
        and cell.source.strip() != known.cells[name].source.strip()
    }


def grade_id(cell: Any) -> str:
    """Return the cell's grade id; "" if it has none."""
    value = cell.metadata.get("nbgrader", {}).get("grade_id")
    return value if isinstance(value, str) else ""


def _read_all(files: list[Path]) -> tuple[list[_Candidate], dict[str, Broken]]:
    """Read what can be read; return the unreadable ones by name."""
    candidates, broken = [], {}
    for file in files:
        repairs: list[str] = []
        read = read_notebook(file, repairs)
        if isinstance(read, Broken):
            broken[file.name] = read
        else:
            candidates.append(_Candidate(file, read, tuple(repairs)))
    return candidates, broken


def _best_match(notebook: Any, known: Mapping[str, KnownNotebook]) -> str | None:
    """Return the name of the notebook that shares at least half of its grade ids, if any."""
    ids = {grade_id(cell) for cell in notebook.cells}
    shares = {n: len(ids & k.cells.keys()) / len(k.cells) for n, k in known.items() if k.cells}
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= 0.5 else None


def _settle(
    known: KnownNotebook, candidates: list[_Candidate], chosen: Chosen, folder: Path
) -> None:
    """Prefer the proper name, but work over no work; between two works a person must decide."""
    proper = f"{known.name}.ipynb"
    worked = [c for c in candidates if answers(c.notebook, known)]
    best = min(worked or candidates, key=lambda c: (c.file.name != proper, _age(c.file)))
    chosen.notebooks[known.name] = best.notebook
    chosen.repairs += best.repairs
    if best.file != folder / proper:
        blank = f" ({proper} has no answers)" if candidates[0].file == folder / proper else ""
        where = printable_name(best.file.relative_to(folder).as_posix())
        chosen.repairs.append(f"{where} was graded as {proper}{blank}")
    mine = answers(best.notebook, known)
    chosen.doubts += [
        f"{printable_name(other.file.name)} has different answers from "
        f"{printable_name(best.file.name)}, which was graded: look at both"
        for other in worked
        if other is not best and answers(other.notebook, known) != mine
    ]


def _age(file: Path) -> tuple[float, float]:
    """Return a key that sorts the newest first, by nbgitpuller's stamp, else by modification."""
    stamp = re.search(r"__(\d{8,14})$", file.stem)
    return (-float(stamp.group(1).ljust(14, "0")) if stamp else 0.0, -file.stat().st_mtime)


def _nothing(found: list[Path], known: Mapping[str, KnownNotebook]) -> str:
    wanted = " or ".join(f"{name}.ipynb" for name in known)
    if not found:
        return f"no notebook was handed in (expected: {wanted})"
    names = ", ".join(printable_name(p.name) for p in found)
    return f"no notebook of the assignment was handed in (expected: {wanted}; found: {names})"
