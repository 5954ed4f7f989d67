"""Overrides, joins and late edits in the ledger's file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

from rudaux.adapters.ledger import SqliteLedger
from rudaux.domain.collection import LateEdit
from rudaux.domain.extensions import Joined, OverrideRecord

NOW = datetime(2026, 10, 1, 18, tzinfo=timezone.utc)
LATER = NOW + timedelta(days=2)


def ledger(folder: Path) -> SqliteLedger:
    return SqliteLedger(folder / ".rudaux" / "ledger.db")


def record(assignment: str) -> OverrideRecord:
    return OverrideRecord(
        assignment, "11", "extension", "create", None, NOW, LATER, NOW, "ill", "planned"
    )


def test_an_override_is_remembered_before_and_settled_after_it_is_written(tmp_path: Path) -> None:
    one = ledger(tmp_path)
    assert one.override_records() == ()
    run = one.start_run("canvas extend homework_1")
    numbers = [one.record_override(record(name)) for name in ("homework_1", "homework_2")]
    one.settle_override(numbers[0], "done", 301)
    one.settle_override(numbers[1], "failed", None)
    first, second = ledger(tmp_path).override_records()
    assert (first.state, first.override, first.run, first.due_at) == ("done", 301, run, LATER)
    assert (second.state, second.override, second.old_due) == ("failed", None, NOW)
    assert ledger(tmp_path).override_records("homework_1") == (first,)


def test_of_dates_in_canvas_the_last_ones_are_known_by_kind(tmp_path: Path) -> None:
    one = ledger(tmp_path)
    assert one.dates("homework_1") == {}
    one.record_dates("homework_1", {"due": {NOW, LATER}, "lock": {None}})
    one.record_dates("homework_1", {"due": {LATER}})
    one.record_dates("homework_2", {"due": {NOW}})
    assert ledger(tmp_path).dates("homework_1") == {"due": {LATER}, "lock": {None}}


def test_joins_of_others_stay(tmp_path: Path) -> None:
    one = ledger(tmp_path)
    one.record_joins({})
    one.record_joins({"11": Joined(NOW), "12": Joined(None)})
    one.record_joins({"11": Joined(NOW, gone=True)})
    assert ledger(tmp_path).joins() == {"11": Joined(NOW, True), "12": Joined(None)}


def test_late_edits_of_the_last_collection_replace_the_earlier_ones(tmp_path: Path) -> None:
    one = ledger(tmp_path)
    one.record_late_edits("homework_1", "11", ())
    edits = (LateEdit("a.ipynb", LATER, NOW), LateEdit("b.ipynb", LATER, NOW))
    one.record_late_edits("homework_1", "11", edits)
    assert one.late_edits("homework_1") == {"11": edits}
    one.record_late_edits("homework_1", "11", edits[1:])
    assert ledger(tmp_path).late_edits("homework_1") == {"11": edits[1:]}
    one.record_late_edits("homework_1", "11", ())
    assert one.late_edits("homework_1") == {}


def test_a_ledger_of_the_version_before_gets_the_tables(tmp_path: Path) -> None:
    ledger(tmp_path).start_run("init")
    file = tmp_path / ".rudaux" / "ledger.db"
    with closing(sqlite3.connect(file)) as db:
        for table in ("overrides", "joins", "late_edits"):
            db.execute(f"DROP TABLE {table}")
        db.execute("PRAGMA user_version = 3")
    one = ledger(tmp_path)
    one.record_override(record("homework_1"))
    assert [run.command for run in one.run_records()] == ["init"]
    assert len(one.override_records()) == 1


def test_a_late_edit_of_a_file_whose_name_is_no_text_is_kept(tmp_path: Path) -> None:
    one = ledger(tmp_path)
    one.record_late_edits("homework_1", "11", [LateEdit("r\udce9sum\udce9.txt", LATER, NOW)])
    one.record_late_edits("homework_1", "11", [LateEdit("r\udce9sum\udce9.txt", LATER, NOW)])
    assert [e.file for e in one.late_edits("homework_1")["11"]] == ["r\\udce9sum\\udce9.txt"]
