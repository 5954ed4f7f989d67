"""Encode a submission as bytes for a worker, and what became of it for the way back."""

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
from rudaux.runtime.folders import remove, unpack
from rudaux.runtime.lines import line


def dump_settings(settings: GradingSettings, imports: Sequence[str] = ()) -> bytes:
    """Return [grading] for a worker: one submission at a time, and no scheduler.

    Each run has an id of its own: two courses may use the same worker.
    """
    told = asdict(replace(settings, jobs=1, scheduler=None))
    return json.dumps({"run": uuid4().hex, "grading": told, "imports": list(imports)}).encode()


def load_settings(data: bytes) -> tuple[GradingSettings, tuple[str, ...]]:
    """Return the [grading] and the imports that `dump_settings` wrote; lists become tuples.

    Keys that this rudaux does not know are of another version, which `look` reports.
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

    Names and ids stay here: a worker has no use for them.
    """
    files = io.BytesIO()
    with tarfile.open(fileobj=files, mode="w") as archive:
        pack(archive, job.folder)
    told = {"notebooks": dict(job.notebooks), "proof": job.proof}
    return json.dumps(told).encode(), files.getvalue()


@contextmanager
def load_job(told: bytes, files: bytes, scratch: Path) -> Generator[Job]:
    """Unpack a submission into a folder of its own under `scratch` while it runs."""
    folder = Path(tempfile.mkdtemp(prefix="submission-", dir=scratch))
    try:
        with tarfile.open(fileobj=io.BytesIO(files)) as archive:
            unpack(archive, folder)
        yield Job("", "", folder=folder, **json.loads(told))
    finally:
        remove(folder)


def dump_execution(done: Execution) -> bytes:
    """Write what became of a submission, in the lines of a box's report."""
    parts = []
    for name, cells in done.cells.items():
        parts.append(line(notebook=name))
        parts += [
            line(cell=[cell.index, cell.execution_count, list(cell.outputs), cell.seconds or 0.0])
            for cell in cells
        ]
    # The image comes first, because nothing after the verdict is read.
    parts.append(line(verdict=done.verdict, reason=done.reason, seconds=done.seconds))
    return json.dumps({"image": done.image}).encode() + b"\n" + b"".join(parts)


def load_execution(job: Job, said: bytes) -> Execution:
    """Read a worker's answer, trusting it no more than a box's report."""
    head, _, rest = said.partition(b"\n")
    report = Report(job)
    report.take(rest)
    try:
        image = str(json.loads(head)["image"])
    except (ValueError, KeyError, TypeError):
        image = ""
    return replace(report.execution("its worker's answer is cut off"), image=image)
