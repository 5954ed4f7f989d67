"""Copies of an SQLite gradebook that are consistent even while somebody writes to it."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from rudaux.adapters.nbgrader.gradebook.database import BUSY_SECONDS
from rudaux.config import BackupSettings
from rudaux.config.private import create_file, make_folder
from rudaux.domain.roster import GradebookContents
from rudaux.errors import GradebookFailure, UsageError

_RUN = re.compile(r"-run-(\d+)(?:-\d+)?\.db$")


def back_up(file: Path, folder: Path, reason: str) -> Path:
    """Copy the database to `folder`/gradebook-<UTC stamp>-<reason>.db and give that path.

    A file that SQLite cannot read is copied as it is.
    """
    if not file.is_file():
        raise GradebookFailure(f"There is no gradebook {file} to back up yet.")
    copy = _free_name(folder, reason)
    make_folder(copy.parent)
    partial = copy.with_suffix(".partial")
    create_file(partial)
    try:
        with _failures(file):
            _copy(file, partial)
    except sqlite3.DatabaseError:
        shutil.copyfile(file, partial)
    partial.rename(copy)
    return copy


def keep(file: Path, folder: Path, run: int, settings: BackupSettings) -> None:
    """Copy the database for `run` unless the newest such copy holds the same; drop old ones."""
    state = file.stat()
    for cut_short in folder.glob("gradebook-*.partial"):  # the course is ours alone
        cut_short.unlink()
    copies = _copies(folder)
    # A copy bears the time of change of what it was made of; a write-ahead log may hold more.
    changed = not copies or copies[-1].stat().st_mtime_ns != state.st_mtime_ns
    if changed or Path(f"{file}-wal").exists():
        copy = back_up(file, folder, f"run-{run}")
        os.utime(copy, ns=(state.st_atime_ns, state.st_mtime_ns))
    copies = _copies(folder)
    last_of_day = {copy.name.split("T")[0]: copy for copy in copies}
    runs = sorted({_run(copy) for copy in copies})[-settings.runs :]
    days = {last_of_day[day] for day in sorted(last_of_day)[-settings.days :]}
    for copy in copies:
        if _run(copy) not in runs and copy not in days:
            copy.unlink()


def newest(folder: Path, more_than: int) -> Path | None:
    """Return the newest backup of any kind that holds more than so many submissions."""
    for copy in sorted(folder.glob("gradebook-*.db"), key=_stamp, reverse=True):
        with suppress(UsageError):
            if contents(copy).submissions > more_than:
                return copy
    return None


def _copies(folder: Path) -> list[Path]:
    """Return what `keep` made, the oldest first."""
    return sorted((p for p in folder.glob("gradebook-*.db") if _RUN.search(p.name)), key=_stamp)


def _run(copy: Path) -> int:
    found = _RUN.search(copy.name)
    return int(found[1]) if found else 0


def _stamp(copy: Path) -> tuple[str, int, str]:
    return copy.name.split("-")[1], _run(copy), copy.name


def put_back(backup: Path, file: Path) -> None:
    """Make the database `file` what `backup` is."""
    if not file.exists():
        create_file(file)
    try:
        with _failures(file):
            _copy(backup, file)
    except sqlite3.DatabaseError:
        # What was there is no database: an old journal beside it would spoil the new file.
        for suffix in ("-journal", "-wal", "-shm"):
            Path(f"{file}{suffix}").unlink(missing_ok=True)
        partial = file.with_suffix(".partial")
        create_file(partial)
        _copy(backup, partial)
        partial.replace(file)


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source.absolute().as_uri() + "?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as new,
    ):
        # backup() waits for a lock for ever; these two give up after the time-out.
        old.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        new.execute("BEGIN IMMEDIATE")
        new.rollback()
        old.backup(new)


def require_gradebook(backup: Path) -> None:
    """Raise `UsageError` unless the file is there and a sound nbgrader database."""
    if not backup.is_file():
        raise UsageError(f"There is no backup {backup}: see .rudaux/backups in the course folder.")
    try:
        with closing(sqlite3.connect(backup.absolute().as_uri() + "?mode=ro", uri=True)) as there:
            tables = {row[0] for row in there.execute("SELECT name FROM sqlite_master")}
            sound = there.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError as failure:
        raise UsageError(
            f"{backup} is not a gradebook ({failure}): nothing was restored."
        ) from failure
    if not sound or not {"student", "assignment", "submitted_assignment"} <= tables:
        raise UsageError(f"{backup} is damaged or not a gradebook: nothing was restored.")


def contents(file: Path) -> GradebookContents:
    """Count what a gradebook file holds; raises `UsageError` where it is none."""
    require_gradebook(file)
    tables = ("student", "assignment", "submitted_assignment")
    with closing(sqlite3.connect(file.absolute().as_uri() + "?mode=ro", uri=True)) as there:
        counts = [there.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables]  # noqa: S608
    return GradebookContents(*counts)


def _free_name(folder: Path, reason: str) -> Path:
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    words = re.sub(r"[^a-z0-9]+", "-", reason.lower()).strip("-") or "backup"
    name, number = f"gradebook-{stamp}-{words}", 1
    while (folder / f"{name}.db").exists():
        number += 1
        name = f"gradebook-{stamp}-{words}-{number}"
    return folder / f"{name}.db"


@contextmanager
def _failures(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as failure:
        raise GradebookFailure(
            f"The gradebook {file} cannot be copied ({failure}): close what is writing to it "
            "(formgrader, another nbgrader command), then run this again."
        ) from failure
