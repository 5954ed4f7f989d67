"""A course whose notebooks are in R, graded in containers by an nbgrader that has no R."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from rudaux.config import GradingSettings
from rudaux.domain.execution import Job
from rudaux.executors.docker import DockerExecutor
from tests.adapters.nbgrader.course import Course

NOW = datetime(2026, 10, 1, tzinfo=timezone.utc)
RIGHT = "area <- function(r) pi * r^2"
TESTS = ("stopifnot(abs(area(1) - pi) < 1e-9)", "stopifnot(area(c(0, 2)) == c(0, 4 * pi))")


def cell(source: str, name: str, points: int | None = None) -> Any:
    made = v4.new_code_cell(source)
    marks = {"points": points} if points else {}
    made.metadata["nbgrader"] = {
        "grade_id": name, "schema_version": 3, "grade": points is not None,
        "solution": points is None, "locked": points is not None, "task": False, **marks,
    }  # fmt: skip
    return made


@pytest.fixture
def course(tmp_path: Path) -> Course:
    source = tmp_path / "course" / "source" / "ps1"
    source.mkdir(parents=True)
    solution = f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION"
    cells = [cell(solution, "area"), cell(TESTS[0], "unit", 2), cell(TESTS[1], "several", 3)]
    notebook = v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    nbformat.write(notebook, source / "circles.ipynb")
    made = Course(tmp_path / "course")
    made.gradebook.save_assignment("ps1", NOW)
    made.release()
    return made


def test_an_r_notebook_is_graded(course: Course, docker_image: str, tmp_path: Path) -> None:
    answers = {"right": RIGHT, "wrong": "area <- function(r) r", "none": ""}
    answers["partly"] = "area <- function(r) if (length(r) == 1) pi * r^2 else stop('several')"
    for student, answer in answers.items():
        course.hand_in(student, {"area": answer})
    executor = DockerExecutor(GradingSettings(image=docker_image, jobs=2), course.folder)
    executor.check(course.grader.kernels("ps1"))
    jobs = [course.grader.prepare("ps1", student) for student in answers]
    for execution in executor.run(job for job in jobs if isinstance(job, Job)):
        assert execution.verdict == "ok"
        course.grader.score(execution, 0.0)
    assert {s: course.score(s) for s in answers} == {
        "right": "5.0",
        "wrong": "0",
        "none": "0",
        "partly": "2.0",
    }
