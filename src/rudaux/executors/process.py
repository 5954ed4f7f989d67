"""The `process` executor: student code in child processes of this machine, as this user.

For trusted code only. Endless loops, floods of output and crashes cannot spoil a run, and rudaux's
own environment is out of sight; but code that runs as you can read your files and signal your
processes, and as root it can read everything.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager

from rudaux.executors.environment import this_python
from rudaux.executors.forking import ForkingExecutor, Pool, check_this_python, scratch_folder


class ProcessExecutor(ForkingExecutor):
    """Runs submissions as child processes of this machine; for trusted code only."""

    def check(self, kernels: Collection[str] = ()) -> None:
        """Raise `ExecutorFailure` if a kernel, the client or a scratch folder is missing."""
        check_this_python(kernels, self.scratch)

    def environment(self, kernels: Collection[str]) -> str:
        """Return a digest of the environment; empty if it is not known."""
        return this_python(frozenset(kernels))

    @contextmanager
    def _open(self, imports: Sequence[str]) -> Generator[Pool]:
        self.check()
        with scratch_folder(self.scratch) as folder, Pool(self.settings, folder, imports) as pool:
            yield pool
