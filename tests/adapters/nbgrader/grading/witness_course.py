"""A small course whose submissions are answers to one cell, run by real kernels."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import nbformat

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook
from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.adapters.nbgrader.grading.outputs import merge
from rudaux.adapters.nbgrader.grading.witness import plant, program, settle
from rudaux.config import GradingSettings
from rudaux.domain.execution import Job, Suspicion
from rudaux.domain.roster import Student
from rudaux.executors.process import ProcessExecutor

NAME = "circles"
AREA = "import math\ndef area(radius):\n    return math.pi * radius ** 2\n"
WRONG = "def area(radius):\n    return 7\n"
TESTS = ("assert round(area(1), 3) == 3.142", "assert round(area(2), 3) == 12.566")
PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}
# IPython 8 (Python 3.10) colours nothing at the end of a cell.
_NOTHING_COLOURED = re.compile(r"\x1b\[[\d;]+m\x1b\[39m")


@dataclass(frozen=True)
class Found:
    """What became of a submission: points, reasons to hold it, and its autograded notebook."""

    score: str
    suspicions: tuple[str, ...]
    cells: tuple[dict[str, Any], ...]

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """Outputs of the first test."""
        found: list[dict[str, Any]] = self.cells[1]["outputs"]
        return found


class Circles:
    """The course at a folder, with these tests of one answer; each earns a point.

    `locked` is a cell between the answer and them, which students cannot change.
    """

    def __init__(
        self,
        folder: Path,
        tests: Sequence[str] = TESTS,
        kernel: Any = PYTHON,
        locked: str = "",
        solution: str = "x = 1",
    ) -> None:
        self.folder = folder
        self.notebook = {
            "cells": [
                _cell("area", f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION", solution=True),
                *([_cell("locked", locked, locked=True)] if locked else []),
                *(_cell(f"test_{n}", source, grade=True) for n, source in enumerate(tests)),
            ],
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        source = folder / "source" / NAME
        source.mkdir(parents=True)
        (source / "nb.ipynb").write_text(json.dumps(self.notebook))
        self.gradebook = NbgraderGradebook(folder)
        self.grader = NbgraderGrader(folder, folder / "scratch")
        self.gradebook.save_assignment(NAME, datetime(2026, 10, 1, tzinfo=timezone.utc))
        self.grader.record_source(NAME)

    def job(self, student: str, answer: str, files: Mapping[str, str] | None = None) -> Job:
        """Hand in an answer, and files beside it; give the job."""
        self.gradebook.save_students([Student(student, student, student, "", frozenset({1}))])
        folder = self.folder / "submitted" / student / NAME
        folder.mkdir(parents=True, exist_ok=True)
        cells = json.loads(json.dumps(self.notebook))
        cells["cells"][0]["source"] = answer
        (folder / "nb.ipynb").write_text(json.dumps(cells))
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        job = self.grader.prepare(NAME, student)
        assert isinstance(job, Job), job
        return job

    def grade(
        self, answers: Mapping[str, str], files: Any = None, timeout: int = 30
    ) -> dict[str, Found]:
        """Hand in answers by student, run and score them."""
        settings = GradingSettings(executor="process", jobs=2, memory="2g", cell_timeout=timeout)
        executor = ProcessExecutor(settings, self.folder / "executor")
        found = {}
        for run in executor.run([self.job(who, text, files) for who, text in answers.items()]):
            who = run.job.student_id
            reasons = self.grader.score(run, 0.0)
            suspicions = tuple(r for r in reasons if isinstance(r, Suspicion))
            found[who] = Found(self.score(who), suspicions, self.cells(who))
        return found

    def score(self, student: str) -> str:
        """Give the points in the gradebook."""
        return f"{self.gradebook.submissions(NAME)[student].score.normalize():f}"

    def cells(self, student: str) -> tuple[dict[str, Any], ...]:
        """Give the cells of the autograded notebook."""
        path = self.folder / "autograded" / student / NAME / "nb.ipynb"
        return tuple(json.loads(path.read_text())["cells"])


def _cell(
    name: str, source: str, grade: bool = False, solution: bool = False, locked: bool = False
) -> dict[str, Any]:
    meta: dict[str, Any] = {"grade_id": name, "grade": grade, "solution": solution}
    meta |= {"locked": grade or locked, "task": False, "schema_version": 3}
    if grade:
        meta["points"] = 1
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"nbgrader": meta},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def as_notebook(sources: Sequence[str]) -> Any:
    """Make a notebook of test cells."""
    cells = [_cell(f"test_{n}", source, grade=True) for n, source in enumerate(sources)]
    metadata = {"kernelspec": PYTHON}
    return nbformat.from_dict(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def outputs(folder: Path, sources: Sequence[str], planted: bool) -> list[list[dict[str, Any]]]:
    """Run test cells as they are, or with their witnesses; give what each has shown."""
    notebook = as_notebook(sources)
    nonces = plant(notebook, PYTHON) if planted else {}
    folder.mkdir()
    job = Job(NAME, "io", {"nb.ipynb": nbformat.writes(notebook)}, folder, proof=program())
    settings = GradingSettings(executor="process", jobs=1, memory="2g", cell_timeout=30)
    (run,) = ProcessExecutor(settings, folder.with_suffix(".scratch")).run([job])
    merge(notebook, run, "nb.ipynb")
    assert settle(notebook, nonces) == []
    assert [cell.source for cell in notebook.cells] == list(sources)
    for output in [o for cell in notebook.cells for o in cell.outputs]:
        if output.output_type == "error":
            output.traceback = [_NOTHING_COLOURED.sub("", frame) for frame in output.traceback]
    return [cell.outputs for cell in notebook.cells]
