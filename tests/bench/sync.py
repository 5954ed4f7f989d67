"""Gradebook sync of 2,000 students against a loop of nbgrader's own add_student, in one run."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook
from rudaux.domain.roster import Student, compare_rosters

COUNT = 2000


def students() -> list[Student]:
    """Make as many students as a large course has."""
    return [
        Student(str(n), f"Moon {n}", f"Planet, Moon {n}", f"moon{n}@example.edu")
        for n in range(1, COUNT + 1)
    ]


def one_by_one(folder: Path) -> float:
    """Return the seconds that nbgrader's own interface takes."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        start = time.perf_counter()
        for s in students():
            gradebook.add_student(
                s.id, first_name=s.first_name, last_name=s.last_name, email=s.email
            )
        return time.perf_counter() - start


def at_once(folder: Path) -> float:
    """Return the seconds that rudaux takes to compare and to write."""
    gradebook = NbgraderGradebook(folder)
    gradebook.check()
    start = time.perf_counter()
    change = compare_rosters(students(), gradebook.students())
    gradebook.save_students(change.joined)
    seconds = time.perf_counter() - start
    if len(gradebook.students()) != COUNT:
        raise SystemExit("the gradebook does not hold every student")
    return seconds


def main() -> None:
    """Print both times and their ratio."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as theirs, tempfile.TemporaryDirectory() as ours:
        loop, sync = one_by_one(Path(theirs)), at_once(Path(ours))
    print(f"gradebook sync of {COUNT} students")
    print(f"  nbgrader's add_student in a loop  {loop:8.2f} s")
    print(f"  rudaux                            {sync:8.2f} s   {loop / sync:.0f} times as fast")


if __name__ == "__main__":
    main()
