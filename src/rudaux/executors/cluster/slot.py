"""What runs on a worker: a check of what it has, and one submission at a time for each thread.

The functions take bytes and return bytes, so that only their names are pickled.
"""

from __future__ import annotations

import json
import platform
import tempfile
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import rudaux
from rudaux.domain.execution import Execution, Job
from rudaux.errors import ExecutorFailure, RudauxError
from rudaux.executors import Places, open_executor
from rudaux.executors.cluster.wire import dump_execution, load_job, load_settings

if TYPE_CHECKING:
    from rudaux.executors.forking import Pool

_IDLE = 600.0
"""Seconds after which the next run closes what a killed one has left open."""


@runtime_checkable
class _Forking(Protocol):
    """An executor whose fork server is worth keeping from one submission to the next."""

    def pool(self, imports: Sequence[str]) -> AbstractContextManager[Pool]: ...


class _Slot:
    """An executor of one submission at a time, with a folder that no other slot cleans up."""

    def __init__(self, told: bytes) -> None:
        self.busy = threading.Lock()
        self.over = False
        self.used = time.monotonic()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="rudaux-")))
        self.jobs = folder / "jobs"
        self.jobs.mkdir()
        self.pool: Pool | None = None
        places = Places(folder, folder, folder / "scratch")
        settings, self.imports = load_settings(told)
        self.executor = open_executor(settings, places)

    def work(self, job: Job) -> Execution:
        """Run a submission; the first one starts the process that the others are forked from."""
        if self.pool is None and isinstance(self.executor, _Forking):
            self.pool = self.stack.enter_context(self.executor.pool(self.imports))
        if self.over:  # closed while the pool was being made, when there was none to stop
            raise ExecutorFailure("its run is over")
        jobs = iter([job])
        done = self.executor.run(jobs) if self.pool is None else self.pool.work(jobs)
        return next(done)

    def close(self) -> None:
        """Stop it and what it runs: its submission then fails, and `run` closes the rest."""
        self.over = True
        if self.busy.acquire(blocking=False):
            self.stack.close()
        elif self.pool is not None:
            self.pool.stop()


_SLOTS: dict[tuple[int, bytes], _Slot] = {}
"""By thread (Dask runs one task at a time in each) and by run of rudaux."""
_OVER: deque[bytes] = deque(maxlen=1000)
"""Runs that have ended: what is still queued for them is not started."""


def run(told: bytes, notebooks: bytes, files: bytes) -> bytes:
    """Run one submission; whatever goes wrong here is a failure of ours, never a score."""
    key = (threading.get_ident(), told)
    try:
        if told in _OVER:
            raise ExecutorFailure("its run is over")
        slot = _SLOTS.get(key) or _open(key)
        with slot.busy, load_job(notebooks, files, slot.jobs) as job:
            done = slot.work(job)
        slot.used = time.monotonic()
        if _SLOTS.get(key) is not slot:  # its run has ended meanwhile
            slot.close()
    except (RudauxError, OSError) as error:
        done = Execution(Job("", "", {}, Path()), "failed", str(error))
    return dump_execution(done)


def _open(key: tuple[int, bytes]) -> _Slot:
    for other, slot in list(_SLOTS.items()):
        if slot.used < time.monotonic() - _IDLE:
            _SLOTS.pop(other, slot).close()
    _SLOTS[key] = slot = _Slot(key[1])
    return slot


def close(told: bytes) -> bytes:
    """Close what was kept for a run that is over, and stop what it still runs."""
    _OVER.append(told)
    for key in [key for key in list(_SLOTS) if key[1] == told]:
        if slot := _SLOTS.pop(key, None):
            slot.close()
    return b""


def look(told: bytes, kernels: bytes) -> bytes:
    """Return what a worker has, and, if it cannot run submissions, why."""
    said: dict[str, object] = {"rudaux": rudaux.__version__, "python": platform.python_version()}
    slot = None
    try:
        slot = _Slot(told)
        slot.executor.check(json.loads(kernels))
        said["image"] = getattr(slot.executor, "image", "")
    except (RudauxError, OSError) as error:
        said["lacks"] = str(error)
    finally:
        if slot is not None:
            slot.close()
    said["packages"] = {d.metadata["Name"]: d.version for d in metadata.distributions()}
    return json.dumps(said).encode()
