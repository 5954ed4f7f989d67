"""Folders on the file server: go down to a student's work, and tell a proof from a doubt."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from rudaux.config import SnapshotSettings
from rudaux.domain.collection import Absent, Located, Lookup, NotYet, Unreadable
from rudaux.domain.snapshots import snapshot_time
from rudaux.errors import StorageFailure


def look(
    base: Path, parts: Sequence[str], home: Path, snapshot: str | None, shared: int = 0
) -> Lookup:
    """Go down from `base`, following no symbolic link; the last part is the work's folder.

    So many of the first parts are `shared` by all assignments: a home without them may be lost.
    """
    where = f" in snapshot {snapshot}" if snapshot else ""
    folder = base
    for depth, part in enumerate(parts):
        folder = folder / part
        inside = "/".join(parts[: depth + 1])
        try:
            mode = folder.lstat().st_mode
        except FileNotFoundError:
            lost = f"their home has no {part}{where}" if depth < shared else ""
            lost = lost if _has_content(home) else f"their home is empty{where}"
            return Absent(f"no {inside}{where}", lost)
        if stat.S_ISLNK(mode):
            return Unreadable(f"{folder} is a symbolic link, which is never followed")
        if not stat.S_ISDIR(mode):
            return Unreadable(f"{folder} is not a folder")
    with os.scandir(folder):
        return Located(folder, snapshot)


def doubted(
    found: Lookup,
    settings: SnapshotSettings,
    folder: Path,
    names: Sequence[str],
    chosen: str,
    home: Sequence[str],
    rest: Sequence[str],
) -> Lookup:
    """Doubt that work is absent where the snapshot before has it: this one may be cut short.

    `home` and `rest` lead to the work from within a snapshot.
    """
    if not isinstance(found, Absent):
        return found
    taken = {name: at for name in names if (at := snapshot_time(settings, name)) is not None}
    before = [name for name, at in taken.items() if at < taken[chosen]]
    last = max(before, key=lambda name: taken[name], default="")
    if not last or not _had_more(folder / last, folder / chosen, home, rest):
        return found
    return Unreadable(
        f"{found.home or found.reason}, but snapshot {last} has files of theirs: if {chosen} was "
        "cut short, complete or remove it, and run this again; if they deleted everything, enter "
        "their grade in Canvas"
    )


def _had_more(before: Path, now: Path, home: Sequence[str], rest: Sequence[str]) -> bool:
    """Return whether the first folder that is gone, from the home down, had anything in it."""
    parts = (*home, *rest)
    for depth in range(len(home), len(parts) + 1):
        if not _filled(before.joinpath(*parts[:depth])):
            return False
        if not _filled(now.joinpath(*parts[:depth])):
            return True
    return False


def _filled(folder: Path) -> bool:
    try:
        return not folder.is_symlink() and _has_content(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False


def is_there(home: Path) -> bool:
    """Return whether a home exists; raise `OSError` if unknown, as for a dangling link."""
    try:
        home.lstat()
    except FileNotFoundError:
        return False
    home.stat()
    return True


def homes(folder: Path) -> Iterator[Path]:
    """Yield the folders that can be homes: not the file system's own."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.name != "lost+found" and entry.is_dir():
                yield Path(entry.path)


def list_homes(folder: Path) -> frozenset[str]:
    """Return the names of the homes in a folder; raise `StorageFailure` if it has none."""
    try:
        found = frozenset(home.name for home in homes(folder))
    except OSError as error:
        raise StorageFailure(
            f"{folder} cannot be read ({error.strerror}): mount the file server, or fix "
            "jupyterhub.storage_path in rudaux.toml"
        ) from error
    if not found:
        raise StorageFailure(
            f"{folder} contains no homes at all: mount the file server, or fix "
            "jupyterhub.storage_path in rudaux.toml"
        )
    return found


def any_home(folder: Path) -> bool:
    """Return whether a folder has any home in it."""
    return next(homes(folder), None) is not None


def all_empty(folder: Path) -> bool:
    """Return whether all homes are empty: then they are mount points, and prove nothing."""
    return not any(_has_content(home) for home in homes(folder))


def _has_content(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except PermissionError:
        return True


def folders(folder: Path) -> list[str]:
    """Return the names of the folders in a folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir()]


def choose(
    settings: SnapshotSettings, folder: Path, names: Sequence[str], deadline: datetime
) -> str | NotYet:
    """Return the earliest snapshot at or after the deadline."""
    taken = sorted((at, n) for n in names if (at := snapshot_time(settings, n)) is not None)
    if names and not taken:
        return NotYet(
            f"none of the names in {folder}, such as {min(names)}, contains a time that matches "
            "pattern and format: fix them in [jupyterhub.snapshots]"
        )
    for at, name in taken:
        if at >= deadline.astimezone(timezone.utc):
            return name
    newest = f"; the newest is {taken[-1][1]}" if taken else f"; {folder} is empty"
    local = deadline.astimezone(settings.timezone)
    return NotYet(f"no snapshot at or after {local:%Y-%m-%d %H:%M %Z} yet{newest}")
