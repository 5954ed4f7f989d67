"""The folders of a submission: made before its code runs, removed afterwards; their disk."""

from __future__ import annotations

import errno
import os
import shutil
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

ROOM = 1 << 20
"""Bytes of disk that starting a kernel may need."""


def lay_out(files: IO[bytes], folder: str | None = None) -> Path:
    """Make the folders of a submission from a tar file that rudaux packed.

    Without `folder`, a temporary one is made.
    """
    made = Path(folder or tempfile.mkdtemp(prefix="submission-"))
    for name in ("work", "home", "tmp", "run"):
        (made / name).mkdir(mode=0o700)
    with tarfile.open(fileobj=files, mode="r|") as archive:
        unpack(archive, made / "work")
    return made


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpack what rudaux has packed: files and folders only, with the modes that it gave them."""
    # Said here because Python's default changes: 3.12 warns, and 3.14 sets modes of its own.
    archive.extraction_filter = lambda entry, _: entry
    archive.extractall(folder)  # noqa: S202 - see above


def remove(folder: Path) -> None:
    """Remove a folder, whatever permissions student code has set inside."""
    for parent, names, _ in os.walk(folder):
        for name in names:
            inside = Path(parent, name)
            if not inside.is_symlink():
                with suppress(OSError):
                    inside.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def is_full(folder: Path | str) -> bool:
    """Return whether the disk of a folder has no room left for anything to run on it."""
    disk = os.statvfs(folder)
    # A file system without blocks tells no size.
    return disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < ROOM


def ran_out(error: BaseException) -> bool:
    """Return whether something went wrong because a disk, or a quota on it, is used up."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def shows_ran_out(output: Any) -> bool:
    """Return whether a cell's output is the error of code that found its disk full."""
    told = str(output.get("evalue", "")) if output.get("output_type") == "error" else ""
    return any(os.strerror(code) in told for code in (errno.ENOSPC, errno.EDQUOT))


def why_full(folder: Path | str) -> str:
    """Return that the disk of a folder is full, and what to do."""
    return f"the disk of {folder} is full: free some space there, then grade this again"
