from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from filelock import FileLock

from rudaux.adapters.cron import CronTable
from rudaux.domain.timetable import Entry, local_run_time
from rudaux.errors import CronFailure

COURSE = "/srv/courses/dsci 100 (ü) 50%"
ENTRY = Entry("homework_1", 9, 0, 2, 10, 2026, "/opt/py -m rudaux grade --auto >> log-$(date +%F)")
FOREIGN = b"""# keep   me
MAILTO = "io@example.edu"\t
CANVAS_TOKEN=secret

  5  4 * * *   foo --at 100\\%  # x
@daily\tbar
#9 0 2 10 * disabled # rudaux /srv/x homework_1
*/5 * * * * printf 'a\\r\\n'
"""


def crontab(*arguments: str, table: bytes | None = None) -> bytes:
    return subprocess.run(
        ["crontab", *arguments], input=table, capture_output=True, check=False
    ).stdout


@pytest.fixture
def table(tmp_path: Path) -> Iterator[CronTable]:
    """The user's own crontab, emptied for the test and put back afterwards."""
    if shutil.which("crontab") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no crontab program: install cron")
        pytest.skip("there is no crontab program")
    with FileLock("/tmp/rudaux-tests-crontab.lock"):
        before = crontab("-l")
        (tmp_path / "crontab-before-the-test").write_bytes(before)
        crontab("-r")
        try:
            yield CronTable(tmp_path / "backups")
        finally:
            if before:
                crontab("-", table=before)
            else:
                crontab("-r")


@pytest.fixture
def foreign(table: CronTable) -> bytes:
    """Lines that other people and programs put into the crontab."""
    crontab("-", table=FOREIGN)
    assert crontab("-l") == FOREIGN
    return FOREIGN


class TestEntries:
    def test_an_entry_reads_back_as_written(self, table: CronTable) -> None:
        second = replace(ENTRY, assignment="homework 2 # %", minute=59, command="echo '100% # x'")
        table.replace(COURSE, [second, ENTRY])
        assert table.entries(COURSE) == tuple(sorted([ENTRY, second]))

    def test_the_line_is_guarded_by_its_year_and_escaped_for_cron(self, table: CronTable) -> None:
        table.replace("/srv/x", [ENTRY])
        assert crontab("-l").decode() == (
            '9 0 2 10 * [ "$(date +\\%Y)" = 2026 ] && /opt/py -m rudaux grade --auto '
            ">> log-$(date +\\%F) # rudaux /srv/x homework_1\n"
        )

    def test_an_empty_crontab_has_none(self, table: CronTable) -> None:
        assert table.entries(COURSE) == ()

    def test_two_courses_never_meet(self, table: CronTable) -> None:
        other = replace(ENTRY, hour=5)
        table.replace("/srv/a", [ENTRY])
        table.replace("/srv/ab", [other])
        table.replace("/srv/a", [])
        assert table.entries("/srv/a") == ()
        assert table.entries("/srv/ab") == (other,)

    @pytest.mark.parametrize("change", [{"minute": 60}, {"month": 13}, {"command": "a\nb"}])
    def test_what_is_no_crontab_line_is_refused(
        self, table: CronTable, foreign: bytes, change: dict[str, int]
    ) -> None:
        with pytest.raises(CronFailure, match="cannot be written as a crontab line"):
            table.replace(COURSE, [replace(ENTRY, **change)])  # type: ignore[arg-type]
        assert crontab("-l") == foreign


class TestForeignLines:
    def test_survive_byte_for_byte(self, table: CronTable, foreign: bytes) -> None:
        table.replace(COURSE, [ENTRY])
        table.replace(COURSE, [ENTRY, replace(ENTRY, hour=5)])
        assert crontab("-l").startswith(foreign)
        table.replace(COURSE, [])
        assert crontab("-l") == foreign

    def test_that_are_not_utf_8_survive(self, table: CronTable) -> None:
        odd = b"# \xff\xfe latin\n0 1 * * * caf\xe9\n"
        crontab("-", table=odd)
        table.replace(COURSE, [ENTRY])
        assert crontab("-l").startswith(odd)

    def test_that_crontab_cannot_show_stop_the_change(self, table: CronTable) -> None:
        crontab("-", table=b"# from Windows\r\n")
        shown = crontab("-l")
        with pytest.raises(CronFailure, match="Windows line endings"):
            table.replace(COURSE, [ENTRY])
        assert crontab("-l") == shown

    def test_a_line_of_ours_that_a_person_rewrote_is_theirs(self, table: CronTable) -> None:
        edited = b"*/10 * * * * /opt/py -m rudaux status # rudaux /srv/x homework_1\n"
        crontab("-", table=edited)
        assert table.entries("/srv/x") == ()
        table.replace("/srv/x", [ENTRY])
        table.replace("/srv/x", [])
        assert crontab("-l") == edited

    def test_a_time_zone_set_for_others_stays_below_our_lines(self, table: CronTable) -> None:
        crontab("-", table=b"A=1\nTZ=Asia/Tokyo\n0 1 * * * foo\n")
        table.replace("/srv/x", [ENTRY])
        lines = crontab("-l").decode().splitlines()
        assert [line.split()[0] for line in lines] == ["A=1", "9", "TZ=Asia/Tokyo", "0"]


class TestReplace:
    def test_the_same_again_writes_nothing(self, table: CronTable, tmp_path: Path) -> None:
        table.replace(COURSE, [ENTRY])
        written = crontab("-l") + b"# added by hand\n"
        crontab("-", table=written)
        table.replace(COURSE, [ENTRY, ENTRY])
        assert crontab("-l") == written
        assert not (tmp_path / "backups").exists()

    def test_the_table_before_is_kept_for_its_owner_only(
        self, table: CronTable, foreign: bytes, tmp_path: Path
    ) -> None:
        table.replace(COURSE, [ENTRY])
        (kept,) = (tmp_path / "backups").iterdir()
        assert kept.read_bytes() == foreign
        assert kept.stat().st_mode & 0o777 == 0o600

    def test_removing_the_last_line_leaves_no_crontab(self, table: CronTable) -> None:
        table.replace(COURSE, [ENTRY])
        table.replace(COURSE, [])
        assert b"no crontab for" in subprocess.run(["crontab", "-l"], capture_output=True).stderr


class TestRefusals:
    def test_no_crontab_program(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CronFailure, match="install cron"):
            CronTable(tmp_path).entries(COURSE)

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ("You (io) are not allowed to use this program (crontab)", "cron.allow"),
            ("errors in crontab file, can't install", "could not be read.*errors in crontab"),
        ],
    )
    def test_a_refusing_program_is_put_in_words(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, words: str
    ) -> None:
        program = tmp_path / "crontab"
        program.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        with pytest.raises(CronFailure, match=words):
            CronTable(tmp_path).replace(COURSE, [ENTRY])


class TestTimezone:
    def zone(self, tmp_path: Path, target: str) -> ZoneInfo | timezone:
        (tmp_path / "localtime").symlink_to(target)
        zone = CronTable(tmp_path, tmp_path / "localtime").timezone()
        assert isinstance(zone, ZoneInfo | timezone)
        return zone

    def test_is_the_one_the_link_names_whatever_tz_says(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        zone = self.zone(tmp_path, "../usr/share/zoneinfo/America/Vancouver")
        assert zone == ZoneInfo("America/Vancouver")

    def test_is_read_from_a_file_that_is_no_link(self, tmp_path: Path) -> None:
        source = next(
            path
            for folder in ("/usr/share/zoneinfo", *_tzdata())
            if (path := Path(folder) / "Europe" / "Berlin").exists()
        )
        shutil.copy(source, tmp_path / "localtime")
        zone = CronTable(tmp_path, tmp_path / "localtime").timezone()
        summer, winter = datetime(2026, 7, 1, tzinfo=zone), datetime(2026, 12, 1, tzinfo=zone)
        assert (summer.utcoffset(), winter.utcoffset()) == (timedelta(hours=2), timedelta(hours=1))

    def test_is_utc_where_the_system_names_none(self, tmp_path: Path) -> None:
        assert CronTable(tmp_path, tmp_path / "absent").timezone() == timezone.utc
        assert self.zone(tmp_path, "/usr/share/zoneinfo/Nowhere/Land") == timezone.utc


def _tzdata() -> list[str]:
    return [f"{folder}/zoneinfo" for folder in importlib.import_module("tzdata").__path__]


@pytest.fixture
def daemon(table: CronTable) -> Iterator[CronTable]:
    """A cron daemon that runs the crontab: the machine's own, or one started for the test."""
    program = shutil.which("cron", path=f"{os.environ['PATH']}:/usr/sbin")
    process = None
    if not _daemon_runs():
        if program is None or os.geteuid() != 0:
            if os.environ.get("CI") == "true":
                pytest.fail("no cron daemon runs here and none can be started")
            pytest.skip("no cron daemon runs here, and only root can start one")
        process = subprocess.Popen([program, "-f"], stderr=subprocess.DEVNULL)
        time.sleep(2)  # it misses what changes in the second of its first look
    try:
        yield table
    finally:
        if process:
            process.terminate()
            process.wait()


def _daemon_runs() -> bool:
    return any(_name_of(process) in {"cron", "crond"} for process in Path("/proc").glob("[0-9]*"))


def _name_of(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return ""  # it has ended meanwhile


def test_a_real_daemon_runs_an_entry_in_its_bare_environment(
    daemon: CronTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANVAS_TOKEN", "secret")
    ran, guarded, log = tmp_path / "ran", tmp_path / "another year", tmp_path / "log"
    run = local_run_time(datetime.now(timezone.utc) + timedelta(seconds=15), 0, daemon.timezone())
    command = rf"{{ env; date +%Y-%m; printf '%s' '100% a\b'; }} > '{log}' && mv '{log}' '{ran}'"
    entry = Entry("hw", run.minute, run.hour, run.day, run.month, run.year, command)
    other = replace(entry, year=run.year - 1, command=f"touch '{guarded}'")
    daemon.replace(COURSE, [entry, other])
    give_up = time.monotonic() + 90
    while not ran.exists() and time.monotonic() < give_up:
        time.sleep(0.2)
    *settings, month, last = ran.read_text().splitlines()
    assert daemon.is_running() is not False
    assert month == f"{run:%Y-%m}"
    assert last == r"100% a\b"
    assert "PATH=/usr/bin:/bin" in settings
    assert not [s for s in settings if "secret" in s]
    assert not guarded.exists()
