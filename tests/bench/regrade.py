"""Times a regrade that may reuse what it knows against one that may not.

`python -m tests.bench.regrade [STUDENTS]` on an idle machine. After a change of a test's points
nothing needs to be run; without the digests kept at grading time, or after a change of the test's
text, everybody is.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.course import KINDS, NAMES, SmallCourse, small_course

NAME = "homework_1"
STUDENTS = len(NAMES)


def main() -> None:
    """Print the seconds of each, and the ratio."""
    students = min(int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS, len(NAMES))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        kinds = KINDS[:students]
        with small_course(Path(folder, "course"), patch, (NAME,), kinds) as course:
            course.rudaux("init")
            course.rudaux("grade", NAME, "--accept-alarms")
            change_points(course)
            known = seconds(course)
            with closing(sqlite3.connect(course.folder / ".rudaux" / "ledger.db")) as db, db:
                db.execute("DELETE FROM graded_from")
            unknown = seconds(course)
    sys.stdout.write(
        f"regrade --what-if, {students} students: {known:.1f} s where no test can have changed, "
        f"{unknown:.1f} s where everything is run, ratio {known / unknown:.2f}\n"
    )


def change_points(course: SmallCourse) -> None:
    path = course.folder / "source" / NAME / f"{NAME}.ipynb"
    content = json.loads(path.read_text())
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "correct_squares":
            cell["metadata"]["nbgrader"]["points"] = 2
    path.write_text(json.dumps(content))
    course.commit()


def seconds(course: SmallCourse) -> float:
    started = time.perf_counter()
    course.rudaux("regrade", NAME, "--what-if")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
