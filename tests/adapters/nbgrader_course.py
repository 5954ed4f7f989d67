"""A course as `nbgrader quickstart` makes it, students' work on it, and a plain way to run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook
from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.ports import CellResult, Execution, Job, Verdict

BIN = Path(sys.executable).parent
RIGHT = {
    "squares": "def squares(n):\n    if n < 1:\n        raise ValueError('n')\n"
    "    return [i ** 2 for i in range(1, n + 1)]",
    "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
    "sum_of_squares_equation": "$\\sum_{i=1}^n i^2$",
    "sum_of_squares_application": "sum_of_squares(3)",
}
WRONG = {**RIGHT, "squares": "def squares(n):\n    return [i for i in range(1, n + 1)]"}
Change = Callable[[dict[str, Any]], None]


def nbgrader(*args: str, folder: Path) -> None:
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    command = [str(BIN / "nbgrader"), *args]
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)


class Course:
    """A copy of the example course with both adapters on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gradebook = NbgraderGradebook(folder)
        self.grader = NbgraderGrader(folder, folder / ".rudaux" / "scratch")

    def source(self, notebook: str = "problem1") -> Path:
        return self.folder / "source" / "ps1" / f"{notebook}.ipynb"

    def release(self) -> None:
        built = self.grader.build_release("ps1", self.folder / "built")
        shutil.copytree(built.folder, self.folder / "release" / "ps1", dirs_exist_ok=True)
        self.grader.record_source("ps1")

    def hand_in(self, student: str, answers: dict[str, str], change: Change | None = None) -> Path:
        """Hand in the released notebooks with these answers; `change` edits problem1's JSON."""
        folder = self.folder / "submitted" / student / "ps1"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "release" / "ps1", folder)
        for path in sorted(folder.glob("*.ipynb")):
            content = json.loads(path.read_text())
            for cell in content["cells"]:
                name = cell["metadata"].get("nbgrader", {}).get("grade_id")
                if name in answers:
                    cell["source"] = answers[name]
            if change is not None and path.stem == "problem1":
                change(content)
            path.write_text(json.dumps(content))
        return folder

    def job(self, student: str) -> Job:
        job = self.grader.prepare("ps1", student)
        assert isinstance(job, Job), job
        return job

    def grade(self, student: str, seconds_late: float = 0.0) -> tuple[str, ...]:
        return self.grader.score(run(self.job(student)), seconds_late)

    def score(self, student: str) -> str:
        return str(self.gradebook.submissions("ps1")[student].score)


def run(job: Job, verdict: Verdict = "ok") -> Execution:
    """Execute a job's notebooks with nbclient, here and now."""
    cells = {file: execute(text, job.folder) for file, text in job.notebooks.items()}
    return Execution(job, verdict, cells=cells)


def execute(text: str, folder: Path) -> tuple[CellResult, ...]:
    notebook = nbformat.reads(text, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, allow_errors=True, timeout=60, resources=resources)
    client.execute()
    return tuple(
        CellResult(index, cell.execution_count, tuple(cell.outputs))
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
    )


def cell_named(content: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    )
    return found
