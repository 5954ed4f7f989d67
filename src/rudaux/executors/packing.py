"""Pack the files beside a submission's notebooks into a tar file for a box."""

from __future__ import annotations

import tarfile
from pathlib import Path

from rudaux.config import GradingSettings
from rudaux.domain.execution import Job
from rudaux.executors.request import read_memory


def too_large(job: Job, settings: GradingSettings) -> str:
    """Return why a submission does not fit into its scratch space; empty if it does."""
    files = (path for path in job.folder.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(map(len, job.notebooks.values())) + sum(path.stat().st_size for path in files)
    room = read_memory(settings.scratch)
    if size <= room:
        return ""
    return (
        f"its files take {size >> 20} MB, and grading.scratch allows {room >> 20} MB: raise the "
        "limit, or ask the student to hand in without the large files"
    )


def pack(files: tarfile.TarFile, folder: Path) -> None:
    """Pack regular files and folders; leave out links and devices."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            continue
        entry = files.gettarinfo(path, name)
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mode = 0o700 if path.is_dir() else 0o600 | (entry.mode & 0o100)
        if path.is_dir():
            files.addfile(entry)
        else:
            entry.type = tarfile.REGTYPE  # a hard link becomes a file of its own
            with path.open("rb") as content:
                files.addfile(entry, content)
