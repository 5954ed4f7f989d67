"""Distribute submissions to the workers of a Dask scheduler, and deal with lost workers.

rudaux chooses the worker for each submission itself: so only workers that were checked get one,
and it counts how often one was lost with its worker, however the scheduler is configured.
"""

from __future__ import annotations

import hashlib
import json
import logging
import queue
import time
from collections import Counter, deque
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rudaux.config import GradingSettings
from rudaux.domain.execution import Execution, Job
from rudaux.errors import ExecutorFailure
from rudaux.executors.cluster import slot
from rudaux.executors.cluster.wire import dump_job, dump_settings, load_execution
from rudaux.executors.cluster.workers import Choice, Seen, choose, read_seen
from rudaux.executors.packing import too_large

if TYPE_CHECKING:
    from distributed import Client, Future

_DEPTH = 2
"""Submissions at a time for each slot: one that runs, and one that is ready when it ends."""
_LOSSES = 3
_PATIENCE = 30.0
_CONNECT = 5.0
_GLANCE = 1.0
_KEPT = "What is graded is kept, and nobody was given a score because of this."
_BYTES = ["dask", "msgpack"]
"""How results may be encoded: a pickled object is refused, as students' code may have made it."""


@dataclass(frozen=True)
class _Sent:
    """A submission on a worker, and how many workers were lost while running it before."""

    job: Job
    worker: str = ""
    losses: int = 0


class ClusterExecutor:
    """Runs submissions on the workers of a Dask scheduler."""

    def __init__(self, settings: GradingSettings) -> None:
        self.settings = settings
        self.told = dump_settings(settings)
        self.kernels: frozenset[str] = frozenset()
        self.seen: dict[str, Seen] = {}
        self.choice = Choice(frozenset())

    @property
    def image(self) -> str:
        """Return the digest of the image that the workers use; empty if they use none."""
        return next((self.seen[worker].image for worker in self.choice.good), "")

    @property
    def where(self) -> str:
        """Return how many workers there are, as in "on 3 workers"."""
        count = len(self.choice.good)
        return f"on {count} {'worker' if count == 1 else 'workers'}" if count else ""

    @property
    def notices(self) -> tuple[str, ...]:
        """Return which workers are left out, and why."""
        return tuple(
            f"The worker {worker} is left out: {why}"
            for worker, why in sorted(self.choice.left_out.items())
        )

    def check(self, kernels: Collection[str] = ()) -> None:
        """Check all workers; raises `ExecutorFailure` if none of them can run anything."""
        self.kernels = frozenset(kernels)
        with self._connected() as client, _reached(self.settings):
            self.look(client, afresh=True)
            if not self.choice.good:
                raise ExecutorFailure(self._nobody())

    def environment(self, kernels: Collection[str]) -> str:
        """Return a digest of the environment, which is the same on all workers in use."""
        made = {self.seen[worker].makes for worker in self.choice.good}
        return hashlib.sha256(repr(made).encode()).hexdigest() if made else ""

    def prepare(self, imports: Sequence[str]) -> AbstractContextManager[None]:
        """Do nothing: there is nothing that all submissions are forked from."""
        return nullcontext()

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        """Yield executions as they end; the work of a lost worker goes to another.

        Raises `ExecutorFailure` if the scheduler or the last usable worker is gone.
        """
        self.told = dump_settings(self.settings, imports)
        with self._connected() as client:
            self.look(client, afresh=not self.choice.good)
            try:
                yield from _Run(self, client).work(iter(jobs))
            finally:
                with suppress(OSError, TimeoutError):
                    there = list(self.present(client))
                    client.run(slot.close, self.told, workers=there, on_error="return")

    @contextmanager
    def _connected(self) -> Generator[Client]:
        try:
            from distributed import Client, Security
        except ImportError as error:
            raise ExecutorFailure(
                "grading.scheduler needs Dask, which is not installed: run `pip install "
                "'rudaux[cluster]'`."
            ) from error
        address = self.settings.scheduler or ""
        if (
            address.startswith("tls:")
            and not Security().get_connection_args("client")["ssl_context"]
        ):
            raise ExecutorFailure(
                f"The scheduler {address} (grading.scheduler) wants certificates, and this "
                "account's Dask configuration names none: set distributed.comm.tls in it "
                "(https://distributed.dask.org/en/stable/tls.html)."
            )
        # Dask logs a traceback for what rudaux reports in a sentence.
        logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
        try:
            client = Client(
                address,
                timeout=_CONNECT,
                set_as_default=False,
                serializers=_BYTES,
                deserializers=_BYTES,
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise _no_answer(self.settings) from error
        try:
            yield client
        finally:
            client.close(timeout=_GLANCE)

    def present(self, client: Client) -> dict[str, int]:
        """Return the number of threads of each worker in use that is connected now."""
        there: dict[str, int] = dict(client.nthreads())
        return {worker: there[worker] for worker in self.choice.good if worker in there}

    def look(self, client: Client, afresh: bool = False) -> None:
        """Check the workers that have not been checked yet."""
        known: dict[str, Seen] = {} if afresh else self.seen
        new = [worker for worker in client.nthreads() if worker not in known]
        if not new:
            return
        told = (self.told, json.dumps(sorted(self.kernels)).encode())
        answers: dict[str, Any] = client.run(slot.look, *told, workers=new, on_error="return")
        self.seen = known | {worker: read_seen(answer) for worker, answer in answers.items()}
        like = None if afresh else next((known[w] for w in self.choice.good if w in known), None)
        self.choice = choose(self.seen, like)

    def _nobody(self) -> str:
        address = self.settings.scheduler
        if not self.choice.left_out:
            return (
                f"The scheduler {address} has no workers: start one (`dask worker {address}`) and "
                "run this again."
            )
        worker, why = min(self.choice.left_out.items())
        more = len(self.choice.left_out) - 1
        others = f" ({more} more cannot either)" if more else ""
        return (
            f"No worker of {address} can run students' code. {worker}: {why.rstrip('.')}{others}."
        )


def _no_answer(settings: GradingSettings) -> ExecutorFailure:
    return ExecutorFailure(
        f"The scheduler {settings.scheduler} (grading.scheduler) does not answer: start it "
        "(`dask scheduler`), or remove grading.scheduler to grade on this machine."
    )


@contextmanager
def _reached(settings: GradingSettings) -> Generator[None]:
    """Raise `ExecutorFailure` if the scheduler is gone."""
    try:
        yield
    except (OSError, TimeoutError) as error:
        raise _no_answer(settings) from error


class _Run:
    """One `run` of the executor: which submission is on which worker."""

    def __init__(self, executor: ClusterExecutor, client: Client) -> None:
        self.executor = executor
        self.client = client
        self.sent: dict[Future, _Sent] = {}
        self.ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self.waiting: deque[_Sent] = deque()
        self.there = executor.present(client)
        self.looked = self.manned = time.monotonic()

    def work(self, jobs: Iterator[Job]) -> Iterator[Execution]:
        """Keep every slot supplied until all jobs have ended."""
        try:
            while True:
                yield from self._supply(jobs)
                if not self.sent and not self.waiting:
                    return
                yield from self._results()
                yield from self._losses()
        finally:
            with suppress(OSError, TimeoutError):
                self.client.cancel(list(self.sent))

    def _supply(self, jobs: Iterator[Job]) -> Iterator[Execution]:
        """Send submissions while a worker has room; a job is prepared only then."""
        while (worker := self._free()) is not None:
            if not self.waiting:
                job = next(jobs, None)
                if job is None:
                    return
                if why := too_large(job, self.executor.settings):
                    yield Execution(job, "failed", why)
                    continue
                self.waiting.append(_Sent(job))
            self._send(self.waiting.popleft(), worker)

    def _free(self) -> str | None:
        """Return the worker with the most room, if any has room."""
        load = Counter(sent.worker for sent in self.sent.values())
        room = {w: _DEPTH * threads - load[w] for w, threads in self.there.items()}
        best = max(room, key=lambda w: (room[w], w), default=None)
        return best if best is not None and room[best] > 0 else None

    def _send(self, sent: _Sent, worker: str) -> None:
        notebooks, files = dump_job(sent.job)
        with _reached(self.executor.settings):
            future = self.client.submit(
                slot.run, self.executor.told, notebooks, files,
                workers=[worker], allow_other_workers=False, pure=False,
            )  # fmt: skip
        self.sent[future] = replace(sent, worker=worker)
        future.add_done_callback(self.ended.put)

    def _results(self) -> Iterator[Execution]:
        """Wait a moment for a submission to end."""
        try:
            future = self.ended.get(timeout=_GLANCE)
        except queue.Empty:
            return
        sent = self.sent.pop(future, None)
        if sent is None:
            return
        if future.status == "finished":
            yield self._read(sent, future)
        else:
            self._require_scheduler()
            yield from self._again(sent)

    def _read(self, sent: _Sent, future: Future) -> Execution:
        try:
            answer = future.result(timeout=_PATIENCE)
        except (OSError, TimeoutError, TypeError, ValueError, CancelledError) as error:
            return Execution(sent.job, "failed", f"its worker's answer was lost: {error}")
        if not isinstance(answer, bytes):
            return Execution(sent.job, "failed", "its worker's answer was not made of bytes")
        return load_execution(sent.job, answer)

    def _losses(self) -> Iterator[Execution]:
        """Take back the submissions of lost workers, and check new workers."""
        if time.monotonic() < self.looked + _GLANCE:
            return
        self._require_scheduler()
        with _reached(self.executor.settings):
            self.executor.look(self.client)
            self.there = self.executor.present(self.client)
        self.looked = time.monotonic()
        for future, sent in list(self.sent.items()):
            if sent.worker not in self.there and not future.done():
                del self.sent[future]
                future.cancel()
                yield from self._again(sent)
        if self.there:
            self.manned = self.looked
        elif self.looked > self.manned + _PATIENCE:
            raise ExecutorFailure(
                f"The last worker of {self.executor.settings.scheduler} is gone: start one and "
                f"run this again. {_KEPT}"
            )

    def _again(self, sent: _Sent) -> Iterator[Execution]:
        """Keep a submission for another worker; one that costs a worker each time fails."""
        losses = sent.losses + 1
        if losses < _LOSSES:
            self.waiting.append(replace(sent, losses=losses))
        else:
            yield Execution(sent.job, "failed", f"{losses} workers were lost while running it")

    def _require_scheduler(self) -> None:
        if self.client.status != "running":
            raise ExecutorFailure(
                f"The scheduler {self.executor.settings.scheduler} is gone: start it and run this "
                f"again. {_KEPT}"
            )
