"""The `process` executor: student code in child processes of this machine, as this user.

For trusted code only. It keeps runaways, floods and crashes from spoiling a run, and rudaux's own
environment out of sight; but code that runs as you can read your files and signal your processes,
and as root it can read everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from rudaux.config import GradingSettings
from rudaux.domain.execution import Execution, Job
from rudaux.executors.environment import this_python
from rudaux.executors.forking import Pool, check_this_python, scratch_folder
from rudaux.executors.request import read_memory


class ProcessExecutor:
    """Runs submissions as child processes of this machine; for trusted code only."""

    def __init__(self, settings: GradingSettings, scratch: Path) -> None:
        self.settings = settings
        self.scratch = scratch
        read_memory(settings.memory)  # a mistake in it is said before anything runs

    def check(self, kernels: Collection[str] = ()) -> None:
        """Raise `ExecutorFailure` without kernel, client or writable scratch folder."""
        check_this_python(kernels, self.scratch)

    def environment(self, kernels: Collection[str]) -> str:
        """Name what submissions meet; empty where it cannot be told."""
        return this_python(kernels)

    def run(self, jobs: Iterable[Job]) -> Iterator[Execution]:
        """Yield executions as they end; a job is prepared when there is room for it."""
        self.check()
        with scratch_folder(self.scratch) as folder, Pool(self.settings, folder) as pool:
            yield from pool.work(iter(jobs))
