"""Files that go into students' homes: with the owner's rights, and over nothing of theirs.

A student may change anything in their home at any moment, links included. Therefore each folder is
opened relative to the one above without following a link, and a file is written under a temporary
name and then linked to its own, which fails if something is there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rudaux.adapters.storage.copy import FILE, FOLDER, NEW
from rudaux.domain.returning import HomePages, is_mark_of, leftover_of, part_name
from rudaux.errors import StorageFailure

_LARGEST = 100 * 1024**2
"""Bytes; no page is larger, so a larger file is not read to find out whose it is."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def look(home: Path, folder: str, names: Collection[str]) -> HomePages:
    """Return what is in a folder of a home; raise `StorageFailure` if it cannot be read."""
    with _in_words(folder), _opened(home, folder, make=False) as (inside, owned):
        if inside is None:
            return HomePages({}, owned)
        digests = {name: d for name in names if (d := _digest(inside, name)) is not None}
        found = (leftover_of(entry) for entry in _entries(inside))
        return HomePages(digests, owned, frozenset(left for left in found if left))


def put(home: Path, folder: str, name: str, content: bytes, replaces: Collection[str]) -> bool:
    """Write a page atomically, only over a file whose digest is in `replaces`.

    Returns False if something else is there. Raises `StorageFailure` if it cannot be written.
    """
    with _in_words(folder), _opened(home, folder, make=True) as (inside, owned):
        assert inside is not None  # noqa: S101 - it was made
        wanted = hashlib.sha256(content).hexdigest()
        _tidy(inside, name, {*replaces, wanted})
        if _digest(inside, name) == wanted:
            return True
        part = part_name(name, wanted, "part")
        _write_new(inside, part, content, 0o600 if owned else 0o644)
        try:
            # The student, at work there, may take the name again as soon as it is free.
            return _link(inside, part, name) or (
                _move_away(inside, name, replaces) and _link(inside, part, name)
            )
        finally:
            _unlink(inside, part)


# --- folders -------------------------------------------------------------------------------------


@contextmanager
def _opened(home: Path, folder: str, make: bool) -> Iterator[tuple[int | None, bool]]:
    """Open a folder of a home as its owner; also yield whether new files will be the owner's."""
    owner = home.stat()
    owned = os.geteuid() in {0, owner.st_uid}
    base = _open_home(home)
    inside = None
    try:
        with _acting_as(owner.st_uid, owner.st_gid):
            if base is None:
                base = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if os.fstat(base).st_uid != owner.st_uid:
                raise StorageFailure("their home has just changed its owner: run this again")
            inside = _go_down(base, folder.split("/"), make, owned)
            yield inside, owned
    finally:
        for descriptor in (inside, base):
            if descriptor is not None:
                os.close(descriptor)


def _open_home(home: Path) -> int | None:
    """Open a home as this account; None if only its owner may (NFS maps root to nobody)."""
    try:
        return os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        if os.geteuid() != 0:
            raise
        return None


@contextmanager
def _acting_as(uid: int, gid: int) -> Iterator[None]:
    """Drop root for the rights of a home's owner, so that the kernel allows only what is theirs.

    This applies to the whole process, so nothing else may run meanwhile.
    """
    if os.geteuid() != 0 or uid == 0:
        yield
        return
    group, groups = os.getegid(), os.getgroups()
    try:
        os.setgroups([])
        os.setegid(gid)
        os.seteuid(uid)
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def _go_down(base: int, parts: list[str], make: bool, owned: bool) -> int | None:
    """Open nested folders without following links; None if one is missing and not to be made."""
    current = os.dup(base)
    for depth, part in enumerate(parts, start=1):
        try:
            below = _step(current, part, make, owned)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                text = f"{'/'.join(parts[:depth])} in their home is not a folder"
                raise StorageFailure(f"{text}, and links are not followed") from error
            raise
        finally:
            os.close(current)
        if below is None:
            return None
        current = below
    return current


def _step(current: int, part: str, make: bool, owned: bool) -> int | None:
    try:
        return os.open(part, FOLDER, dir_fd=current)
    except FileNotFoundError:
        if not make:
            return None
    with suppress(FileExistsError):
        os.mkdir(part, 0o700, dir_fd=current)
    below = os.open(part, FOLDER, dir_fd=current)
    if not owned and os.fstat(below).st_uid == os.geteuid():
        os.fchmod(below, 0o755)  # else the student could not read what is in it
    return below


# --- files ---------------------------------------------------------------------------------------


def _digest(folder: int, name: str) -> str | None:
    """Return a file's SHA-256; "" for anything but a readable file, None if nothing is there."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            return ""
        with os.fdopen(os.open(name, FILE, dir_fd=folder), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return ""
            return hashlib.sha256(stream.read(_LARGEST)).hexdigest()
    except FileNotFoundError:
        return None
    except OSError:
        return ""  # a link that replaced it, or a file that even its owner may not read


def _write_new(folder: int, name: str, content: bytes, mode: int) -> None:
    """Write a new file; remove it if it cannot be written whole."""
    made = os.open(name, NEW, 0o600, dir_fd=folder)
    try:
        with os.fdopen(made, "wb") as out:
            os.fchmod(out.fileno(), mode)
            out.write(content)
            out.flush()
            os.fsync(out.fileno())  # a full disk sometimes shows only now
    except BaseException:
        _unlink(folder, name)
        raise


def _move_away(folder: int, name: str, ours: Collection[str]) -> bool:
    """Remove rudaux's own page; anything else stays, or is put back."""
    digest = _digest(folder, name)
    if digest is None:
        return True
    aside = part_name(name, digest, "old")
    if digest not in ours or _digest(folder, aside) is not None:
        return False
    try:
        os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=folder)
    except FileNotFoundError:
        return True
    if _digest(folder, aside) not in ours:  # it was changed just before
        _bring_back(folder, aside, name)
        return False
    _unlink(folder, aside)
    return True


def _bring_back(folder: int, aside: str, name: str) -> None:
    """Give a student's file its name back, or a similar one if that is taken."""
    for free in (name, *(f"{name}.kept{n}" for n in range(1, 10))):
        if _link(folder, aside, free):
            _unlink(folder, aside)
            return


def _tidy(folder: int, name: str, ours: Collection[str]) -> None:
    """Clean up after a killed run: remove its own parts, give a student's file its name back."""
    for entry in _entries(folder):
        left = leftover_of(entry)
        if not left or left[0] != name or not is_mark_of(left[1], ours):
            continue
        if entry.endswith("part") or _digest(folder, entry) in ours:
            _unlink(folder, entry)
        else:
            _bring_back(folder, entry, name)


def _entries(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _unlink(folder: int, name: str) -> None:
    """Remove a file; a folder that replaced it stays."""
    with suppress(FileNotFoundError, IsADirectoryError, PermissionError):
        os.unlink(name, dir_fd=folder)


def _link(folder: int, one: str, other: str) -> bool:
    """Give a file another name; return False if something already has it."""
    try:
        os.link(one, other, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return False
    return True


@contextmanager
def _in_words(folder: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            text = "their home is full"
        elif error.errno in _CLOSED:
            text = f"{folder} in their home cannot be written to"
        else:
            text = f"{folder} in their home cannot be used"
        raise StorageFailure(f"{text} ({error.strerror})") from error
