"""What the ledger keeps of each student's latest run of the tests: seconds, image, tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from rudaux.domain.execution import Execution, GradedWith, seconds_of_tests

SECONDS = "SELECT student, notebook, cell, seconds FROM test_seconds WHERE assignment = ?"
GRADED_WITH = "SELECT student, image, tests FROM graded_with WHERE assignment = ?"


def record(db: sqlite3.Connection, execution: Execution, tests: str) -> None:
    """Replace what is recorded about the student's earlier run."""
    key = (execution.job.assignment, execution.job.student_id)
    db.execute("DELETE FROM test_seconds WHERE assignment = ? AND student = ?", key)
    db.executemany(
        "INSERT OR REPLACE INTO test_seconds VALUES (?, ?, ?, ?, ?)",
        [(*key, *test, seconds) for test, seconds in seconds_of_tests(execution).items()],
    )
    if tests:
        record_tests(db, execution, tests)


def record_tests(db: sqlite3.Connection, execution: Execution, tests: str) -> None:
    """Replace what the student's marks came from, even if their work was run earlier."""
    job = execution.job
    db.execute(
        "INSERT OR REPLACE INTO graded_with VALUES (?, ?, ?, ?)",
        (job.assignment, job.student_id, execution.image, tests),
    )


def seconds(
    rows: Iterable[tuple[str, str, str, float]],
) -> dict[str, dict[tuple[str, str], float]]:
    """Group rows of `SECONDS` by student."""
    found: dict[str, dict[tuple[str, str], float]] = {}
    for student, notebook, cell, took in rows:
        found.setdefault(student, {})[notebook, cell] = took
    return found


def graded_with(rows: Iterable[tuple[str, str, str]]) -> dict[str, GradedWith]:
    """Return rows of `GRADED_WITH` by student."""
    return {student: GradedWith(image, tests) for student, image, tests in rows}
