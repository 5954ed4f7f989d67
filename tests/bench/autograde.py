"""Times autograding of nbgrader's own example course: `nbgrader autograde` against rudaux.

Run it as `python -m tests.bench.autograde [STUDENTS]` on an idle machine. Both sides start as fresh
processes and must end with the same scores.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ASSIGNMENT = "ps1"
STUDENTS = 20


def main() -> None:
    if sys.argv[1:2] == ["--rudaux"]:
        grade_with_rudaux(Path(sys.argv[2]))
        return
    students = int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), students)


def compare(folder: Path, students: int) -> None:
    """Grade the same course both ways and print how long each took."""
    theirs, ours = folder / "nbgrader", folder / "rudaux"
    build_course(theirs, students)
    shutil.copytree(theirs, ours)
    plain = timed([*nbgrader("autograde", ASSIGNMENT)], theirs)
    here = timed([sys.executable, "-m", "tests.bench.autograde", "--rudaux", str(ours)], Path.cwd())
    same = scores(theirs) == scores(ours)
    rows = (
        f"{students} students, {ASSIGNMENT} of nbgrader's quickstart, {os.cpu_count()} cores",
        f"{'nbgrader autograde':<22}{plain:8.1f} s",
        f"{'rudaux':<22}{here:8.1f} s",
        f"{'ratio':<22}{plain / here:8.1f} x",
        f"{'same scores':<22}{'yes' if same else 'NO':>8}",
    )
    sys.stdout.write("\n".join(rows) + "\n")
    if not same:
        raise SystemExit(1)


def nbgrader(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", *arguments]


def run(command: list[str], folder: Path) -> None:
    # nbgrader starts alembic by its bare name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")


def timed(command: list[str], folder: Path) -> float:
    started = time.perf_counter()
    run(command, folder)
    return time.perf_counter() - started


def build_course(folder: Path, students: int) -> None:
    """Make the quickstart course; every other student hands in the right answers."""
    run(nbgrader("quickstart", folder.name), folder.parent)
    run(nbgrader("generate_assignment", ASSIGNMENT), folder)
    for number in range(students):
        version = "source" if number % 2 else "release"
        student = f"student{number:03}"
        submitted = folder / "submitted" / student / ASSIGNMENT
        shutil.copytree(folder / version / ASSIGNMENT, submitted)
    add_students(folder, students)


def add_students(folder: Path, students: int) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        for number in range(students):
            gradebook.update_or_create_student(f"student{number:03}")


def scores(folder: Path) -> dict[tuple[str, str], tuple[float, bool]]:
    """Every notebook's score and whether it waits for a person."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        return {
            (submission.student.id, notebook.name): (notebook.score, notebook.needs_manual_grade)
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
            for notebook in submission.notebooks
        }


def grade_with_rudaux(folder: Path) -> None:
    from rudaux.adapters.nbgrader.grader import NbgraderGrader
    from rudaux.adapters.process import ProcessExecutor
    from rudaux.config import GradingSettings
    from rudaux.domain.execution import Broken, Job

    scratch = folder / ".rudaux" / "scratch"
    grader = NbgraderGrader(folder, scratch)
    executor = ProcessExecutor(GradingSettings(executor="process"), scratch)
    grader.record_source(ASSIGNMENT)

    def job(student: str) -> Job:
        prepared = grader.prepare(ASSIGNMENT, student)
        if isinstance(prepared, Broken):
            raise SystemExit(f"{student}: {prepared.reason}")
        return prepared

    students = sorted(path.name for path in (folder / "submitted").iterdir())
    for execution in executor.run(job(student) for student in students):
        if execution.verdict != "ok":
            raise SystemExit(f"{execution.job.student_id}: {execution.reason}")
        grader.score(execution, 0.0)


if __name__ == "__main__":
    main()
