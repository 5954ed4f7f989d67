"""A course in mid-term: nbgrader alone has graded it so far, by its own commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from rudaux.demo.course import due_date
from rudaux.demo.material import answered, example_source, write
from rudaux.demo.students import Kind

NAME = "homework_1"
DUE = due_date(NAME, datetime.now(timezone.utc))
ON_TIME, LATE = DUE - timedelta(hours=5), DUE + timedelta(hours=2)
CONFIG = """\
from nbgrader.plugins import LateSubmissionPlugin


class PointAnHour(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late // 3600


c = get_config()
c.CourseDirectory.course_id = "{course_id}"
c.AssignLatePenalties.plugin_class = PointAnHour
c.ClearSolutions.code_stub = {{"python": "# YOUR CODE HERE\\nraise NotImplementedError()"}}
"""
BIN = Path(sys.executable).parent


def nbgrader(folder: Path, *args: str, code: int = 0) -> str:
    """Run one of nbgrader's own commands in the course folder; give what it said."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [BIN / "nbgrader", *args], cwd=folder, env=env, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def write_assignment(course: Path, name: str = NAME) -> None:
    """Write nbgrader's example, its answers marked by hand included, as one notebook."""
    target = course / "source" / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copyfile(example_source() / "ps1" / "problem1.ipynb", target / f"{name}.ipynb")
    shutil.copyfile(example_source() / "ps1" / "jupyter.png", target / "jupyter.png")


def hand_in(
    course: Path, student: str, kind: Kind, at: datetime | None = ON_TIME, name: str = NAME
) -> Path:
    """Put work into submitted/ as `nbgrader collect` does, with its time beside it."""
    folder = course / "submitted" / student / name
    folder.mkdir(parents=True)
    released = json.loads((course / "release" / name / f"{name}.ipynb").read_text())
    write(folder / f"{name}.ipynb", answered(released, kind))
    if at is not None:
        (folder / "timestamp.txt").write_text(
            at.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
        )
    return folder
