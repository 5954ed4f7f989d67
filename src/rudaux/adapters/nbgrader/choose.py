"""Which of a student's files is which notebook: by name, else by the grade ids inside.

nbgitpuller renames a student's file to `name__20261001120000.ipynb` when the repository brings
one of that name, so the renamed copy may hold the work and the proper name a blank notebook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rudaux.adapters.nbgrader.catalogue import Catalogue, KnownNotebook
from rudaux.adapters.nbgrader.reading import read_notebook
from rudaux.domain.execution import Broken


@dataclass
class Chosen:
    """The notebooks found by name; `missing` ones were not handed in under any name."""

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
    """Read the submission's notebooks; `Broken` where there is none or one cannot be read."""
    found = sorted(p for p in folder.glob("*.ipynb") if p.is_file() and not p.is_symlink())
    known = catalogue.notebooks
    extra = _read_all([p for p in found if p.stem not in known])
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
        if rivals:
            _settle(notebook, rivals, chosen)
        else:
            chosen.missing.append(name)
    if not chosen.notebooks:
        return Broken(_nothing(found, known))
    chosen.repairs += [f"{name}.ipynb was not handed in: 0 for it" for name in chosen.missing]
    return chosen


def answers(notebook: Any, known: KnownNotebook) -> dict[str, str]:
    """Give the answers that differ from what was released, by grade id."""
    return {
        name: cell.source
        for cell in notebook.cells
        for name in [grade_id(cell)]
        if name in known.cells
        and known.cells[name].solution
        and cell.source.strip() != known.cells[name].source.strip()
    }


def grade_id(cell: Any) -> str:
    """Give the cell's grade id; empty where it has none."""
    value = cell.metadata.get("nbgrader", {}).get("grade_id")
    return value if isinstance(value, str) else ""


def _read_all(files: list[Path]) -> list[_Candidate]:
    candidates = []
    for file in files:
        repairs: list[str] = []
        read = read_notebook(file, repairs)
        if not isinstance(read, Broken):
            candidates.append(_Candidate(file, read, tuple(repairs)))
    return candidates


def _best_match(notebook: Any, known: Mapping[str, KnownNotebook]) -> str | None:
    """Name the notebook of which at least half of the grade ids are in here, if there is one."""
    ids = {grade_id(cell) for cell in notebook.cells}
    shares = {n: len(ids & k.cells.keys()) / len(k.cells) for n, k in known.items() if k.cells}
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= 0.5 else None


def _settle(known: KnownNotebook, candidates: list[_Candidate], chosen: Chosen) -> None:
    """Prefer the proper name, but work to no work; two different works are a person's to settle."""
    proper = f"{known.name}.ipynb"
    worked = [c for c in candidates if answers(c.notebook, known)]
    best = min(worked or candidates, key=lambda c: (c.file.name != proper, _age(c.file)))
    chosen.notebooks[known.name] = best.notebook
    chosen.repairs += best.repairs
    if best.file.name != proper:
        blank = f" ({proper} holds no answer)" if candidates[0].file.name == proper else ""
        chosen.repairs.append(f"{best.file.name} graded as {proper}{blank}")
    mine = answers(best.notebook, known)
    chosen.doubts += [
        f"{other.file.name} holds other answers than {best.file.name}, which was graded"
        for other in worked
        if other is not best and answers(other.notebook, known) != mine
    ]


def _age(file: Path) -> tuple[float, float]:
    """Sort the newest first: by nbgitpuller's stamp in the name, else by time of change."""
    stamp = re.search(r"__(\d{8,14})$", file.stem)
    return (-float(stamp.group(1).ljust(14, "0")) if stamp else 0.0, -file.stat().st_mtime)


def _nothing(found: list[Path], known: Mapping[str, KnownNotebook]) -> str:
    wanted = " or ".join(f"{name}.ipynb" for name in known)
    if not found:
        return f"no notebook was handed in (expected: {wanted})"
    names = ", ".join(p.name for p in found)
    return f"no notebook of the assignment was handed in (expected: {wanted}; there: {names})"
