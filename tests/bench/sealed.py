"""Times sealed hidden tests against redacted ones: `python -m tests.bench.sealed [STUDENTS]`."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.config import ExecutorName, GradingSettings, HiddenTests
from rudaux.domain.execution import Job
from rudaux.executors import Places, open_executor
from tests.adapters.nbgrader.course import RIGHT
from tests.executors.test_sealed import WORDS, course_with

STUDENTS = 12


def main() -> None:
    """Print how many times as long a class takes when its hidden tests are sealed."""
    students = int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS
    ways: tuple[ExecutorName, ...] = ("process", "sandbox")
    for executor in ways:
        seconds(executor, "redacted", 1)  # what is warm, is warm for both
        wall, core = zip(
            seconds(executor, "redacted", students),
            seconds(executor, "sealed", students),
            strict=True,
        )
        sys.stdout.write(
            f"sealed, {students} students, {executor}: {wall[1]:.1f} s against {wall[0]:.1f} s, "
            f"{wall[1] / wall[0]:.2f} times ({core[1] / core[0]:.2f} times the core-seconds)\n"
        )


def seconds(executor: ExecutorName, hidden: HiddenTests, students: int) -> tuple[float, float]:
    """Grade the example course; return the seconds that it took, and the core-seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        course = course_with(folder / "course", WORDS[0])
        names = [str(number) for number in range(students)]
        for student in names:
            course.hand_in(student, RIGHT)
        settings = GradingSettings(executor=executor, hidden_tests=hidden)
        grader = NbgraderGrader(course.folder, folder / "scratch", settings)
        places = Places(course.folder, folder / "homes", folder / "executor")
        started, spent = time.perf_counter(), _spent()
        jobs = (grader.prepare("ps1", student) for student in names)
        for execution in open_executor(settings, places).run(j for j in jobs if isinstance(j, Job)):
            grader.score(execution, 0.0)
        return time.perf_counter() - started, _spent() - spent


def _spent() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


if __name__ == "__main__":
    main()
