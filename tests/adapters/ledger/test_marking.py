from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rudaux.adapters.ledger import SqliteLedger
from rudaux.adapters.ledger.schema import VERSION
from rudaux.domain.sharing import Piece

IO, EUROPA = Piece("1"), Piece("2", "nb/a")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".rudaux" / "ledger.db"


def test_who_marks_what_is_remembered_by_the_next_run(path: Path) -> None:
    SqliteLedger(path).record_division("homework_1", {IO: "Ann", EUROPA: "Bo"})
    SqliteLedger(path).record_division("homework_2", {IO: "Cy"})
    assert SqliteLedger(path).division("homework_1") == {IO: "Ann", EUROPA: "Bo"}


def test_a_new_division_replaces_and_forgets_at_once(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.record_division("homework_1", {IO: "Ann", EUROPA: "Bo"})
    ledger.record_division("homework_1", {IO: "Bo"}, [EUROPA])
    assert ledger.division("homework_1") == {IO: "Bo"}


def test_every_version_of_a_page_is_known_as_rudaux_s_own(path: Path) -> None:
    ledger = SqliteLedger(path)
    for digest in ("old", "new", "new"):
        ledger.record_written("1", "feedback/nb.html", digest)
    ledger.record_written("", "marking/Ann.csv", "list")
    assert SqliteLedger(path).written("1") == {"feedback/nb.html": frozenset({"old", "new"})}
    assert SqliteLedger(path).written("2") == {}


def test_a_page_is_returned_only_when_it_is_done(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.record_written("1", "solutions/hw_1/nb.html", "a")
    assert ledger.returned("solutions/hw_1/") == frozenset()
    ledger.record_written("1", "solutions/hw_1/nb.html", "a", done=True)
    ledger.record_written("1", "solutions/hw_1/nb.html", "a")
    ledger.record_written("2", "solutions/hwx1/nb.html", "a", done=True)
    assert ledger.returned("solutions/hw_1/") == {"1"}


def test_reading_makes_no_ledger(path: Path) -> None:
    ledger = SqliteLedger(path)
    assert (ledger.division("homework_1"), ledger.written("1"), ledger.returned("x")) == (
        {},
        {},
        frozenset(),
    )
    assert not path.exists()


def test_a_ledger_of_version_3_gets_the_tables(path: Path) -> None:
    SqliteLedger(path).record_dropped(["1"])
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DROP TABLE marking; DROP TABLE written; PRAGMA user_version = 3;")
    ledger = SqliteLedger(path)
    ledger.record_division("homework_1", {IO: "Ann"})
    assert ledger.division("homework_1") == {IO: "Ann"}
    assert ledger.dropped() == {"1"}
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
