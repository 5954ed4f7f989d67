"""Several submissions at a time, each under a supervisor that the fork server forks."""

from __future__ import annotations

import json
import os
import selectors
import tarfile
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from rudaux.config import GradingSettings
from rudaux.config.private import make_folder
from rudaux.domain.execution import Execution, Job
from rudaux.executors.forking.host import ForkServer, Lost, Preload
from rudaux.executors.packing import pack
from rudaux.executors.report import Report
from rudaux.executors.request import fitting, patience, read_memory, request
from rudaux.runtime import limits as bounds
from rudaux.runtime import tree
from rudaux.runtime.folders import ran_out, remove, why_full


@contextmanager
def scratch_folder(scratch: Path) -> Generator[Path]:
    """Make a folder for one run under `scratch`, and remove what a killed run has left there."""
    make_folder(scratch)
    own = f"run-{os.getpid()}-"
    for left in scratch.glob("run-*"):  # the course is ours
        if not left.name.startswith(own):
            remove(left)
    folder = Path(tempfile.mkdtemp(prefix=own, dir=scratch)).resolve()
    try:
        yield folder
    finally:
        remove(folder)


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

    def __init__(self, job: Job, folder: Path | None, pipe: int, supervisor: int) -> None:
        self.folder = folder
        self.pipe = pipe
        self.supervisor = supervisor
        self.deadline = time.monotonic()
        self.report = Report(job)


class Pool:
    """The fork server and the submissions it runs now; leaving it ends them all.

    `imports` are modules to import once for all, where the settings say "auto". With `box`, each
    submission is in a box of its own (`rudaux.runtime.box`), else in a folder of this machine.
    `refuse` returns why a submission cannot be run, if it cannot.
    """

    def __init__(
        self,
        settings: GradingSettings,
        folder: Path,
        imports: Sequence[str] = (),
        box: Mapping[str, object] | None = None,
        refuse: Callable[[Job], str] = lambda job: "",
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.imports = tuple(imports)
        self.preload = Preload.of(settings.preload, imports)
        self.box = box
        self.refuse = refuse
        self.tasks = tree.tasks_of_this_user() + 16 * bounds.PROCESSES
        self.selector = selectors.DefaultSelector()
        self.runs: dict[int, _Run] = {}
        self.unseen = ExitStack()
        self.stopped = False

    def __enter__(self) -> Pool:
        self.unseen.enter_context(_hidden())
        self.server = ForkServer(self.folder, self.preload, self.box)
        return self

    def __exit__(self, *_: object) -> None:
        for run in list(self.runs.values()):
            self._forget(run)
        self.selector.close()
        self.server.close()
        self.unseen.close()

    def stop(self) -> None:
        """End what runs, from another thread, and start nothing any more."""
        self.stopped = True
        self.server.close()

    def work(self, queue: Iterator[Job]) -> Iterator[Execution]:
        """Run jobs from the queue, as many at a time as the settings allow."""
        memory = read_memory(self.settings.memory)
        # What is written in a box is in memory, too.
        files = read_memory(self.settings.scratch) if self.box is not None else 0
        width = self.settings.jobs or fitting(memory + files)
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
        if why := self.refuse(job):
            yield Execution(job, "failed", why)
            return
        try:
            run = self._begin(job)
        except Lost:
            yield Execution(job, "failed", "the process that runs students' code was killed")
        except OSError as error:
            told = why_full(self.folder.parent) if ran_out(error) else ""
            why = told or f"it could not be started: {error}"
            yield Execution(job, "failed", why)
        else:
            run.deadline += patience(self.settings)
            self.runs[run.pipe] = run
            self.selector.register(run.pipe, selectors.EVENT_READ, run)

    def _begin(self, job: Job) -> _Run:
        """Submit a job, to a new server where other code has killed the one before."""
        if self.server.is_alive():
            with suppress(Lost):
                return self._submit(job)
        self.server.close()
        self.server = ForkServer(self.folder, self.preload, self.box)
        if self.stopped:
            self.server.close()
            raise Lost
        return self._submit(job)

    def _submit(self, job: Job) -> _Run:
        folder = None
        if self.box is None:
            folder = Path(tempfile.mkdtemp(prefix="submission-", dir=self.folder))
        reader, writer = os.pipe()
        try:
            # Files without names: student code finds no notebook to read ahead in.
            with (
                tempfile.TemporaryFile(dir=self.folder) as notebooks,
                tempfile.TemporaryFile(dir=self.folder) as files,
            ):
                notebooks.write(json.dumps(dict(job.notebooks)).encode())
                with tarfile.open(fileobj=files, mode="w") as archive:
                    pack(archive, job.folder)
                for file in (notebooks, files):
                    file.seek(0)
                wanted = {
                    "folder": str(folder) if folder else None,
                    "own_disk": folder is None,
                    "disk": str(self.folder.parent) if folder else None,
                    **request(job, self.settings, self.tasks),
                }
                handed = [notebooks.fileno(), writer, files.fileno()]
                supervisor = self.server.submit(wanted, handed)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        os.set_blocking(reader, False)
        return _Run(job, folder, reader, supervisor)

    def _ended(self) -> list[_Run]:
        """Read what was reported; return the runs whose supervisors have ended."""
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
        if run.folder and run.report.end is None:
            remove(run.folder)  # else its supervisor is about to


class ForkingExecutor(ABC):
    """Runs submissions in a pool; one opened ahead comes up while its submissions are collected."""

    where = ""
    notices: tuple[str, ...] = ()

    def __init__(self, settings: GradingSettings, scratch: Path) -> None:
        self.settings = settings
        self.scratch = scratch
        self._stack = ExitStack()
        self._waiting: Pool | None = None

    @abstractmethod
    def _open(self, imports: Sequence[str]) -> AbstractContextManager[Pool]:
        """Check what a pool needs, and open one."""

    @contextmanager
    def prepare(self, imports: Sequence[str]) -> Generator[None]:
        """Open a pool for the next run with these imports; in the end close it if none came."""
        new = self._waiting is None or self._waiting.imports != tuple(imports)
        if new:
            self._stack.close()
            self._waiting = self._stack.enter_context(self._open(imports))
        try:
            yield
        finally:
            if new:
                self._stack.close()
                self._waiting = None

    @contextmanager
    def pool(self, imports: Sequence[str] = ()) -> Generator[Pool]:
        """Take the pool that was opened ahead, or else open one, for one run or many."""
        with self._stack.pop_all() as stack:
            pool, self._waiting = self._waiting, None
            if pool is None or pool.imports != tuple(imports):
                stack.close()
                pool = stack.enter_context(self._open(imports))
            yield pool

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        """Yield executions as they end; a job is prepared only when there is room for it."""
        with self.pool(imports) as pool:
            yield from pool.work(iter(jobs))
