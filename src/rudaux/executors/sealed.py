"""Run a submission twice if hidden tests are sealed: without them for students, and with them.

Each run is in a box of its own, and nothing passes from one to the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from rudaux.domain.execution import Execution, Job
from rudaux.ports import Executor


class SealedExecutor:
    """An executor that shows students a run which never saw a hidden test."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    @property
    def where(self) -> str:
        """Return where the executor runs both."""
        return self.executor.where

    @property
    def notices(self) -> tuple[str, ...]:
        """Return what the executor found."""
        return self.executor.notices

    def environment(self, kernels: Collection[str]) -> str:
        """Return the executor's own digest of the environment."""
        return self.executor.environment(kernels)

    def check(self, kernels: Collection[str] = ()) -> None:
        """Raise `ExecutorFailure` as the executor does."""
        self.executor.check(kernels)

    def prepare(self, imports: Sequence[str]) -> AbstractContextManager[None]:
        """Prepare the executor."""
        return self.executor.prepare(imports)

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        """Yield one execution for each job once both of its runs have ended."""
        whole: dict[tuple[str, str], Job] = {}
        first: dict[tuple[str, str], Execution] = {}

        def runs() -> Iterator[Job]:
            for job in jobs:
                if job.sealed:
                    whole[job.assignment, job.student_id] = job
                    yield job.without_hidden_tests()
                yield replace(job, sealed={})

        for execution in self.executor.run(runs(), imports):
            key = execution.job.assignment, execution.job.student_id
            if key not in whole:
                yield execution
            elif key not in first:
                first[key] = execution
            else:
                yield _joined(whole.pop(key), first.pop(key), execution)


def _joined(job: Job, *runs: Execution) -> Execution:
    """Join the two runs; if either fails through our fault, there is no score and no feedback."""
    shown, marks = sorted(runs, key=lambda run: run.job.notebooks != job.sealed)
    if shown.verdict == "failed" and marks.verdict != "failed":
        return Execution(job, "failed", shown.reason, shown.seconds, image=shown.image)
    return replace(marks, job=job, shown=shown)
