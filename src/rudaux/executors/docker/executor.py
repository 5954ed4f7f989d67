"""The `docker` executor: several containers at a time, one for each submission."""

from __future__ import annotations

import json
import os
import socket
import time
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from rudaux.config import GradingSettings
from rudaux.domain.execution import Execution, Job
from rudaux.errors import ExecutorFailure
from rudaux.executors.docker import container, engine
from rudaux.executors.lacking import what_it_lacks
from rudaux.executors.packing import too_large
from rudaux.executors.report import Report
from rudaux.executors.request import fitting, patience, read_memory, request

_PROBE = 120.0
_MOST_SAID = 1 << 20


def _fitting(memory: int) -> int:
    """Return how many containers to run at a time; another machine's memory is not known."""
    here = os.environ.get("DOCKER_HOST", "unix:").startswith("unix:")
    return fitting(memory) if here else os.cpu_count() or 1


class DockerExecutor:
    """Runs submissions in containers of a Docker Engine; `folder` identifies the course."""

    where = ""
    notices: tuple[str, ...] = ()

    def __init__(self, settings: GradingSettings, folder: Path) -> None:
        self.settings = settings
        self.owner = f"{socket.gethostname()}:{folder}"
        self.width = settings.jobs or _fitting(read_memory(settings.memory) + container.OWN)

    @cached_property
    def _client(self) -> Any:
        client = engine.connect(self.width)
        weakref.finalize(self, client.close)
        return client

    @cached_property
    def _description(self) -> Mapping[str, Any]:
        image = engine.image(self._client, self.settings.image)
        with engine.reached():
            return container.options(self._client, self.settings, image, self.owner)

    @property
    def image(self) -> str:
        """Return the digest of the image, which identifies its content."""
        return str(self._description["image"])

    def check(self, kernels: Collection[str] = ()) -> None:
        """Raise `ExecutorFailure` if the engine, the image, or something in it is missing."""
        description = self._description
        engine.sweep(self._client, self.owner)
        said = self._probe(description, kernels)
        if why := what_it_lacks(f"{self.settings.image} (grading.image)", said):
            raise ExecutorFailure(why)

    def _probe(self, description: Mapping[str, Any], kernels: Collection[str]) -> Mapping[str, Any]:
        out, err = bytearray(), bytearray()
        with engine.reached():
            try:
                with container.started(self._client, description) as (_, streams):
                    container.send_probe(streams, sorted(kernels))
                    until = time.monotonic() + _PROBE
                    for is_output, data in container.listen(streams, until, Event()):
                        (out if is_output else err).extend(data)
                        if len(out) + len(err) > _MOST_SAID:
                            break
            except APIError as error:
                if "executable file not found" in str(error):
                    raise self._without_python() from error
                raise
        try:
            said: Mapping[str, Any] = json.loads(out)
        except ValueError:
            raise self._without_python(err.decode(errors="replace")) from None
        return said

    def _without_python(self, said: str = "") -> ExecutorFailure:
        why = said.strip().splitlines()[-1] if said.strip() else "there is no python3 on its PATH"
        return ExecutorFailure(
            f"The image {self.settings.image} (grading.image) cannot run Python: {why[:300]}. It "
            "needs Python 3.9 or newer with nbclient."
        )

    def environment(self, kernels: Collection[str]) -> str:
        """Return the digest of the image."""
        return self.image

    def prepare(self, imports: Sequence[str]) -> AbstractContextManager[None]:
        """Do nothing: there is nothing that all submissions are forked from."""
        return nullcontext()

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        """Yield executions as they end; a job is prepared while the others run.

        Raises `ExecutorFailure` if the engine is down. Every container is removed in the end.
        """
        engine.sweep(self._client, self.owner)
        stop = Event()
        pool = ThreadPoolExecutor(self.width, thread_name_prefix="container")
        try:
            under_way: set[Future[Execution]] = set()
            for job in jobs:
                under_way.add(pool.submit(self._run, job, stop))
                if len(under_way) > self.width:
                    ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in ended)
            while under_way:
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in ended)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def _run(self, job: Job, stop: Event) -> Execution:
        report = Report(job)
        if why := too_large(job, self.settings):
            return Execution(job, "failed", why)
        try:
            return replace(self._in_container(job, report, stop), image=self.image)
        except (APIError, DockerException, RequestException, OSError) as error:
            if engine.is_down(self._client, error):
                raise ExecutorFailure(f"Docker failed: {error}.") from error
            return Execution(job, "failed", f"its container failed: {error}")

    def _in_container(self, job: Job, report: Report, stop: Event) -> Execution:
        # A container's tasks are counted separately; `tasks` would count all that this user runs.
        wanted = request(job, self.settings, tasks=None)
        said = bytearray()
        with container.started(self._client, self._description) as (name, streams):
            # If it ends before it has read everything, it may have said why.
            with suppress(ConnectionError):
                container.send_job(streams, job, wanted, stop)
            until = time.monotonic() + patience(self.settings)
            for is_output, data in container.listen(streams, until, stop):
                if is_output:
                    report.take(data)
                elif len(said) < _MOST_SAID:
                    said += data
                if report.is_over:
                    break
            if report.end:
                return report.execution("")
            state = self._client.inspect_container(name)["State"]
        if state["OOMKilled"]:
            return report.execution("the container ran out of memory", "out_of_memory")
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        return report.execution(f"its container ended without a verdict: {last[0][:300]}")
