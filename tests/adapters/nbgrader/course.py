"""A course as `nbgrader quickstart` makes it, students' work on it, and a plain way to run it."""

from __future__ import annotations

import atexit
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
import sqlalchemy
from nbclient import NotebookClient

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook
from rudaux.adapters.nbgrader.gradebook.rows import find_submission
from rudaux.adapters.nbgrader.gradebook.sheet import load_sheets
from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.adapters.nbgrader.grading.witness import program, proof
from rudaux.domain.execution import PROOF, CellResult, Execution, Job

BIN = Path(sys.executable).parent
RIGHT = {
    "squares": "def squares(n):\n    if n < 1:\n        raise ValueError('n')\n"
    "    return [i ** 2 for i in range(1, n + 1)]",
    "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
    "sum_of_squares_equation": "$\\sum_{i=1}^n i^2$",
    "sum_of_squares_application": "sum_of_squares(3)",
}
WRONG = {**RIGHT, "squares": "def squares(n):\n    return [i for i in range(1, n + 1)]"}
ERROR = {"output_type": "error", "ename": "AssertionError", "evalue": "", "traceback": []}
CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "course"
c.IncludeHeaderFooter.header = "source/header.ipynb"
"""
Change = Callable[[dict[str, Any]], None]


@cache
def _quickstart() -> Path:
    """The example course with its release made and recorded; made once per test process.

    `nbgrader quickstart` starts nbgrader five times for the same files, and a gradebook elsewhere.
    """
    folder = Path(tempfile.mkdtemp(prefix="rudaux-nbgrader-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    example = Path(str(files("nbgrader"))) / "docs/source/user_guide/source"
    others = shutil.ignore_patterns("*.html", "autotests.yml", "ps1_autotest")
    shutil.copytree(example, folder / "course" / "source", ignore=others)
    (folder / "course" / "nbgrader_config.py").write_text(CONFIG)
    course = Course(folder / "course")
    course.release()
    course.gradebook.database.close()
    return folder / "course"


def make_course(folder: Path, db_url: str = "") -> Course:
    """Give a copy of the example course, released but without students."""
    shutil.copytree(_quickstart(), folder)
    if db_url:
        (folder / "gradebook.db").unlink()
        name_database(folder, db_url)
        Course(folder).release()
    return Course(folder)


def name_database(folder: Path, db_url: str) -> None:
    """Name the gradebook's database in nbgrader_config.py; empty: the default."""
    if not db_url:
        return
    config = folder / "nbgrader_config.py"
    before = config.read_text() if config.exists() else "c = get_config()\n"
    config.write_text(f"{before}\nc.CourseDirectory.db_url = {db_url!r}\n")


class Course:
    """A copy of the example course with both adapters on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gradebook = NbgraderGradebook(folder)
        self.grader = NbgraderGrader(folder, folder / ".rudaux" / "scratch")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on the database, past rudaux and nbgrader; return its rows."""
        return sql(self.gradebook, statement)

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

    def grade(self, student: str, *failing: str, seconds_late: float = 0.0) -> tuple[str, ...]:
        """Prepare and score with made-up outputs: every test passes but the `failing` ones."""
        return self.grader.score(pretend(self.job(student), failing), seconds_late)

    def edit_source(self, change: Change, notebook: str = "problem1") -> None:
        content = json.loads(self.source(notebook).read_text())
        change(content)
        self.source(notebook).write_text(json.dumps(content))

    def mark(self, student: str, cell: str, points: float | None) -> None:
        """Mark a cell by hand, as formgrader does."""
        with self.gradebook.database.session() as session:
            grade = next(
                g
                for sheet in load_sheets(
                    session, find_submission(session, "ps1", student).id
                ).values()
                for name, g in sheet.grades.items()
                if name == cell
            )
            grade.manual_score, grade.needs_manual_grade = points, False

    def autograded(self, student: str, notebook: str = "problem1") -> dict[str, Any]:
        path = self.folder / "autograded" / student / "ps1" / f"{notebook}.ipynb"
        content: dict[str, Any] = json.loads(path.read_text())
        return content

    def score(self, student: str) -> str:
        return str(self.gradebook.submissions("ps1")[student].score)


def sql(gradebook: NbgraderGradebook, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement on a gradebook's database, past rudaux and nbgrader; return its rows."""
    with gradebook.database.connection() as connection:
        done = connection.execute(sqlalchemy.text(statement))
        rows = [tuple(row) for row in done] if done.returns_rows else []
        connection.commit()
    return rows


def run(job: Job) -> Execution:
    """Execute a job's notebooks with nbclient, here and now."""
    cells = {file: execute(text, job.folder) for file, text in job.notebooks.items()}
    return Execution(job, "ok", cells=cells)


def pretend(
    job: Job,
    failing: Collection[str] = (),
    outputs: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
) -> Execution:
    """Make up an execution: code cells ran in order and said nothing, but for these `outputs`."""
    cells = {}
    for file, text in job.notebooks.items():
        results = []
        for index, cell in enumerate(json.loads(text)["cells"]):
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            said = (ERROR,) if name in failing else tuple(outputs.get(name, ()))
            if index in job.witnesses[file]:
                said = (*said, proof(job.witnesses[file][index]))
            if cell["cell_type"] == "code":
                results.append(CellResult(index, index + 1, said))
        cells[file] = tuple(results)
    return Execution(job, "ok", cells=cells)


def execute(text: str, folder: Path) -> tuple[CellResult, ...]:
    notebook = nbformat.reads(text.replace(PROOF, program()), as_version=4)
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
