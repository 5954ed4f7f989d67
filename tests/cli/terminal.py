"""A terminal with a rudaux on it, driven as a person does: wait for words, press keys."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Protocol

from tests.forked import start

PATIENCE = 180.0  # seconds until a test gives up waiting
SIZE = (24, 250)  # lines, columns: questions with a temporary folder in them stay on one line


class Program(Protocol):
    """What a process is to a terminal."""

    def wait(self, timeout: float) -> int: ...


class Terminal:
    """One program on a pseudo-terminal; `seen` is all that it wrote there."""

    _forked = False

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stderr: Path | None = None,
        size: tuple[int, int] = SIZE,
    ) -> None:
        self.seen, self._told = "", 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        env = {**os.environ, "TERM": "xterm", **(env or {})}
        name = os.ttyname(terminal)
        self._process: Program = (
            start(command, cwd, env, name, name)
            if self._forked
            else _spawn(command, cwd, env, terminal, stderr)
        )
        os.close(terminal)

    def wait_for(self, words: str, seconds: float = PATIENCE) -> None:
        """Read until the program has written `words`, after those waited for before."""
        until = time.monotonic() + seconds
        while words not in self.seen[self._told :]:
            assert time.monotonic() < until, f"{words!r} never came; seen: {self.seen!r}"
            assert self._read(until), f"no {words!r} in time; seen: {self.seen!r}"
        self._told = self.seen.index(words, self._told) + len(words)

    def press(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    def ends(self) -> int:
        """Read on until the program ends; give its exit code."""
        while self._read(time.monotonic() + PATIENCE):
            pass
        os.close(self._main)
        return self._process.wait(PATIENCE)

    def _read(self, until: float) -> bool:
        if select.select([self._main], [], [], max(0.0, until - time.monotonic()))[0]:
            try:
                read = os.read(self._main, 65536)
            except OSError:  # Linux says so when the other side is closed
                return False
            self.seen += self._decode(read)
            return bool(read)
        return False


class ForkedTerminal(Terminal):
    """A terminal with a rudaux on it that need not import everything first."""

    _forked = True


def _spawn(
    command: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    terminal: int,
    stderr: Path | None,
) -> Program:
    with stderr.open("wb") if stderr else nullcontext(terminal) as errors:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=terminal,
            stdout=terminal,
            stderr=errors,
            close_fds=True,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )


def _take_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C becomes a signal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored by what a shell starts with &
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
