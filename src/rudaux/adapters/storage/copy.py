"""Copying a student's folder: no link is followed, nothing is half done, nothing is too large."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from rudaux.config.private import PRIVATE, Rights, make_folder
from rudaux.domain.collection import TIME_FILE, Copied, Kept, printable_name
from rudaux.errors import StorageFailure

LITTER = frozenset({".ipynb_checkpoints", ".git", "__pycache__", ".DS_Store"})
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO that replaced a file would block for ever.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Limits:
    """How large a submission may be: bytes per file and in total, entries, depth of folders."""

    file: int = 100 * 1024**2
    total: int = 500 * 1024**2
    entries: int = 5000
    depth: int = 40


@dataclass
class _Progress:
    """What was copied so far; `files` has the digest of each file by its relative path."""

    limits: Limits
    source: Path
    rights: Rights = PRIVATE
    files: dict[str, bytes] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    entries: int = 0
    total: int = 0
    needed: Collection[str] = ()
    times: dict[str, float] = field(default_factory=dict)

    def skip(self, relative: str, reason: str) -> None:
        """Note a file that is left out.

        Raises `StorageFailure` for a needed file: without it the work would look incomplete.
        """
        if relative in self.needed:
            raise StorageFailure(
                f"{self.source / relative} cannot be collected ({reason}): ask the student to save "
                "it as an ordinary file without outputs, then collect again"
            )
        self.skipped.append(f"{printable_name(relative)}: {reason}")

    def check(self, depth: int = 0) -> None:
        """Raise `StorageFailure` if the folder is larger than any homework."""
        limits = self.limits
        if self.entries > limits.entries:
            excess = f"more than {limits.entries} files"
        elif self.total > limits.total:
            excess = f"more than {_megabytes(limits.total)}"
        elif depth > limits.depth:
            excess = f"folders nested more than {limits.depth} deep"
        else:
            return
        raise StorageFailure(
            f"{self.source} has {excess}: ask the student to remove what is not part of the "
            "homework, then collect again"
        )


def copy_folder(
    base: Path,
    parts: Sequence[str],
    destination: Path,
    limits: Limits,
    needed: Collection[str] = (),
    rights: Rights = PRIVATE,
) -> Copied:
    """Copy `base`/`parts` to `destination`, atomically: it is replaced whole or not at all.

    Links are followed up to `base` and nowhere below it. Modes are those of `rights`, modification
    times are kept. Raises `StorageFailure`, also if a `needed` file exists and cannot be copied.
    """
    progress = _Progress(limits, base.joinpath(*parts), rights, needed=needed)
    part = _sibling(destination, "part")
    try:
        make_folder(destination.parent, rights)
        _clear_leftovers(destination)
        source = _open_below(base, parts)
        try:
            make_folder(part, rights)
            started = os.fstat(source).st_mtime
            _copy_level(source, part, "", progress, 0)
        finally:
            os.close(source)
        _put_in_place(part, destination)
    except OSError as error:
        which = printable_name(str(error.filename or progress.source))
        raise StorageFailure(
            f"{progress.source} cannot be copied to {destination} ({which}: "
            f"{error.strerror}): check that this account may read the one and write the other, and "
            "that the disk is not full"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    # A student can set these times: one in the future says nothing about when they handed in.
    newest = max(progress.times.values(), default=started)
    return Copied(
        _moment(newest),
        _digest(progress.files),
        tuple(sorted(progress.skipped)),
        tuple((name, _moment(at)) for name, at in progress.times.items()),
    )


def look_at(folder: Path) -> Kept | None:
    """Hash what `copy_folder` copied, as it is now; follows no link."""
    if not folder.is_dir():
        return None
    files: dict[str, bytes] = {}
    try:
        for path, names, found in os.walk(folder, onerror=_refuse):
            names[:] = [n for n in names if n not in LITTER]
            for name in found:
                file = Path(path, name)
                relative = file.relative_to(folder).as_posix()
                if name not in LITTER and relative != TIME_FILE and not file.is_symlink():
                    files[relative] = _hashed(file)
    except OSError as error:
        raise StorageFailure(
            f"{error.filename or folder} cannot be read ({error.strerror}): check who owns it"
        ) from error
    return Kept(tuple(sorted(files)), _digest(files))


def _hashed(file: Path) -> bytes:
    whole = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1024**2):
            whole.update(chunk)
    return whole.digest()


def _refuse(error: OSError) -> None:
    raise error


def _moment(modified: float) -> datetime:
    return datetime.fromtimestamp(min(max(modified, 0.0), time.time()), timezone.utc)


def _open_below(base: Path, parts: Sequence[str]) -> int:
    current = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in parts:
        try:
            below = os.open(part, FOLDER, dir_fd=current)
        finally:
            os.close(current)
        current = below
    return current


def _copy_level(source: int, target: Path, prefix: str, progress: _Progress, depth: int) -> None:
    """Copy one folder, given as a file descriptor, into an existing one, recursively."""
    progress.check(depth)
    with os.scandir(source) as entries:
        names = sorted(entry.name for entry in entries if entry.name not in LITTER)
    progress.entries += len(names)
    progress.check()
    for name in names:
        relative = f"{prefix}{name}"
        try:
            mode = os.stat(name, dir_fd=source, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                below = os.open(name, FOLDER, dir_fd=source)
                try:
                    make_folder(target / name, progress.rights)
                    _copy_level(below, target / name, f"{relative}/", progress, depth + 1)
                finally:
                    os.close(below)
            elif stat.S_ISREG(mode):
                _copy_file(source, name, target / name, relative, progress)
            else:
                progress.skip(relative, _kind(mode))
        except FileNotFoundError:
            progress.skip(relative, "removed while it was being copied")
        except OSError as error:
            if error.filename == name:
                error.filename = str(progress.source / relative)
            raise


def _copy_file(source: int, name: str, target: Path, relative: str, progress: _Progress) -> None:
    reading = os.open(name, FILE, dir_fd=source)
    with os.fdopen(reading, "rb") as stream:
        found = os.fstat(reading)
        if not stat.S_ISREG(found.st_mode):
            progress.skip(relative, _kind(found.st_mode))
            return
        if found.st_size > progress.limits.file:
            progress.skip(relative, f"larger than {_megabytes(progress.limits.file)}")
            return
        hashed = hashlib.sha256()
        with os.fdopen(os.open(target, NEW, PRIVATE.file), "wb") as out:
            if progress.rights.file != PRIVATE.file:
                os.fchmod(out.fileno(), progress.rights.file)
            left = found.st_size  # what is appended meanwhile is not part of the submission
            while left and (chunk := stream.read(min(left, 1024**2))):
                left -= len(chunk)
                progress.total += len(chunk)
                progress.check()
                hashed.update(chunk)
                out.write(chunk)
            out.flush()
            os.utime(out.fileno(), ns=(found.st_mtime_ns, found.st_mtime_ns))
    progress.files[relative] = hashed.digest()
    progress.times[relative] = found.st_mtime


def _put_in_place(part: Path, destination: Path) -> None:
    """Swap in the finished copy; the old one is removed only afterwards."""
    old = _sibling(destination, "old")
    replaces = os.path.lexists(destination)
    if replaces:
        destination.rename(old)
    try:
        part.rename(destination)
    except BaseException:
        if replaces:
            old.rename(destination)
        raise
    if replaces:
        _remove(old)


def _sibling(destination: Path, kind: str) -> Path:
    return destination.with_name(f".{destination.name}.{uuid.uuid4().hex[:12]}.{kind}")


def _clear_leftovers(destination: Path) -> None:
    """Clean up after a killed run: put an old copy back if nothing has replaced it."""
    prefix = f".{destination.name}."
    for path in sorted(destination.parent.iterdir()):
        if path.name.startswith(prefix) and path.name.endswith(".old"):
            if os.path.lexists(destination):
                _remove(path)
            else:
                path.rename(destination)
        elif path.name.startswith(prefix) and path.name.endswith(".part"):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISLNK, "symbolic link"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"))
    return next((name for test, name in kinds if test(mode)), "not a file")


def _digest(files: dict[str, bytes]) -> str:
    """Hash names and contents; each has a known length or ends with a zero byte."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(os.fsencode(name) + b"\0" + files[name])
    return whole.hexdigest()


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:g} MB"
