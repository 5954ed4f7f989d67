"""Measures the host process's peak memory over 50 and over 2,000 submissions.

Run it as `python -m tests.bench.memory`. Executions are made up (kernels are other processes,
that end); preparing, scoring and what the workflow keeps of each student are real.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.bench import autograde as bench
from tests.bench.autograde import machine, say

ASSIGNMENT = "ps1"
FEW, MANY = 50, 2000
OUTPUT = {"output_type": "stream", "name": "stdout", "text": "a line of output\n" * 200}


def main() -> None:
    if sys.argv[1:2] == ["--grade"]:
        grade(Path(sys.argv[2]))
        return
    say(f"peak memory of the host process, {ASSIGNMENT} of nbgrader's quickstart; {machine()}")
    peaks = {}
    for students in (FEW, MANY):
        with tempfile.TemporaryDirectory() as folder:
            course = Path(folder) / "course"
            bench.hand_in(course, ASSIGNMENT, ["student000"])
            hand_in(course, students)
            started = time.perf_counter()
            command = [sys.executable, "-m", "tests.bench.memory", "--grade", str(course)]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            peaks[students] = int(said.splitlines()[-1])
            took = time.perf_counter() - started
            say(f"{students:>6} submissions {peaks[students] / 1024:8.1f} MiB {took:8.1f} s")
    say(f"ratio {peaks[MANY] / peaks[FEW]:.2f} (asked: at most 1.3)")


def hand_in(course: Path, students: int) -> None:
    first = course / "submitted" / "student000" / ASSIGNMENT
    for number in range(1, students):
        shutil.copytree(first, course / "submitted" / f"student{number:03}" / ASSIGNMENT)
    bench.add_students(course, [f"student{number:03}" for number in range(students)])


def grade(course: Path) -> None:
    from rudaux.adapters.ledger import SqliteLedger
    from rudaux.adapters.nbgrader.grader import NbgraderGrader
    from rudaux.domain.roster import Student
    from rudaux.workflows import autograde
    from tests.fakes import fake_course

    ctx = fake_course(course)
    ctx.grader = NbgraderGrader(course, course / ".rudaux" / "scratch")  # type: ignore[assignment]
    ctx.executor = MadeUp()  # type: ignore[assignment]
    ctx.ledger = SqliteLedger(course / ".rudaux" / "ledger.db")  # type: ignore[assignment]
    names = sorted(path.name for path in (course / "submitted").iterdir())
    students = tuple(Student(name, name) for name in names)
    plan = autograde.AutogradePlan(ASSIGNMENT, students, {})
    outcomes = list(autograde.apply(ctx, plan))
    if any(outcome.result == "failed" for outcome in outcomes):
        raise SystemExit("a submission failed")
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


class MadeUp:
    """Says of every code cell that it ran and printed something."""

    def check(self, kernels: Iterable[str] = ()) -> None:
        return

    def run(self, jobs: Iterable[object], imports: Sequence[str] = ()) -> Iterator[object]:
        from rudaux.domain.execution import CellResult, Execution, Job

        for job in jobs:
            assert isinstance(job, Job)
            cells = {
                name: tuple(
                    CellResult(index, index + 1, (OUTPUT,))
                    for index, cell in enumerate(json.loads(text)["cells"])
                    if cell["cell_type"] == "code"
                )
                for name, text in job.notebooks.items()
            }
            yield Execution(job, "ok", cells=cells)


if __name__ == "__main__":
    main()
