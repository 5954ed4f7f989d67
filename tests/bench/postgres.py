"""2,000 students with work in PostgreSQL: sync and status against the same in an SQLite file."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from nbgrader import api
from sqlalchemy import insert, select

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook
from rudaux.adapters.nbgrader.gradebook.rows import mirror
from rudaux.domain.roster import Student, compare_rosters
from tests.adapters.nbgrader.course import make_course
from tests.bench.sync import students
from tests.postgres import running


def seconds(folder: Path, url: str) -> tuple[float, float, float]:
    """Return how long a sync, a status of graded work and a mass renaming take."""
    course = make_course(folder / "course", url)
    gradebook = NbgraderGradebook(course.folder)
    gradebook.check()
    start = time.perf_counter()
    gradebook.save_students(compare_rosters(students(), gradebook.students()).joined)
    synced = time.perf_counter()
    with gradebook.database.session() as session:
        assignment = session.scalar(select(api.Assignment.id))
        rows = [{"assignment_id": assignment, "student_id": s.id} for s in students()]
        session.execute(insert(api.SubmittedAssignment.__table__), rows)
        mirror(session, assignment)
    before = time.perf_counter()
    if len(gradebook.submissions("ps1")) != len(students()) or not gradebook.submitted():
        raise SystemExit("the gradebook does not hold every submission")
    gradebook.students()
    gradebook.assignments()
    shown = time.perf_counter()
    gradebook.save_students(Student(s.id, "New", s.sortable_name) for s in students())
    return synced - start, shown - before, time.perf_counter() - shown


def main() -> None:
    """Print the seconds side by side."""
    with running() as server, tempfile.TemporaryDirectory() as folder:
        if server is None:
            print("postgres: there is no PostgreSQL server: install postgresql")
            return
        ours, file = (
            seconds(Path(folder, name), url)
            for name, url in (("one", server.database()), ("two", ""))
        )
    print("gradebook of 2,000 students, each with a submission     PostgreSQL   SQLite")
    for label, there, here in zip(("sync", "status", "rename all"), ours, file, strict=True):
        print(f"  {label:<52} {there:8.2f} s {here:6.2f} s")


if __name__ == "__main__":
    main()
