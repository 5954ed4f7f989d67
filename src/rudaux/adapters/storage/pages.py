"""Files that go into students' homes: as their owner, through no link, over nothing of theirs.

A student may change anything in their home at any moment, links included. Folders are therefore
opened one in the other, each without following a link, and files are made under a new name first
and then linked to theirs, which fails where something is there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rudaux.domain.returning import HomePages
from rudaux.errors import StorageFailure

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO that took a file's place would wait for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LARGEST = 100 * 1024**2
"""Bytes; no page is larger, and no larger file is read through to know whose it is."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def look(home: Path, folder: str, names: Collection[str]) -> HomePages:
    """Look what stands in a folder of a home; raises `StorageFailure` where that cannot be told."""
    with _in_words(folder), _opened(home, folder, make=False) as (inside, owned):
        if inside is None:
            return HomePages({}, owned)
        digests = {name: d for name in names if (d := _digest(inside, name)) is not None}
        left = {of for entry in os.listdir(inside) if (of := _left_of(entry)) in names}
        return HomePages(digests, owned, frozenset(left))


def put(home: Path, folder: str, name: str, content: bytes, replaces: Collection[str]) -> bool:
    """Write a page whole or not at all, over files with a digest in `replaces` alone.

    False: something else is there. Raises `StorageFailure` where it cannot be written.
    """
    with _in_words(folder), _opened(home, folder, make=True) as (inside, owned):
        assert inside is not None  # noqa: S101 - it was made
        wanted = hashlib.sha256(content).hexdigest()
        _tidy(inside, name, content, {*replaces, wanted})
        if _digest(inside, name) == wanted:
            return True
        part = _write_part(inside, name, content, 0o600 if owned else 0o644)
        try:
            return _place(inside, part, name, replaces)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(part, dir_fd=inside)


# --- folders -------------------------------------------------------------------------------------


@contextmanager
def _opened(home: Path, folder: str, make: bool) -> Iterator[tuple[int | None, bool]]:
    """Open a folder of a home as its owner; also say whether what is made there is the owner's."""
    owner = home.stat()
    owned = os.geteuid() in {0, owner.st_uid}
    base = _open_home(home)
    inside = None
    try:
        with _acting_as(owner.st_uid, owner.st_gid):
            if base is None:
                base = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if os.fstat(base).st_uid != owner.st_uid:
                raise StorageFailure("their home changed its owner just now: run this again")
            inside = _go_down(base, folder.split("/"), make, owned)
            yield inside, owned
    finally:
        for descriptor in (inside, base):
            if descriptor is not None:
                os.close(descriptor)


def _open_home(home: Path) -> int | None:
    """Open a home as who we are; None where only its owner may (NFS takes root for nobody)."""
    try:
        return os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        if os.geteuid() != 0:
            raise
        return None


@contextmanager
def _acting_as(uid: int, gid: int) -> Iterator[None]:
    """Give up root for the rights of a home's owner: the kernel then allows what is theirs alone.

    It holds for the whole process, so that nothing else may be at work meanwhile.
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
    """Open folder in folder, following no link; None where one is not there and is not made."""
    current = os.dup(base)
    for depth, part in enumerate(parts, start=1):
        try:
            below = _step(current, part, make, owned)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                text = f"{'/'.join(parts[:depth])} in their home is no folder"
                raise StorageFailure(f"{text}, and no link is followed") from error
            raise
        finally:
            os.close(current)
        if below is None:
            return None
        current = below
    return current


def _step(current: int, part: str, make: bool, owned: bool) -> int | None:
    try:
        return os.open(part, _FOLDER, dir_fd=current)
    except FileNotFoundError:
        if not make:
            return None
    with suppress(FileExistsError):
        os.mkdir(part, 0o700, dir_fd=current)
    below = os.open(part, _FOLDER, dir_fd=current)
    if not owned and os.fstat(below).st_uid == os.geteuid():
        os.fchmod(below, 0o755)  # else the student could not read what is in it
    return below


# --- files ---------------------------------------------------------------------------------------


def _digest(folder: int, name: str) -> str | None:
    """Return a file's SHA-256; "" for what is no readable file, None where nothing is there."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            return ""
        with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return ""
            return hashlib.sha256(stream.read(_LARGEST)).hexdigest()
    except FileNotFoundError:
        return None
    except OSError:
        return ""  # a link that took its place, or a file that even its owner may not read


def _write_part(folder: int, name: str, content: bytes, mode: int) -> str:
    """Write the page beside its place; a file that cannot be written whole is not left."""
    part = f".{name}.{uuid.uuid4().hex[:12]}.rudaux-part"
    made = os.open(part, _NEW, 0o600, dir_fd=folder)
    try:
        with os.fdopen(made, "wb") as out:
            os.fchmod(out.fileno(), mode)
            out.write(content)
            out.flush()
            os.fsync(out.fileno())  # a full disk is sometimes told only now
    except BaseException:
        with suppress(OSError):
            os.unlink(part, dir_fd=folder)
        raise
    return part


def _place(folder: int, part: str, name: str, replaces: Collection[str]) -> bool:
    """Give the finished page its name; what is there is first moved aside, and looked at again."""
    for _ in range(2):
        try:
            _link(folder, part, name)
        except FileExistsError:
            if not _move_away(folder, name, replaces):
                return False
        else:
            return True
    return False


def _move_away(folder: int, name: str, ours: Collection[str]) -> bool:
    """Remove a page of rudaux's own; anything else stays, or comes back."""
    if _digest(folder, name) not in ours:
        return False
    aside = f".{name}.{uuid.uuid4().hex[:12]}.rudaux-old"
    with suppress(FileNotFoundError):
        os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=folder)
        if _digest(folder, aside) not in ours:
            _bring_back(folder, aside, name)
            return False
        os.unlink(aside, dir_fd=folder)
    return True


def _bring_back(folder: int, aside: str, name: str) -> None:
    """Give a file of the student's its name back; where that is taken, nothing is lost."""
    with suppress(FileExistsError, FileNotFoundError, IsADirectoryError, PermissionError):
        _link(folder, aside, name)
        os.unlink(aside, dir_fd=folder)


def _tidy(folder: int, name: str, content: bytes, ours: Collection[str]) -> None:
    """Undo what a killed run left of this page: its own parts go, a student's file comes back."""
    for entry in os.listdir(folder):
        if _left_of(entry) != name:
            continue
        digest = _digest(folder, entry)
        if digest in ours or (entry.endswith("part") and _begins(folder, entry, content)):
            with suppress(FileNotFoundError):
                os.unlink(entry, dir_fd=folder)
        elif entry.endswith("old"):
            _bring_back(folder, entry, name)


def _begins(folder: int, entry: str, content: bytes) -> bool:
    """Whether a file holds the beginning of the page, or nothing."""
    with suppress(OSError), os.fdopen(os.open(entry, _FILE, dir_fd=folder), "rb") as stream:
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return content.startswith(stream.read(len(content) + 1))
    return False


def _left_of(entry: str) -> str:
    """Return which page a file in the making belongs to; "" for any other file."""
    for end in (".rudaux-part", ".rudaux-old"):
        if entry.startswith(".") and entry.endswith(end):
            return entry[1:].removesuffix(end)[:-13]
    return ""


def _link(folder: int, one: str, other: str) -> None:
    os.link(one, other, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)


@contextmanager
def _in_words(folder: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            text = "their home is full"
        elif error.errno in _CLOSED:
            text = f"{folder} in their home cannot be written"
        else:
            text = f"{folder} in their home cannot be used"
        raise StorageFailure(f"{text} ({error.strerror})") from error
