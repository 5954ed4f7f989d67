"""A course in mid-term that has been graded with nbgrader's own commands so far."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from rudaux.demo.course import due_date
from rudaux.demo.material import answered, example_source, write
from rudaux.demo.students import Kind
from tests.forked import BIN, nbgrader

NAME = "homework_1"
DUE = due_date(NAME, datetime.now(timezone.utc))
ON_TIME, LATE = DUE - timedelta(hours=5), DUE + timedelta(hours=2)
COMMENT = "Nearly: mind the index."
IO, EUROPA, GANYMEDE, CALLISTO, AMALTHEA, HIMALIA, THEBE = (str(1003 + n) for n in range(7))
"""The ids that the simulated Canvas gives to the students of `tests.course`."""
DROPPED, DROPPED_UNGRADED, NEVER_CAME = "2001", "2002", "2003"
CONFIG = """\
from nbgrader.plugins import LateSubmissionPlugin


class PointAnHour(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late // 3600


c = get_config()
c.CourseDirectory.course_id = "{course_id}"
c.AssignLatePenalties.plugin_class = PointAnHour
"""


@contextmanager
def gradebook(folder: Path) -> Iterator[Any]:
    """Open the gradebook with nbgrader's own API, as formgrader does, and commit."""
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"  # it starts alembic by name
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        yield book
        book.db.commit()


def build(folder: Path) -> None:
    """Bring a course to mid-term: graded, marked, waiting, failed and expected submissions."""
    (folder / "source" / NAME).mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG.format(course_id="spring"))
    example = example_source() / "ps1"
    shutil.copyfile(example / "problem1.ipynb", folder / "source" / NAME / f"{NAME}.ipynb")
    shutil.copyfile(example / "jupyter.png", folder / "source" / NAME / "jupyter.png")
    nbgrader("generate_assignment", NAME, folder=folder)
    with gradebook(folder) as book:
        due = DUE.astimezone(timezone.utc).replace(tzinfo=None)
        book.update_or_create_assignment(NAME, duedate=due)
        for student in (NEVER_CAME, DROPPED_UNGRADED):
            book.add_student(student)
    hand_in(folder, IO, "right")
    hand_in(folder, EUROPA, "partly", LATE)
    hand_in(folder, GANYMEDE, "wrong")
    hand_in(folder, DROPPED, "right")
    failing = hand_in(folder, HIMALIA, "right") / f"{NAME}.ipynb"
    content = json.loads(failing.read_text())
    content["cells"].append({"cell_type": "code", "source": "1"})  # nbgrader stumbles over it
    write(failing, content)
    nbgrader("autograde", NAME, folder=folder, code=1)
    mark(folder, IO, EUROPA, DROPPED)
    with gradebook(folder) as book:
        book.add_assignment("homework_0")
        book.update_or_create_submission("homework_0", IO)
    nbgrader("generate_feedback", NAME, "--student", IO, folder=folder)
    hand_in(folder, AMALTHEA, "right", LATE)
    hand_in(folder, DROPPED_UNGRADED, "right")


def hand_in(course: Path, student: str, kind: Kind, at: datetime = ON_TIME) -> Path:
    """Put work into submitted/ as `nbgrader collect` does, with its timestamp."""
    folder = course / "submitted" / student / NAME
    folder.mkdir(parents=True)
    answer(course, folder, kind)
    time = at.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    (folder / "timestamp.txt").write_text(time)
    return folder


def answer(course: Path, folder: Path, kind: Kind) -> None:
    """Write the released notebook with a student's answers."""
    released = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text())
    file = folder / f"{NAME}.ipynb"
    write(file, answered(released, kind))
    os.utime(file, (ON_TIME.timestamp(), ON_TIME.timestamp()))


def mark(course: Path, *students: str) -> None:
    """Give half the points for each answer that waits, and a comment."""
    with gradebook(course) as book:
        for notebook in (n for s in students for n in book.find_submission(NAME, s).notebooks):
            for grade in (g for g in notebook.grades if g.needs_manual_grade):
                grade.manual_score, grade.needs_manual_grade = grade.max_score / 2, False
            for comment in (c for c in notebook.comments if c.name == "sum_of_squares_equation"):
                comment.manual_comment = COMMENT
