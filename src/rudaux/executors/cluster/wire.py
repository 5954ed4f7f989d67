"""A submission as bytes on its way to a worker, and what became of it on the way back."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from rudaux.config import GradingSettings
from rudaux.domain.execution import Execution, Job
from rudaux.executors.packing import pack
from rudaux.executors.report import Report
from rudaux.runtime.folders import remove
from rudaux.runtime.lines import line


def dump_settings(settings: GradingSettings, imports: Sequence[str] = ()) -> bytes:
    """Return [grading] for a worker: one submission at a time, and no scheduler of its own.

    Each run has its own: two courses may use one worker.
    """
    told = asdict(replace(settings, jobs=1, scheduler=None))
    return json.dumps({"run": uuid4().hex, "grading": told, "imports": list(imports)}).encode()


def load_settings(data: bytes) -> tuple[GradingSettings, tuple[str, ...]]:
    """Return [grading] and the imports that `dump_settings` wrote; a list there is a tuple here.

    Keys that this rudaux does not know are another version's, and `look` tells of it.
    """
    message = json.loads(data)
    told: dict[str, Any] = message["grading"]
    known = {field.name for field in fields(GradingSettings)}
    values: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in told.items() if k in known
    }
    return GradingSettings(**values), tuple(message["imports"])


def dump_job(job: Job) -> tuple[bytes, bytes]:
    """Return the notebooks of a submission, and its other files as a tar file.

    Nobody's name or id goes along: a worker has no use for it.
    """
    files = io.BytesIO()
    with tarfile.open(fileobj=files, mode="w") as archive:
        pack(archive, job.folder)
    return json.dumps(dict(job.notebooks)).encode(), files.getvalue()


@contextmanager
def load_job(notebooks: bytes, files: bytes, scratch: Path) -> Generator[Job]:
    """Lay out a submission in a folder of its own under `scratch` while it runs."""
    folder = Path(tempfile.mkdtemp(prefix="submission-", dir=scratch))
    try:
        with tarfile.open(fileobj=io.BytesIO(files)) as archive:
            archive.extractall(folder)  # noqa: S202 - packed by rudaux: files and folders only
        yield Job("", "", json.loads(notebooks), folder)
    finally:
        remove(folder)


def dump_execution(done: Execution) -> bytes:
    """Write what became of a submission in the lines that a box would report it with."""
    parts = []
    for name, cells in done.cells.items():
        parts.append(line(notebook=name))
        parts += [
            line(cell=[cell.index, cell.execution_count, list(cell.outputs), cell.seconds or 0.0])
            for cell in cells
        ]
    # The image goes ahead of the verdict: nothing is read after that.
    parts.append(line(verdict=done.verdict, reason=done.reason, seconds=done.seconds))
    return json.dumps({"image": done.image}).encode() + b"\n" + b"".join(parts)


def load_execution(job: Job, said: bytes) -> Execution:
    """Read what a worker answered with no more trust than what a box says."""
    head, _, rest = said.partition(b"\n")
    report = Report(job)
    report.take(rest)
    try:
        image = str(json.loads(head)["image"])
    except (ValueError, KeyError, TypeError):
        image = ""
    return replace(report.execution("a worker's answer has no end"), image=image)
