"""Notebooks without code to run are graded by either executor, and no kernel starts for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from rudaux.config import GradingSettings
from rudaux.domain.execution import CellResult, Execution, Job
from rudaux.executors.docker import DockerExecutor
from rudaux.executors.process import ProcessExecutor
from tests.adapters.nbgrader.course import Course
from tests.executors.docker.test_grading import NOW
from tests.executors.notebooks import errors, job, notebook, text

NO_KERNEL = "a kernel that nobody has installed"


@pytest.fixture(params=["process", "docker"])
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> ProcessExecutor | DockerExecutor:
    if request.param == "process":
        return ProcessExecutor(GradingSettings(executor="process", jobs=2), tmp_path / "scratch")
    image = request.getfixturevalue("docker_image")
    return DockerExecutor(GradingSettings(image=image, jobs=2, memory="512m"), tmp_path)


def written(kernel: str) -> str:
    """Make a notebook with a text and an empty code cell."""
    content = json.loads(notebook("", " \n", kernel=kernel))
    content["cells"].insert(
        0, {"cell_type": "markdown", "id": "essay", "metadata": {}, "source": "I think so."}
    )
    return json.dumps(content)


def execute(
    executor: ProcessExecutor | DockerExecutor, folder: Path, **notebooks: str
) -> Execution:
    data = job(folder).folder
    files = {f"{name}.ipynb": content for name, content in notebooks.items()}
    (execution,) = executor.run([Job("essay", "io", files, data)])
    return execution


def test_a_submission_without_code_needs_no_kernel(
    executor: ProcessExecutor | DockerExecutor, tmp_path: Path
) -> None:
    execution = execute(executor, tmp_path, a=written(NO_KERNEL), b=written(NO_KERNEL))
    assert (execution.verdict, execution.reason) == ("ok", "")
    nothing = (CellResult(1, None), CellResult(2, None))
    assert execution.cells == {"a.ipynb": nothing, "b.ipynb": nothing}


def test_only_the_notebooks_with_code_have_a_kernel(
    executor: ProcessExecutor | DockerExecutor, tmp_path: Path
) -> None:
    execution = execute(executor, tmp_path, a=written(NO_KERNEL), b=notebook("print(6 * 7)", "1/0"))
    assert execution.verdict == "ok", execution.reason
    first, second = execution.cells["b.ipynb"]
    assert (text(first), errors(second)) == ("42\n", ["ZeroDivisionError"])


def test_a_kernel_that_code_needs_and_nobody_has_is_still_our_failure(
    executor: ProcessExecutor | DockerExecutor, tmp_path: Path
) -> None:
    execution = execute(executor, tmp_path, a=notebook("1", kernel=NO_KERNEL))
    assert execution.verdict == "failed"
    assert "there is no kernel" in execution.reason


def test_no_process_of_a_kernel_is_started_without_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "started"
    spec = tmp_path / "jupyter" / "kernels" / "trap" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = ["touch", str(trace)]
    spec.write_text(json.dumps({"argv": argv, "display_name": "trap", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    settings = GradingSettings(executor="process", jobs=1, cell_timeout=20, timeout=60)
    executor = ProcessExecutor(settings, tmp_path / "scratch")
    assert execute(executor, tmp_path, a=written("trap")).verdict == "ok"
    assert not trace.exists()
    assert execute(executor, tmp_path, a=notebook("1", kernel="trap")).verdict == "failed"
    assert trace.exists()


def cell(source: str, name: str, points: int | None = None) -> Any:
    made = v4.new_markdown_cell(source)
    marks = {"points": points} if points else {}
    made.metadata["nbgrader"] = {
        "grade_id": name, "schema_version": 3, "grade": points is not None,
        "solution": points is not None, "locked": points is None, "task": False, **marks,
    }  # fmt: skip
    return made


@pytest.fixture
def course(tmp_path: Path) -> Course:
    source = tmp_path / "course" / "source" / "ps1"
    source.mkdir(parents=True)
    cells = [cell("Why is the sky blue?", "question"), cell("Scattering.", "why", 4)]
    essay = v4.new_notebook(cells=cells)
    essay.metadata["kernelspec"] = {"name": NO_KERNEL, "display_name": "none", "language": "R"}
    nbformat.write(essay, source / "essay.ipynb")
    made = Course(tmp_path / "course")
    made.gradebook.save_assignment("ps1", NOW)
    made.release()
    return made


def test_written_answers_wait_for_marks_and_blank_ones_are_zero(
    executor: ProcessExecutor | DockerExecutor, course: Course
) -> None:
    course.hand_in("written", {"why": "Because of Rayleigh."})
    course.hand_in("blank", {})
    executor.check(course.grader.kernels("ps1"))
    for execution in executor.run(course.job(student) for student in ("written", "blank")):
        assert execution.verdict == "ok", execution.reason
        course.grader.score(execution, 0.0)
    found = course.gradebook.submissions("ps1")
    assert found["written"].needs_manual
    assert not found["blank"].needs_manual
    assert (course.score("blank"), found["blank"].autograded) == ("0", True)
    course.mark("written", "why", 3)
    assert course.score("written") == "3.0"
