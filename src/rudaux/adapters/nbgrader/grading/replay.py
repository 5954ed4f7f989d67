"""Mark a submission again from the outputs of its last run, without running it.

The result is the same only if everything that goes into the run is unchanged, which the caller
checks by `Job.digest`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from rudaux.adapters.nbgrader.release.source import write
from rudaux.domain.execution import CellResult, Execution, Job

_PIECE = 1 << 20


def inputs_of(name: str, notebook: Any) -> bytes:
    """Return everything in a sanitised notebook that can change the results of its tests."""
    parts = [repr((name, dict(notebook.metadata.get("kernelspec", {})))).encode()]
    for cell in notebook.cells:
        # Tags tell nbclient what to do with a cell (https://nbclient.readthedocs.io).
        what = (cell.cell_type, cell.source, cell.metadata.get("tags", []))
        parts.append(repr(what).encode("utf-8", "replace"))
    return b"".join(parts)


def inputs_digest(notebooks: Mapping[str, bytes], folder: Path) -> str:
    """Return the digest of notebooks (`inputs_of`, by name) and of their data files."""
    digest = hashlib.sha256()
    for name in sorted(notebooks):
        digest.update(notebooks[name])
    for path in sorted(_files(folder)):
        digest.update(repr(str(path.relative_to(folder))).encode() + _content(path))
    return digest.hexdigest()


def outputs_digest(folder: Path, files: Iterable[str]) -> str:
    """Return the digest of autograded notebooks; "" if one of them is missing."""
    digest = hashlib.sha256()
    for file in sorted(files):
        path = folder / file
        if not path.is_file():
            return ""
        digest.update(file.encode() + _content(path))
    return digest.hexdigest()


def replay(job: Job, folder: Path) -> Execution | None:
    """Return the execution behind the autograded notebooks in `folder`; None if they differ."""
    if job.sealed:
        return None  # what students see has to come from a separate run
    texts, cells = {}, {}
    for file, text in job.notebooks.items():
        sent = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
        path = folder / file
        if not path.is_file():
            return None
        marked = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        if [c.cell_type for c in sent.cells] != [c.cell_type for c in marked.cells]:
            return None
        for cell, was in zip(sent.cells, marked.cells, strict=True):
            cell.source = was.source  # the proof woven into a test is for a new run only
        texts[file] = write(sent)
        cells[file] = tuple(
            CellResult(index, cell.execution_count, tuple(cell.outputs))
            for index, cell in enumerate(marked.cells)
            if cell.cell_type == "code"
        )
    return Execution(replace(job, notebooks=texts, witnesses={}), "ok", cells=cells, replayed=True)


def _files(folder: Path) -> Iterable[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)


def _content(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.digest()
