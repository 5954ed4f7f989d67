"""The `process` executor: student code in child processes of this machine, as this user.

For trusted code only. Endless loops, floods of output and crashes cannot spoil a run, and rudaux's
own environment is out of sight; but code that runs as you can read your files and signal your
processes, and as root it can read everything.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from rudaux.config import GradingSettings
from rudaux.domain.execution import Execution, Job
from rudaux.executors.environment import this_python
from rudaux.executors.forking import Opening, Pool, check_this_python, scratch_folder


class ProcessExecutor:
    """Runs submissions as child processes of this machine; for trusted code only."""

    where = ""
    notices: tuple[str, ...] = ()

    def __init__(self, settings: GradingSettings, scratch: Path) -> None:
        self.settings = settings
        self.scratch = scratch
        self.opening = Opening(self._pool)

    def check(self, kernels: Collection[str] = ()) -> None:
        """Raise `ExecutorFailure` if a kernel, the client or a scratch folder is missing."""
        check_this_python(kernels, self.scratch)

    def environment(self, kernels: Collection[str]) -> str:
        """Return a digest of the environment; empty if it is not known."""
        return this_python(frozenset(kernels))

    def prepare(self, imports: Sequence[str]) -> AbstractContextManager[None]:
        """Start the process that the next run's submissions are forked from."""
        return self.opening.ahead(imports)

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        """Yield executions as they end; a job is prepared only when there is room for it."""
        with self.pool(imports) as pool:
            yield from pool.work(iter(jobs))

    def pool(self, imports: Sequence[str] = ()) -> AbstractContextManager[Pool]:
        """Open the place where submissions run, for one run or many."""
        return self.opening.open(imports)

    @contextmanager
    def _pool(self, imports: Sequence[str]) -> Generator[Pool]:
        self.check()
        with scratch_folder(self.scratch) as folder, Pool(self.settings, folder, imports) as pool:
            yield pool
