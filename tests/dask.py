"""A real Dask scheduler and real workers on this machine, each a process that a test may kill."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PATIENCE = 60.0


class Cluster:
    """A scheduler and its workers; nobody else can reach them, and all end with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.logs: list[Path] = []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self._said(self.logs[0], r"Scheduler at:\s+(tcp://\S+)")
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self, threads: int = 1, preload: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a worker of so many slots, and wait until it is there."""
        place = self.place(len(self.workers))
        place.mkdir()
        options = ["--nthreads", str(threads), "--no-nanny", "--local-directory", str(place)]
        options += ["--preload", str(preload)] if preload else []
        worker = self._start("worker", self.address, *options, temporary=place)
        self._said(self.logs[-1], r"Registered to:\s+(tcp://\S+)")
        self.workers.append(worker)
        return worker

    def place(self, number: int) -> Path:
        """Where a worker keeps what is temporary."""
        return self.folder / f"worker-{number}"

    def running(self) -> list[int]:
        """Tell which workers have a submission laid out."""
        numbers = range(len(self.workers))
        return [n for n in numbers if list(self.place(n).glob("rudaux-*/jobs/submission-*"))]

    def add_bare_worker(self) -> None:
        """Start a worker that cannot import rudaux."""
        lacking = self.folder / "lacking.py"
        lacking.write_text("import sys\nsys.modules['rudaux'] = None\n")
        self.add_worker(preload=lacking)

    def _start(
        self, kind: str, *options: str, temporary: Path | None = None
    ) -> subprocess.Popen[bytes]:
        log = self.folder / f"{kind}-{len(self.processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *options],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={**os.environ, "TMPDIR": str(temporary or self.folder)},
            )  # fmt: skip
        self.processes.append(process)
        self.logs.append(log)
        return process

    def _said(self, log: Path, pattern: str) -> str:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if found := re.search(pattern, log.read_text()):
                return found[1]
            time.sleep(0.05)
        raise AssertionError(log.read_text())

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a scheduler or worker, as a machine that loses its power would."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def replace_worker(self, among: random.Random) -> None:
        """Kill one of the workers, whichever it is, and start another one."""
        self.kill(among.choice([w for w in self.workers if w.poll() is None]))
        self.add_worker()

    def close(self) -> None:
        """End everything."""
        for process in reversed(self.processes):
            self.kill(process)


@contextmanager
def cluster(workers: int = 2) -> Iterator[Cluster]:
    """Run a scheduler with so many workers of one slot each."""
    with tempfile.TemporaryDirectory() as folder:
        made = Cluster(Path(folder))
        try:
            for _ in range(workers):
                made.add_worker()
            yield made
        finally:
            made.close()


def wait_until(happened: Callable[[], bool], seconds: float = _PATIENCE) -> None:
    """Wait for something that another process does."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it has not happened"
        time.sleep(0.05)
