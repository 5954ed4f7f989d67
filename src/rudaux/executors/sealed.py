"""Runs a submission twice where hidden tests are sealed: without them for students, then with them.

Each run is in a box of its own, and nothing goes from one to the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from rudaux.domain.execution import Execution, Job
from rudaux.ports import Executor


class SealedExecutor:
    """An executor under which students see a run that never saw a hidden test."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    @property
    def where(self) -> str:
        """Say where the executor that runs both does it."""
        return self.executor.where

    @property
    def notices(self) -> tuple[str, ...]:
        """Say what that executor found."""
        return self.executor.notices

    def environment(self, kernels: Collection[str]) -> str:
        """Name what that executor's submissions meet."""
        return self.executor.environment(kernels)

    def check(self, kernels: Collection[str] = ()) -> None:
        """Raise `ExecutorFailure` as the executor that runs both does."""
        self.executor.check(kernels)

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        """Yield one execution for each job, once both of its runs have ended."""
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
    """Join the two runs; our failure in either is neither a score nor feedback."""
    shown, marks = sorted(runs, key=lambda run: run.job.notebooks != job.sealed)
    if shown.verdict == "failed" and marks.verdict != "failed":
        return Execution(job, "failed", shown.reason, shown.seconds, image=shown.image)
    return replace(marks, job=job, shown=shown)
