"""The folders of a submission: made before its code runs, removed afterwards."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO


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
