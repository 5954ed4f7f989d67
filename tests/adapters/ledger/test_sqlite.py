from __future__ import annotations

import getpass
import json
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from filelock import FileLock

from rudaux.adapters.ledger import SqliteLedger
from rudaux.domain.checks import Check, Checked
from rudaux.domain.collection import Collection
from rudaux.domain.execution import Execution, Job
from rudaux.domain.grades import Push
from rudaux.domain.history import last_scores
from rudaux.domain.messages import Told
from rudaux.domain.submissions import Record
from rudaux.errors import NeedsPersonError, SystemFailure

AT = datetime(2026, 10, 2, 0, 10, tzinfo=timezone(timedelta(hours=-7)))
HW = "homework_1"


VERSION_1 = f"""
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, command TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT, exit_code INTEGER);
CREATE TABLE collections (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    digest TEXT NOT NULL, snapshot TEXT, at TEXT NOT NULL);
CREATE TABLE executions (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    verdict TEXT NOT NULL, seconds REAL NOT NULL, repairs TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE pushes (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    old TEXT, new TEXT, read_back TEXT, at TEXT NOT NULL);
INSERT INTO runs VALUES (1, 'rudaux grade', 'server', 4711, '{AT}', '{AT}', 0);
INSERT INTO collections VALUES (1, 1, 'homework_1', '1', 'abc', NULL, '{AT}');
INSERT INTO pushes VALUES (1, 1, 'homework_1', '1', '7', '8.5000', '8.5', '{AT}'),
    (2, 1, 'homework_1', '2', '3.0', '3.0000', '3.0', '{AT}');
PRAGMA user_version = 1;
"""


def push(student: str, new: str | None, read_back: str | None, assignment: str = HW) -> Push:
    def score(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    return Push(assignment, student, None, score(new), score(read_back), AT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".rudaux" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> SqliteLedger:
    return SqliteLedger(path)


@pytest.fixture
def again(path: Path) -> Callable[[], SqliteLedger]:
    """Open the same ledger anew, as the next run does."""
    return lambda: SqliteLedger(path)


class TestFile:
    def test_reading_creates_nothing(self, ledger: SqliteLedger, path: Path) -> None:
        assert ledger.records(HW) == {}
        assert ledger.collected(HW) == {}
        assert last_scores(ledger.push_records(HW)) == {}
        assert ledger.feedback_records(HW) == ()
        assert ledger.dropped() == frozenset()
        assert [*ledger.push_records(), *ledger.run_records(), *ledger.feedback_records()] == []
        ledger.forget(HW, "1")
        ledger.record_pushes([])
        ledger.record_dropped([])
        assert not path.parent.exists()

    def test_the_first_write_makes_a_folder_that_git_ignores(
        self, ledger: SqliteLedger, path: Path, tmp_path: Path
    ) -> None:
        subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
        ledger.start_run("rudaux grade")
        status = subprocess.run(
            ["git", "status", "--porcelain"], cwd=tmp_path, capture_output=True, check=True
        )
        assert path.exists()
        assert status.stdout == b""

    def test_runs_are_kept_with_their_end(self, ledger: SqliteLedger, path: Path) -> None:
        first = ledger.start_run("rudaux init")
        ledger.end_run(first, 0)
        second = ledger.start_run("rudaux grade")
        ledger.record_collection(HW, "1", Collection("abc", None, AT))
        ledger.end_run(second, 6)
        with sqlite3.connect(path) as db:
            runs = db.execute("SELECT id, command, exit_code FROM runs ORDER BY id").fetchall()
            (run,) = db.execute("SELECT run FROM collections").fetchone()
        assert runs == [(first, "rudaux init", 0), (second, "rudaux grade", 6)]
        assert run == second

    @pytest.mark.parametrize("content", [b"not a database, but some text that is long" * 50])
    def test_a_damaged_file_is_kept_and_the_way_out_is_told(
        self, ledger: SqliteLedger, path: Path, content: bytes
    ) -> None:
        path.parent.mkdir()
        path.write_bytes(content)
        with pytest.raises(SystemFailure, match=r"damaged.*move it away.*contains no grades"):
            ledger.records(HW)
        with pytest.raises(SystemFailure, match="damaged"):
            ledger.start_run("rudaux grade")
        assert path.read_bytes() == content

    def test_a_newer_ledger_is_left_alone(self, ledger: SqliteLedger, path: Path) -> None:
        path.parent.mkdir()
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        with pytest.raises(SystemFailure, match="newer rudaux"):
            ledger.records(HW)

    def test_a_ledger_of_version_1_keeps_what_it_knows(
        self, path: Path, again: Callable[[], SqliteLedger]
    ) -> None:
        path.parent.mkdir()
        with sqlite3.connect(path) as db:
            db.executescript(VERSION_1)
        for ledger in (again(), again()):
            [run] = ledger.run_records()
            assert (run.id, run.command, run.user, run.pid) == (1, "rudaux grade", "", 4711)
            assert (run.ended_at, run.exit_code) == (AT, 0)
            written, adopted = ledger.push_records()
            assert (written.old, written.new, written.run) == (Decimal(7), Decimal("8.5"), 1)
            assert (written.adopted, adopted.adopted) == (False, True)
            assert last_scores(ledger.push_records(HW)) == {"1": Decimal("8.5"), "2": Decimal(3)}
            assert ledger.collected(HW) == {"1": Collection("abc", None, AT)}
            assert ledger.roster_size() is None
        again().start_run("rudaux canvas undo")
        assert again().run_records()[1].user

    def test_a_failed_migration_leaves_version_1_as_it_was(
        self, path: Path, again: Callable[[], SqliteLedger]
    ) -> None:
        path.parent.mkdir()
        with sqlite3.connect(path) as db:
            db.executescript(VERSION_1 + "CREATE TABLE graded (students_of_mine);")
        with pytest.raises(SystemFailure, match="cannot be used"):
            again().run_records()
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (1,)
            assert "user" not in {c[1] for c in db.execute("PRAGMA table_info(runs)")}

    def test_a_strange_database_is_left_alone(self, ledger: SqliteLedger, path: Path) -> None:
        path.parent.mkdir()
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE mine (x)")
        with pytest.raises(SystemFailure, match="not a rudaux ledger"):
            ledger.start_run("rudaux grade")
        with sqlite3.connect(path) as db:
            assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]

    def test_one_that_cannot_be_looked_at_is_not_an_empty_one(self, tmp_path: Path) -> None:
        with pytest.raises(SystemFailure, match="check who owns it"):
            SqliteLedger(tmp_path / ("x" * 300) / "ledger.db").graded()

    def test_a_folder_in_its_place_is_put_in_words(self, ledger: SqliteLedger, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(SystemFailure, match="cannot be used"):
            ledger.start_run("rudaux grade")


class TestMemory:
    def test_the_last_record_of_a_student_stands(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        ledger.record(HW, "1", Record("failed", "the kernel died", AT))
        ledger.record(HW, "2", Record("missing", "no home", AT))
        ledger.record("homework_10", "1", Record("graded", "", AT))
        ledger.record(HW, "1", Record("graded", "", AT))
        assert again().records(HW) == {
            "1": Record("graded", "", AT),
            "2": Record("missing", "no home", AT),
        }

    def test_a_forgotten_record_is_gone(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        ledger.record(HW, "1", Record("graded", "", AT))
        ledger.record(HW, "2", Record("graded", "", AT))
        ledger.forget(HW, "1")
        assert set(again().records(HW)) == {"2"}

    def test_the_last_collection_stands_and_times_are_utc(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        ledger.record_collection(HW, "1", Collection("old", "snap-1", AT))
        ledger.record_collection(HW, "1", Collection("new", None, AT, ("sock: socket",)))
        (collection,) = again().collected(HW).values()
        assert collection == Collection("new", None, AT, ("sock: socket",))
        assert collection.at.tzinfo == timezone.utc

    def test_executions_are_kept_with_repairs_and_image(
        self, ledger: SqliteLedger, path: Path
    ) -> None:
        job = Job(HW, "1", {}, path.parent, repairs=("renamed a cell",))
        ledger.record_execution(Execution(job, "ok", seconds=1.5, image="sha256:4a06"))
        with sqlite3.connect(path) as db:
            rows = db.execute("SELECT student, verdict, seconds, repairs, image FROM executions")
            assert rows.fetchall() == [("1", "ok", 1.5, '["renamed a cell"]', "sha256:4a06")]
        [run] = ledger.executions(HW, "1")
        assert (run.verdict, run.repairs, run.image) == ("ok", ("renamed a cell",), "sha256:4a06")
        assert ledger.executions(HW, "2") == ledger.executions("homework_10", "1") == ()

    def test_only_a_push_that_was_read_back_counts(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        ledger.record_pushes([push("1", "7.50", "7.5"), push("2", "3", "9"), push("3", "1", None)])
        ledger.record_pushes([push("1", "8.5000", None), push("4", "4", "4", "homework_10")])
        assert last_scores(again().push_records(HW)) == {"1": Decimal("7.5")}

    def test_a_push_recorded_ahead_is_settled_by_what_canvas_showed(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        first = ledger.start_run("rudaux grade")
        ledger.record_pushes([push("1", "7.5", None), push("2", "5", None)])
        ledger.end_run(first, 1)
        ledger.start_run("rudaux submit")
        assert last_scores(again().push_records(HW)) == {}
        ledger.settle_pushes([push("1", "7.5", "7.5"), push("2", "6", "6")])
        ledger.settle_pushes([push("1", "7.5", "1")])
        assert last_scores(again().push_records(HW)) == {"1": Decimal("7.5")}
        assert [(p.student_id, p.run) for p in again().push_records()] == [("1", 1), ("2", 1)]

    def test_the_last_of_several_pushes_counts(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        ledger.record_pushes([push("1", "7.5", "7.5"), push("2", "5", "5")])
        ledger.record_pushes([push("1", "0.1", "0.1"), push("2", None, None)])
        assert last_scores(again().push_records(HW)) == {"1": Decimal("0.1")}

    def test_every_push_is_told_with_its_run(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        first = ledger.start_run("rudaux grade")
        ledger.record_pushes([push("1", "7", "7"), push("2", "5", "5")])
        ledger.end_run(first, 0)
        second = ledger.start_run("rudaux canvas undo")
        undo = Push(HW, "1", Decimal(7), None, None, AT, undoes=first)
        ledger.record_pushes([undo, replace(push("2", "3", "3"), adopted=True)])
        ledger.record_pushes([push("1", "4", "4", "homework_10")])
        assert again().push_records(HW, "1") == (
            Push(HW, "1", None, Decimal(7), Decimal(7), AT, first),
            replace(undo, run=second),
        )
        assert [p.run for p in again().push_records(student_id="1")] == [first, second, second]
        assert [p.adopted for p in again().push_records(run=second)] == [False, True, False]
        assert last_scores(again().push_records(HW)) == {"2": Decimal(3)}

    def test_feedback_is_told_with_its_run_and_once(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        run = ledger.start_run("rudaux submit")
        for _ in range(2):
            ledger.record_feedback(HW, "1", ["a.html"])
        ledger.record_feedback(HW, "2", ["b.html"])
        told = [(f.student_id, f.name, f.run) for f in again().feedback_records(HW)]
        assert told == [("1", "a.html", run), ("2", "b.html", run)]
        assert [f.name for f in again().feedback_records(student_id="2")] == ["b.html"]
        assert again().feedback_records("homework_10") == ()

    def test_a_run_is_told_with_who_and_how_it_ended(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        ledger.end_run(ledger.start_run("rudaux grade"), 6)
        ledger.start_run("rudaux submit")
        ended, cut = again().run_records()
        assert (ended.command, ended.exit_code, cut.ended_at) == ("rudaux grade", 6, None)
        assert (ended.user, ended.host) == (getpass.getuser(), socket.gethostname())
        assert ended.started_at.tzinfo == timezone.utc

    def test_feedback_is_remembered_by_student_and_name(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        for _ in range(2):
            ledger.record_feedback(HW, "1", ["a.html", "b.html"])
        ledger.record_feedback(HW, "2", ["a.html"])
        ledger.record_feedback(HW, "3", [])
        assert {(f.student_id, f.name) for f in again().feedback_records(HW)} == {
            ("1", "a.html"),
            ("1", "b.html"),
            ("2", "a.html"),
        }

    def test_the_dropped_students_are_replaced(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        ledger.record_dropped(["1", "2"])
        ledger.record_dropped(["2", "3"])
        assert again().dropped() == {"2", "3"}

    def test_the_last_roster_size_is_known_and_an_empty_one_is_not_an_unknown_one(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        assert ledger.roster_size() is None
        for size in (30, 30, 0):
            ledger.record_roster_size(size)
            assert again().roster_size() == size

    def test_a_failing_batch_leaves_nothing_behind(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger]
    ) -> None:
        with pytest.raises(sqlite3.IntegrityError):
            ledger.record_pushes([push("1", "7", "7"), push(None, "7", "7")])  # type: ignore[arg-type]
        assert last_scores(again().push_records(HW)) == {}

    def test_two_processes_write_to_one_ledger(
        self, ledger: SqliteLedger, again: Callable[[], SqliteLedger], path: Path
    ) -> None:
        ledger.record(HW, "1", Record("graded", "", AT))
        script = (
            "import sys; from pathlib import Path\n"
            "from rudaux.adapters.ledger import SqliteLedger\n"
            "SqliteLedger(Path(sys.argv[1])).record_feedback('homework_1', '2', ['x'])"
        )
        subprocess.run([sys.executable, "-c", script, str(path)], check=True)
        ledger.record(HW, "2", Record("graded", "", AT))
        assert {(f.student_id, f.name) for f in again().feedback_records(HW)} == {("2", "x")}
        assert set(again().records(HW)) == {"1", "2"}


@contextmanager
def other_run(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the course until its input ends."""
    script = (
        "import sys; from pathlib import Path\n"
        "from rudaux.adapters.ledger import SqliteLedger\n"
        "ledger = SqliteLedger(Path(sys.argv[1]))\n"
        "with ledger.lock('rudaux grade homework_1'):\n"
        "    ledger.start_run('rudaux grade homework_1')\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


class TestLock:
    def test_the_second_run_is_told_who_holds_it_and_since_when(
        self, ledger: SqliteLedger, path: Path
    ) -> None:
        with other_run(path) as other:
            with pytest.raises(NeedsPersonError) as caught, ledger.lock("rudaux submit"):
                pass
            words = str(caught.value)
            assert f"`rudaux grade homework_1` (process {other.pid} on " in words
            since = json.loads((path.parent / "lock.json").read_text())["since"]
            assert f"since {datetime.fromisoformat(since).astimezone():%Y-%m-%d %H:%M}" in words

    def test_it_is_free_again_after_the_other_run(self, ledger: SqliteLedger, path: Path) -> None:
        with other_run(path) as other:
            assert other.stdin is not None
            other.stdin.close()
            assert other.wait() == 0
            assert not (path.parent / "lock.json").exists()
            with ledger.lock("rudaux submit"):
                assert json.loads((path.parent / "lock.json").read_text())["command"] == (
                    "rudaux submit"
                )

    def test_a_killed_run_blocks_nobody(self, ledger: SqliteLedger, path: Path) -> None:
        with other_run(path) as other:
            other.kill()
            other.wait()
            assert (path.parent / "lock.json").exists()
            with ledger.lock("rudaux submit"):
                assert ledger.start_run("rudaux submit") == 2

    def test_one_run_may_take_it_twice(self, ledger: SqliteLedger, path: Path) -> None:
        with ledger.lock("rudaux grade"):
            with ledger.lock("rudaux submit"):
                pass
            who = json.loads((path.parent / "lock.json").read_text())
            assert who["command"] == "rudaux grade"
            with pytest.raises(NeedsPersonError), SqliteLedger(path).lock("rudaux init"):
                pass
        with ledger.lock("rudaux init"):
            pass
        assert not (path.parent / "lock.json").exists()

    def test_an_error_frees_it(self, ledger: SqliteLedger, path: Path) -> None:
        with pytest.raises(KeyError), ledger.lock("rudaux grade"):
            raise KeyError
        with SqliteLedger(path).lock("rudaux grade"):
            assert (path.parent / "lock.json").exists()

    def test_an_unreadable_note_still_gives_a_sentence(
        self, ledger: SqliteLedger, path: Path
    ) -> None:
        with other_run(path):
            (path.parent / "lock.json").write_text("{")
            with pytest.raises(NeedsPersonError, match="in use by another rudaux"):
                ledger.lock("rudaux submit").__enter__()

    def test_one_that_may_wait_takes_it_once_it_is_free(
        self, ledger: SqliteLedger, path: Path
    ) -> None:
        held = FileLock(str(path.parent / "lock"), thread_local=False)
        with ledger.lock("rudaux init"):
            pass
        held.acquire()
        with pytest.raises(NeedsPersonError), ledger.lock("rudaux grade", wait=0.2):
            pass
        threading.Timer(0.3, held.release).start()
        with ledger.lock("rudaux grade", wait=10):
            assert (path.parent / "lock.json").exists()


def test_messages_are_remembered_in_their_order(ledger: SqliteLedger, path: Path) -> None:
    at = datetime(2026, 10, 2, 8, 0, tzinfo=timezone.utc)
    first = Told("problem", "grade:CanvasFailure", "Canvas is down", at)
    second = Told("problem", "grade:CanvasFailure", "Over", at + timedelta(hours=1), over=True)
    assert ledger.messages() == ()
    ledger.record_message(first)
    ledger.record_message(second)
    assert SqliteLedger(path).messages() == (first, second)


def test_what_a_check_found_is_remembered_until_another_takes_its_place(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    assert ledger.checked(HW) is None
    for text in ("first", "second"):
        check = Check("solution", "broken", text, "mend it", HW, ours=True)
        ledger.record_checked(HW, Checked(text, AT, (check,)))
    found = SqliteLedger(tmp_path / "ledger.db").checked(HW)
    assert found == Checked("second", AT, (check,))
