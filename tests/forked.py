"""nbgrader and rudaux as processes of their own, forked from one that has imported nbgrader.

The import takes two seconds of CPU each time; all else is as for a program that is started: its
folder, its environment, its streams, its exit code.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

BIN = Path(sys.executable).parent
_MAIN = {"nbgrader": "nbgrader.apps.nbgraderapp", "rudaux": "rudaux.__main__"}
_SERVER = multiprocessing.get_context("forkserver")
_ADAPTERS = [f"rudaux.adapters.{name}" for name in ("canvas", "git", "ledger", "nbgrader")]
_LIBRARIES = ["docker", "httpx", "pytest", "questionary"]
_SERVER.set_forkserver_preload([__name__, *_MAIN.values(), *_ADAPTERS, *_LIBRARIES])


@dataclass(frozen=True)
class Forked:
    """A program that runs."""

    process: ForkServerProcess

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its exit code."""
        self.process.join(timeout)
        assert self.process.exitcode is not None, "it still runs"
        return self.process.exitcode


def nbgrader(*args: str, folder: Path, code: int = 0) -> str:
    """Run one of nbgrader's own commands in the course folder; return what it said."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # it starts alembic
    with tempfile.NamedTemporaryFile() as said:
        process = start([str(BIN / "nbgrader"), *args], folder, env, os.devnull, said.name)
        ended = process.wait()
        text = said.read().decode()
    assert ended == code, text
    return text


def start(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: str, stdout: str
) -> Forked:
    """Start a program with these files as its streams; a terminal becomes that of its session."""
    reader, writer = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_run, args=(command, cwd, dict(env), stdin, stdout, writer))
    process.start()
    writer.close()
    with reader, suppress(EOFError):  # it has its streams, or has ended
        reader.recv()
    return Forked(process)


def _run(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: str, stdout: str,
    opened: Connection,
) -> None:  # fmt: skip
    os.setsid()
    os.dup2(os.open(stdin, os.O_RDWR), 0)
    for stream in (1, 2):
        os.dup2(os.open(stdout, os.O_RDWR | os.O_APPEND), stream)
    opened.close()
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = list(command)
    sys.exit(import_module(_MAIN[Path(command[0]).name]).main())
