"""The report of 2,000 students on a made gradebook: asked are 10 s and 2 MB at most."""

from __future__ import annotations

import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from rudaux.adapters.ledger import SqliteLedger
from rudaux.adapters.pages import ReportPages
from rudaux.domain.roster import Student
from rudaux.workflows import report
from rudaux.workflows.push.about_tests import warnings_about_tests
from rudaux.workflows.standings import read_standings
from tests.adapters.nbgrader.course import RIGHT, WRONG, Course, make_course, run, sql
from tests.fakes import FakeContext, assignment, fake_course

COUNT = 2000
AT = datetime(2026, 10, 1, tzinfo=timezone.utc)
SPOILT = {**RIGHT, "squares": "def squares(n):\n    return [i ** 2 for i in range(n)]"}
PROTOTYPES = (RIGHT, WRONG, SPOILT)


def fill(course: Course, count: int) -> None:
    """Grade a prototype of each kind for real, and give everybody the work and marks of one."""
    people = [
        Student(str(n), f"Moon {n}", f"Planet, Moon {n}", f"m{n}@example.edu")
        for n in range(1, count + 1)
    ]
    course.gradebook.save_students(people)
    course.gradebook.save_assignment("ps1", AT)
    for number, answers in enumerate(PROTOTYPES, 1):
        course.hand_in(str(number), answers)
        course.gradebook.record_submission("ps1", str(number), AT)
        course.grader.score(run(course.job(str(number))), 0.0)
    course.gradebook.database.close()
    random.seed(1)
    for n in range(len(PROTOTYPES) + 1, count + 1):
        like = random.randrange(len(PROTOTYPES)) + 1
        _copy(course, str(like), str(n))
    sql(course.gradebook, "UPDATE grade SET manual_score = 1, needs_manual_grade = 0 "
        "WHERE auto_score IS NULL")  # fmt: skip


def _copy(course: Course, one: str, other: str) -> None:
    shutil.copytree(
        course.folder / "autograded" / one / "ps1", course.folder / "autograded" / other / "ps1"
    )
    run_sql = [
        "INSERT INTO submitted_assignment (id, assignment_id, student_id, timestamp) SELECT "
        f"'a{other}', assignment_id, '{other}', timestamp FROM submitted_assignment "
        f"WHERE student_id = '{one}'",
        "INSERT INTO submitted_notebook (id, assignment_id, notebook_id) SELECT "
        f"'n{other}-' || n.notebook_id, 'a{other}', n.notebook_id FROM submitted_notebook n JOIN "
        f"submitted_assignment a ON a.id = n.assignment_id WHERE a.student_id = '{one}'",
        "INSERT INTO grade (id, cell_id, notebook_id, auto_score, manual_score, extra_credit, "
        f"needs_manual_grade) SELECT 'g{other}-' || g.cell_id, g.cell_id, 'n{other}-' || "
        "n.notebook_id, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade FROM "
        "grade g JOIN submitted_notebook n ON n.id = g.notebook_id JOIN submitted_assignment a ON "
        f"a.id = n.assignment_id WHERE a.student_id = '{one}'",
    ]
    with course.gradebook.database.connection() as connection:
        from sqlalchemy import text

        for statement in run_sql:
            connection.execute(text(statement))
        connection.commit()


def context(course: Course, count: int) -> FakeContext:
    """Return a course whose gradebook, notebooks, ledger and pages are real; Canvas is not."""
    ctx = fake_course(course.folder, [assignment("ps1")], students=count)
    private = course.folder / ".rudaux"
    ctx.gradebook, ctx.grader = course.gradebook, course.grader  # type: ignore[assignment]
    ctx.ledger = SqliteLedger(private / "ledger.db")  # type: ignore[assignment]
    ctx.pages = ReportPages(private / "reports")  # type: ignore[assignment]
    return ctx


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took: CPU seconds, and those on the clock."""
    start, cpu = time.perf_counter(), time.process_time()
    yield
    took, used = time.perf_counter() - start, time.process_time() - cpu
    print(f"  {what:<28} {used:6.2f} s of CPU, {took:6.2f} s")


def main() -> None:
    """Print the times of reading and writing, the page's size and the memory used."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "course")
        fill(course, count)
        ctx = context(course, count)
        print(f"report of {count} students")
        standings = read_standings(ctx, ctx.config.assignments[0])
        with timed("read"):
            read = report.read_report(ctx, standings)
        with timed("write"):
            page = ctx.pages.write(read)
        with timed("warnings before a push"):
            found = warnings_about_tests(ctx, standings, ())
        print(f"  {read.students} complete, {len(read.tests)} tests, {len(read.failures)} groups")
        print(f"  {page.stat().st_size / 1e6:.2f} MB; {len(found)} warnings")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"  {peak:.0f} MB of memory at most")


if __name__ == "__main__":
    main()
