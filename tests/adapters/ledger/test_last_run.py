"""What the ledger keeps of each student's latest run of the tests."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from rudaux.adapters.ledger import SqliteLedger
from rudaux.domain.execution import CellResult, Execution, GradedWith, Job

TEST = {"nbgrader": {"grade_id": "mean", "grade": True, "solution": False}}
ESSAY = {"nbgrader": {"grade_id": "essay", "grade": True, "solution": True}}


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / ".rudaux" / "ledger.db")


def execution(*seconds: float | None, image: str = "sha256:1") -> Execution:
    cells = [{"metadata": {}}, {"metadata": TEST}, {"metadata": ESSAY}]
    job = Job("hw", "1", {"nb.ipynb": json.dumps({"cells": cells})}, Path("/x"))
    results = tuple(CellResult(n, n + 1, (), took) for n, took in enumerate(seconds))
    return Execution(job, "ok", "", 3.0, {"nb.ipynb": results}, image)


def test_the_seconds_of_each_test_are_those_of_the_latest_run(ledger: SqliteLedger) -> None:
    assert ledger.test_seconds("hw") == {}
    ledger.record_execution(execution(0.1, 2.5, 9.0), "old")
    assert ledger.test_seconds("hw") == {"1": {("nb", "mean"): 2.5}}
    assert ledger.graded_with("hw") == {"1": GradedWith("sha256:1", "old")}
    for _ in range(2):
        ledger.record_execution(execution(0.1, 0.5, image=""), "new")
        assert ledger.test_seconds("hw") == {"1": {("nb", "mean"): 0.5}}
        assert ledger.graded_with("hw") == {"1": GradedWith("", "new")}
    assert ledger.test_seconds("other") == {}
    assert ledger.graded_with("other") == {}


def test_a_run_without_a_score_leaves_what_it_was_graded_with(ledger: SqliteLedger) -> None:
    ledger.record_execution(execution(0.1, 2.5), "old")
    ledger.record_execution(execution(None, None))
    assert ledger.graded_with("hw") == {"1": GradedWith("sha256:1", "old")}
    assert ledger.test_seconds("hw") == {}


def test_a_cell_that_was_not_sent_has_no_seconds(ledger: SqliteLedger) -> None:
    ledger.record_execution(execution(0.1, 0.2, 0.3, 0.4))
    assert ledger.test_seconds("hw") == {"1": {("nb", "mean"): 0.2}}


def test_a_ledger_of_version_3_gets_the_tables(ledger: SqliteLedger, tmp_path: Path) -> None:
    ledger.start_run("rudaux grade")
    path = tmp_path / ".rudaux" / "ledger.db"
    with sqlite3.connect(path) as db:
        db.executescript("DROP TABLE test_seconds; DROP TABLE graded_with; PRAGMA user_version = 3")
    later = SqliteLedger(path)
    later.record_execution(execution(0.1, 2.5), "tests")
    assert later.test_seconds("hw") == {"1": {("nb", "mean"): 2.5}}
    assert later.run_records()[0].command == "rudaux grade"
