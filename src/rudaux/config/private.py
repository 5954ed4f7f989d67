"""Folders and files that no other account of the machine may read, whatever the umask."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_OTHERS = 0o077


@dataclass(frozen=True)
class Rights:
    """The modes that folders and files have."""

    folder: int = 0o700
    file: int = 0o600


PRIVATE = Rights()


def exists(path: Path) -> bool:
    """Return whether a file or folder is there; raise `OSError` if that is unknown.

    `Path.exists` returns False from Python 3.14 on, even where access is denied.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def make_folder(folder: Path, rights: Rights = PRIVATE) -> None:
    """Make a folder and what is missing above it; one that is there stays as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent, rights)
    folder.mkdir(mode=PRIVATE.folder, exist_ok=True)
    if rights.folder != PRIVATE.folder:
        folder.chmod(rights.folder)


def create_file(file: Path, rights: Rights = PRIVATE) -> None:
    """Make an empty file, or fix the mode of one that exists: what writes to it keeps its mode.

    SQLite, too, gives the files beside a database the database's own mode.
    """
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE.file)
    except FileExistsError:
        _set_right(file, rights.file)
        return
    with os.fdopen(made, "wb"):
        if rights.file != PRIVATE.file:
            os.fchmod(made, rights.file)


def set_aside(file: Path) -> Path:
    """Rename a file to `.old`, `.old2` and so on, the first name that is free; return its path."""
    names = (f"{file.name}.old{n}" for n in itertools.chain([""], itertools.count(2)))
    kept = next(path for path in map(file.with_name, names) if not path.exists())
    return file.rename(kept)


def set_right(folder: Path, rights: Rights = PRIVATE) -> None:
    """Fix the mode of a folder, and, where it was wrong, of all that is in it.

    Nobody gets past a closed folder. So its content is walked once, as it is closed, and not on
    every run: it may be the files of thousands of students.
    """
    if folder.is_dir() and _set_right(folder, rights.folder):
        for path in _tree(folder):
            _set_right(path, rights.folder if path.is_dir() else rights.file)


def make_rudaux_folder(folder: Path) -> Path:
    """Make .rudaux in a course folder, which neither git nor other accounts ever see; return it."""
    make_folder(folder)
    set_right(folder)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        create_file(ignore)
        ignore.write_text("*\n")
    for path in folder.iterdir():  # the ledger and some folders: few enough to look at each time
        if not path.is_symlink():
            _set_right(path, PRIVATE.folder if path.is_dir() else PRIVATE.file)
    return folder


def others_can_enter(folder: Path) -> bool:
    """Return whether accounts that are neither the owner nor in the group get into a folder."""
    folder = folder.resolve()
    passable = all(above.stat().st_mode & stat.S_IXOTH for above in folder.parents)
    return passable and bool(folder.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH))


def _set_right(path: Path, mode: int) -> bool:
    """Set what others may do; return whether that changed.

    The owner's own rights are only ever extended, and only where others have them. A path of
    another account stays as it is: its owner's next run fixes it.
    """
    with suppress(OSError):
        found = stat.S_IMODE(path.stat().st_mode)
        wanted = found & ~_OTHERS | (mode if mode & _OTHERS else 0)
        if found != wanted:
            path.chmod(wanted)
            # Some file systems accept every mode and keep their own.
            return stat.S_IMODE(path.stat().st_mode) == wanted
    return False


def _tree(folder: Path) -> Iterator[Path]:
    """Yield everything in a folder except links."""
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            if not path.is_symlink():
                yield path
