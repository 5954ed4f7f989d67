"""The tests of nbgrader's own documentation and test files, run with proof: none is held for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from nbgrader.utils import is_grade, is_solution

from rudaux.adapters.nbgrader.grading.leaning import taught
from rudaux.adapters.nbgrader.grading.outputs import merge
from rudaux.adapters.nbgrader.grading.witness import plant, program, settle
from rudaux.config import GradingSettings
from rudaux.domain.execution import Job
from rudaux.executors.process import ProcessExecutor
from tests.adapters.nbgrader.grading.witness_course import PYTHON

ENDLESS = ("infinite", "timeout")
FEWEST = 20


def test_no_notebook_of_nbgraders_own_is_held(tmp_path: Path) -> None:
    notebooks = {str(number): nb for number, nb in enumerate(distinct())}
    assert len(notebooks) >= FEWEST
    planted = {name: plant(nb, PYTHON, taught(nb)) for name, nb in notebooks.items()}
    folder = tmp_path / "files"
    folder.mkdir()
    texts = {name: {"nb.ipynb": nbformat.writes(nb)} for name, nb in notebooks.items()}
    jobs = [Job("ps1", name, text, folder, proof=program()) for name, text in texts.items()]
    settings = GradingSettings(executor="process", jobs=2, cell_timeout=20, timeout=100)
    for run in ProcessExecutor(settings, tmp_path / "scratch").run(jobs):
        assert run.verdict == "ok", run.reason
        notebook = notebooks[run.job.student_id]
        merge(notebook, run, "nb.ipynb")
        assert settle(notebook, planted[run.job.student_id]) == []


def distinct() -> list[Any]:
    """Read the notebooks with tests that can be run to their end; of equal ones, one."""
    found = {}
    for path in sorted(Path(nbgrader.__file__).parent.rglob("*.ipynb")):
        if path.stem.startswith(ENDLESS):
            continue
        try:
            notebook = nbformat.read(path, as_version=4)
        except (nbformat.ValidationError, nbformat.reader.NotJSONError, ValueError):
            continue
        notebook.metadata["kernelspec"] = PYTHON
        tests = [c for c in notebook.cells if c.cell_type == "code" and is_grade(c)]
        if any(not is_solution(cell) for cell in tests):
            for number, cell in enumerate(tests):
                cell.metadata.nbgrader.setdefault("grade_id", f"test-{number}")
            found[tuple(cell.source for cell in notebook.cells)] = notebook
    return list(found.values())
