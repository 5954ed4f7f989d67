"""The `process` executor: several submissions at a time, each under its own supervisor."""

from __future__ import annotations

import importlib.util
import json
import os
import selectors
import shutil
import tempfile
import time
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rudaux.config import GradingSettings
from rudaux.config.private import make_folder
from rudaux.domain.execution import Execution, Job
from rudaux.errors import ExecutorFailure
from rudaux.executors.process.host import ForkServer, Lost
from rudaux.executors.report import Report
from rudaux.executors.request import patience, read_memory, request
from rudaux.runtime import limits as bounds
from rudaux.runtime import tree
from rudaux.runtime.folders import remove

_NEEDED = ("ipykernel", "nbclient", "jupyter_client")


class ProcessExecutor:
    """Runs submissions as child processes of this machine; for trusted code only."""

    def __init__(self, settings: GradingSettings, scratch: Path) -> None:
        self.settings = settings
        self.scratch = scratch
        read_memory(settings.memory)  # a mistake in it is said before anything runs

    def check(self, kernels: Collection[str] = ()) -> None:
        """Raise `ExecutorFailure` without kernel, client or writable scratch folder."""
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise ExecutorFailure(
                f"Student code cannot be run: {' and '.join(missing)} must be installed beside "
                f"rudaux (`pip install {' '.join(missing)}`)."
            )
        _check_kernels(kernels)
        try:
            make_folder(self.scratch)
            with tempfile.TemporaryFile(dir=self.scratch):
                pass
        except OSError as error:
            raise ExecutorFailure(
                f"Student code cannot be run: {self.scratch} is not writable ({error.strerror})."
            ) from error

    def run(self, jobs: Iterable[Job]) -> Iterator[Execution]:
        """Yield executions as they end; a job is prepared when there is room for it."""
        self.check()
        for left in self.scratch.glob("process-*"):  # of a run that was killed: the course is ours
            remove(left)
        folder = Path(tempfile.mkdtemp(prefix="process-", dir=self.scratch)).resolve()
        try:
            with _hidden(), _Pool(self, folder) as pool:
                yield from pool.work(iter(jobs), self.settings.jobs or os.cpu_count() or 1)
        finally:
            remove(folder)


def _check_kernels(kernels: Collection[str]) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    known = KernelSpecManager().find_kernel_specs() if kernels else ()
    lacking = sorted(name for name in kernels if name not in known)
    if lacking:
        raise ExecutorFailure(
            f'Student code cannot be run: there is no kernel "{lacking[0]}", which the source '
            f"notebooks ask for, on this machine. Its kernels: {', '.join(sorted(known))}."
        )


@contextmanager
def _hidden() -> Generator[None]:
    """Hide rudaux's own memory and environment from student code while it runs."""
    tree.set_dumpable(False)
    try:
        yield
    finally:
        tree.set_dumpable(True)


class _Run:
    """A submission under way, and what was reported of it so far."""

    def __init__(self, job: Job, folder: Path, pipe: int, supervisor: int) -> None:
        self.folder = folder
        self.pipe = pipe
        self.supervisor = supervisor
        self.deadline = time.monotonic()
        self.report = Report(job)


class _Pool:
    """The fork server and the submissions it runs now; leaving it ends them all."""

    def __init__(self, executor: ProcessExecutor, folder: Path) -> None:
        self.settings = executor.settings
        self.folder = folder
        self.tasks = tree.tasks_of_this_user() + 16 * bounds.PROCESSES
        self.selector = selectors.DefaultSelector()
        self.runs: dict[int, _Run] = {}
        self.server = ForkServer(folder, executor.settings.preload)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for run in list(self.runs.values()):
            self._forget(run)
        self.selector.close()
        self.server.close()

    def work(self, queue: Iterator[Job], width: int) -> Iterator[Execution]:
        """Run jobs from the queue, `width` at a time."""
        more = True
        while more or self.runs:
            while more and len(self.runs) < width:
                job = next(queue, None)
                if job is None:
                    more = False
                else:
                    yield from self._start(job)
            for run in self._ended():
                execution = run.report.execution("its supervisor was killed")
                self._forget(run)
                yield execution

    def _start(self, job: Job) -> Iterator[Execution]:
        try:
            run = self._begin(job)
        except Lost:
            yield Execution(job, "failed", "the process that runs students' code was killed")
        except OSError as error:
            yield Execution(job, "failed", f"it could not be started: {error}")
        else:
            run.deadline += patience(self.settings)
            self.runs[run.pipe] = run
            self.selector.register(run.pipe, selectors.EVENT_READ, run)

    def _begin(self, job: Job) -> _Run:
        """Submit a job, to a new server where other code has killed the one before."""
        if self.server.is_alive():
            with suppress(Lost):
                return self._submit(job, self._private_folder(job))
        self._restart()
        return self._submit(job, self._private_folder(job))

    def _private_folder(self, job: Job) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        shutil.copytree(job.folder, folder / "work", symlinks=True)
        for name in ("home", "tmp", "run"):
            (folder / name).mkdir(mode=0o700)
        return folder

    def _submit(self, job: Job, folder: Path) -> _Run:
        reader, writer = os.pipe()
        try:
            # A file without a name: student code finds no notebook to read ahead in.
            with tempfile.TemporaryFile(dir=folder) as notebooks:
                notebooks.write(json.dumps(dict(job.notebooks)).encode())
                notebooks.seek(0)
                wanted = {"folder": str(folder), **request(job, self.settings, self.tasks)}
                supervisor = self.server.submit(wanted, [notebooks.fileno(), writer])
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        os.set_blocking(reader, False)
        return _Run(job, folder, reader, supervisor)

    def _ended(self) -> list[_Run]:
        """Read what was reported; give the runs whose supervisors have ended."""
        ready = self.selector.select(1.0)
        ended = []
        for key, _ in ready:
            run: _Run = key.data
            data = os.read(run.pipe, 1 << 20)
            run.report.take(data)
            if run.report.is_over or not data:
                ended.append(run)
        # Reports wait while their reader is busy: only who is silent may be late.
        silent = set(self.runs) - {key.fd for key, _ in ready}
        for run in map(self.runs.__getitem__, silent):
            if time.monotonic() > run.deadline:
                self.server.kill(run.supervisor)
                ended.append(run)
        return ended

    def _forget(self, run: _Run) -> None:
        del self.runs[run.pipe]
        self.selector.unregister(run.pipe)
        os.close(run.pipe)
        if run.report.end is None:
            remove(run.folder)  # else its supervisor is about to

    def _restart(self) -> None:
        self.server.close()
        self.server = ForkServer(self.folder, self.settings.preload)
