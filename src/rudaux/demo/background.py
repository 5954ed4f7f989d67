"""Programs that run beside a practice course, each in its own process."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rudaux.errors import SystemFailure

PATIENCE = 60.0  # seconds until a program that starts, or ends, is given up


@contextmanager
def running(
    what: str,
    argv: Sequence[str],
    log: Path,
    ready: Callable[[], bool],
    folder: Path | None = None,
) -> Iterator[None]:
    """Run a program until the block ends; raise `SystemFailure` if it does not start."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemFailure(f"{what} did not start: the end of {log} says why.")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


def listens(port: int) -> bool:
    """Return whether something answers on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
