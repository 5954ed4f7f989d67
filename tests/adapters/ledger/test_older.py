"""Ledgers that earlier commits of rudaux wrote are opened, and lose nothing."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.adapters.ledger import SqliteLedger
from rudaux.adapters.ledger.schema import VERSION
from rudaux.domain.collection import Collection
from rudaux.domain.submissions import Record

AT = datetime(2026, 10, 2, 7, 10, tzinfo=timezone.utc)
OLDER = sorted((Path(__file__).parent / "older").glob("*.sql"))


def written_by(script: Path, folder: Path) -> Path:
    """Write the ledger that `script` holds, as that rudaux left it."""
    path = folder / ".rudaux" / "ledger.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.executescript(script.read_text())
    return path


def tables(path: Path) -> dict[str, set[str]]:
    with sqlite3.connect(path) as db:
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {n: {r[1] for r in db.execute(f"PRAGMA table_info({n})")} for (n,) in names}


@pytest.mark.parametrize("script", OLDER, ids=lambda path: path.stem)
def test_an_older_ledger_keeps_what_it_knows(script: Path, tmp_path: Path) -> None:
    path = written_by(script, tmp_path)
    for ledger in (SqliteLedger(path), SqliteLedger(path)):
        [run] = ledger.run_records()
        assert (run.command, run.user, run.exit_code) == (
            "rudaux grade homework_1",
            "instructor",
            0,
        )
        assert ledger.records("homework_1") == {
            "11": Record("graded", "", AT),
            "12": Record("held", "its kernel died twice", AT),
        }
        assert ledger.collected("homework_1") == {
            "11": Collection("abc", "2026-10-02-0710", AT),
            "12": Collection("def", None, AT),
        }
        [push] = ledger.push_records()
        assert (push.old, push.new, push.run) == (Decimal(7), Decimal("8.5"), 1)
        assert ledger.graded() == {("homework_1", "11"), ("homework_1", "12")}
        assert ledger.dropped() == {"13"}
    new = tmp_path / "new" / ".rudaux" / "ledger.db"
    SqliteLedger(new).start_run("rudaux grade")
    assert tables(path) == tables(new)


@pytest.mark.parametrize("script", OLDER, ids=lambda path: path.stem)
def test_the_older_ledger_is_kept_for_going_back(script: Path, tmp_path: Path) -> None:
    path = written_by(script, tmp_path)
    before = tables(path)
    SqliteLedger(path).start_run("rudaux grade")
    version = int(script.stem[-1])
    kept = path.with_name(f"ledger-{version}.db")
    assert tables(kept) == before
    assert kept.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(kept) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version,)
        assert db.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    assert version < VERSION


def test_a_copy_of_an_earlier_upgrade_stays(tmp_path: Path) -> None:
    path = written_by(OLDER[-1], tmp_path)
    path.with_name("ledger-6.db").write_text("a copy")
    SqliteLedger(path).start_run("rudaux grade")
    assert path.with_name("ledger-6.db").read_text() == "a copy"
    assert tables(path.with_name("ledger-6-1.db"))
