"""A whole class's feedback pages on all cores: worker processes make them ahead, in order.

The workers are new processes, not forks, as a process with threads must not be forked, and import
nothing from rudaux's caller. If a worker does not answer, this process makes the pages itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TextIO, cast

from rudaux.adapters.nbgrader.feedback.marks import Marks
from rudaux.adapters.nbgrader.feedback.report import Made
from rudaux.adapters.nbgrader.feedback.worker import from_data
from rudaux.config import HiddenTests

_WORTH_IT = 20
"""Submissions per process: importing nbgrader takes as long as making their pages."""
_MOST = 8
_AHEAD = 32
"""How many submissions' pages may wait for those before them."""
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); "
    "from rudaux.adapters.nbgrader.feedback.worker import main; main()"
)


@dataclass(frozen=True)
class Task:
    """A submission whose feedback pages are to be made; marks by the notebook's name."""

    assignment: str
    student_id: str
    marks: Mapping[str, Marks]


def processes(submissions: int) -> int:
    """Return how many worker processes to start."""
    return max(0, min((os.cpu_count() or 1) - 1, submissions // _WORTH_IT, _MOST))


class Worker:
    """A process that makes feedback pages for the course at `folder`."""

    def __init__(self, folder: Path, hidden_tests: HiddenTests) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="ascii",
            start_new_session=True,  # Ctrl-C goes to rudaux, which ends the worker
        )
        self._to, self._from = cast(TextIO, self._process.stdin), cast(TextIO, self._process.stdout)
        with suppress(OSError):  # it has already ended, and will not answer
            self._say({"folder": str(folder), "hidden_tests": hidden_tests})

    def ask(self, task: Task) -> Made | None:
        """Have the pages made; None if the process cannot, or has ended."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            self._say(asdict(task))
            return from_data(json.loads(self._from.readline()))
        return None

    def _say(self, what: Mapping[str, object]) -> None:
        self._to.write(json.dumps(what) + "\n")
        self._to.flush()

    def end(self) -> None:
        """End it, whatever it is doing; it has written nothing."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close its pipes, once no thread uses them any more."""
        for pipe in (self._to, self._from):
            with suppress(OSError):
                pipe.close()


def make_ahead(
    tasks: Iterable[Task], workers: list[Worker], make: Callable[[Task], Made]
) -> Generator[tuple[Task, Made]]:
    """Yield the pages of each task, in order; this process makes its share with `make`."""
    idle: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def ask(task: Task) -> Made | None:
        worker = idle.get()
        try:
            return worker.ask(task)
        finally:
            idle.put(worker)

    waiting: deque[_Wanted] = deque()
    threads = ThreadPoolExecutor(max(1, len(workers)))
    try:
        if not workers:
            yield from ((task, make(task)) for task in tasks)
            return
        for task in tasks:
            waiting.append(_Wanted(task, threads.submit(ask, task)))
            if len(waiting) > _AHEAD:
                yield _first(waiting, make)
        while waiting:
            yield _first(waiting, make)
    finally:
        for wanted in waiting:
            wanted.future.cancel()
        for worker in workers:
            worker.end()
        threads.shutdown()
        for worker in workers:
            worker.close()


@dataclass
class _Wanted:
    task: Task
    future: Future[Made | None]
    made: Made | None = None


def _first(waiting: deque[_Wanted], make: Callable[[Task], Made]) -> tuple[Task, Made]:
    """Return the first that waits; until it is finished, make some that no worker has started."""
    first = waiting[0]
    for wanted in waiting:
        if first.made or (first is not wanted and first.future.done()):
            break
        if wanted.made is None and wanted.future.cancel():
            wanted.made = make(wanted.task)
    made = first.made or first.future.result() or make(first.task)
    waiting.popleft()
    return first.task, made
