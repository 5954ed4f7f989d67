"""The gradebook's backups: their names, which of them are kept, and what they contain."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from rudaux.config import BackupSettings
from rudaux.config.private import create_file, make_folder
from rudaux.domain.roster import GradebookContents
from rudaux.errors import GradebookFailure, UsageError

_RUN = re.compile(r"-run-(\d+)(?:-\d+)?\.(?:db|dump)$")
CELLS = ("notebook", "base_cell", "grade_cells", "task_cells")
"""The tables whose rows `GradebookContents.cells` counts."""
_HEAD = 100
"""Bytes at the start of a copy with a change counter (SQLite) or the time (PostgreSQL)."""


class Copier(Protocol):
    """How a database of one kind is copied to a file and restored from it."""

    @property
    def suffix(self) -> str:
        """The suffix of a copy's name."""

    @property
    def name(self) -> str:
        """The database's name in messages."""

    def there(self) -> bool:
        """Return whether there is anything to copy."""

    def copy(self, target: Path) -> None:
        """Copy the database into an empty file, consistently; copy a damaged one as it is."""

    def put_back(self, backup: Path) -> None:
        """Restore the database from the backup, or leave it unchanged."""

    def damage(self, copy: Path) -> str:
        """Return what is broken in a copy, as it is in the database; "" if nothing is."""

    def contents(self, backup: Path | None = None) -> GradebookContents:
        """Count what is in a backup, or in the database; raise `UsageError` for no gradebook."""


def back_up(copier: Copier, folder: Path, reason: str) -> Path:
    """Copy the database to `folder`/gradebook-<UTC stamp>-<reason> and return that path."""
    if not copier.there():
        raise GradebookFailure(
            f"there is no gradebook {copier.name} to back up yet: `rudaux init` makes one"
        )
    copy = _free_name(folder, reason, copier.suffix)
    make_folder(copy.parent)
    partial = copy.with_suffix(".partial")
    create_file(partial)
    try:
        copier.copy(partial)
        partial.rename(copy)
    finally:
        partial.unlink(missing_ok=True)
    return copy


def keep(copier: Copier, folder: Path, run: int, settings: BackupSettings) -> None:
    """Copy the database for `run` unless the newest such copy is the same; drop old ones.

    Raise `GradebookFailure` for a damaged one: it may show other marks, and its copies would take
    the place of good ones.
    """
    for cut_short in folder.glob("gradebook-*.partial"):  # no other run is at work on the course
        cut_short.unlink()
    before = _copies(folder)
    copy = back_up(copier, folder, f"run-{run}")
    if broken := copier.damage(copy):
        copy.unlink()
        good = next((str(c) for c in reversed(before) if not copier.damage(c)), "FILE")
        raise GradebookFailure(
            f"the gradebook {copier.name} is damaged ({broken}), so nothing is graded or pushed: "
            f"`rudaux gradebook restore {good}` puts the newest good backup in its place"
        )
    if before and _same(before[-1], copy):
        copy.unlink()
    copies = _copies(folder)
    last_of_day = {copy.name.split("T")[0]: copy for copy in copies}
    runs = sorted({_run(copy) for copy in copies})[-settings.runs :]
    days = {last_of_day[day] for day in sorted(last_of_day)[-settings.days :]}
    for copy in copies:
        if _run(copy) not in runs and copy not in days:
            copy.unlink()


def newest(copier: Copier, folder: Path, cells: bool) -> Path | None:
    """Return the newest backup of any kind with more submissions than now, or with more cells."""

    def held(copy: Path | None = None) -> int:
        contents = copier.contents(copy)
        return contents.cells if cells else contents.submissions

    try:
        now = held()
    except UsageError:
        now = 0
    for copy in sorted(folder.glob(f"gradebook-*{copier.suffix}"), key=_stamp, reverse=True):
        with suppress(UsageError):
            if held(copy) > now:
                return copy
    return None


def _same(one: Path, other: Path) -> bool:
    """Return whether two copies have the same contents."""
    return (
        one.stat().st_size == other.stat().st_size
        and one.read_bytes()[_HEAD:] == other.read_bytes()[_HEAD:]
    )


def _copies(folder: Path) -> list[Path]:
    """Return the copies that `keep` made, the oldest first."""
    return sorted((p for p in folder.glob("gradebook-*") if _RUN.search(p.name)), key=_stamp)


def _run(copy: Path) -> int:
    found = _RUN.search(copy.name)
    return int(found[1]) if found else 0


def _stamp(copy: Path) -> tuple[str, int, str]:
    return copy.name.split("-")[1], _run(copy), copy.name


def _free_name(folder: Path, reason: str, suffix: str) -> Path:
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    words = re.sub(r"[^a-z0-9]+", "-", reason.lower()).strip("-") or "backup"
    name, number = f"gradebook-{stamp}-{words}", 1
    while (folder / f"{name}{suffix}").exists():
        number += 1
        name = f"gradebook-{stamp}-{words}-{number}"
    return folder / f"{name}{suffix}"
