"""The host's end of the fork server: starts it, hands it submissions, ends it."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rudaux.config.private import make_folder
from rudaux.errors import ExecutorFailure
from rudaux.executors.forking import unpacked
from rudaux.executors.forking.starting import command, environment
from rudaux.runtime import tree
from rudaux.runtime.folders import is_full, ran_out, why_full

_NEEDED = ("ipykernel", "nbclient", "jupyter_client")
_PATIENCE = 60.0


class Lost(Exception):  # noqa: N818 - becomes a failed job, not an error of its own
    """The server is gone, or answers no longer."""


@dataclass(frozen=True)
class Preload:
    """Modules to import once for all; `tried`: what gives trouble is left out, else an error."""

    names: tuple[str, ...] = ()
    tried: bool = False

    @classmethod
    def of(cls, wanted: tuple[str, ...] | str, imports: Sequence[str]) -> Preload:
        """Return what grading.preload says, where "auto" stands for `imports`."""
        if isinstance(wanted, str):
            return cls(tuple(imports), tried=True)
        return cls(wanted)


class ForkServer:
    """A running fork server; use it from one thread."""

    def __init__(
        self,
        folder: Path,
        preload: Preload = Preload(),
        box: Mapping[str, object] | None = None,
    ) -> None:
        # Messages keep their bounds, and each its own descriptors, where the system can.
        kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, kind)
        self.socket.settimeout(_PATIENCE)
        with theirs:
            channel = theirs.fileno()
            told = {"channel": channel, "preload": asdict(preload), "box": box}
            start, stdin = command("server", "main", told), None
            if box and box.get("root"):
                start, stdin = unpacked.start({"serve": told}, box, folder, channel)
            self.process = subprocess.Popen(
                start,
                env=environment(folder),
                cwd=folder,
                stdin=stdin or subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[channel],
                start_new_session=True,
            )
        if stdin:
            stdin.close()
        self.ready = False

    def _wait_until_ready(self) -> None:
        try:
            said = json.loads(self._line())
        except Lost as lost:
            raise ExecutorFailure(
                "The process that runs students' code does not start: check that "
                f"`{sys.executable} -m ipykernel --version` works."
            ) from lost
        if "error" in said:
            raise ExecutorFailure(f"Student code cannot be run: {said['error']}.")
        self.ready = True

    def submit(self, request: Mapping[str, object], fds: Sequence[int]) -> int:
        """Start a supervisor for a request; return its process id. Raises `Lost`, `OSError`.

        It comes up while the first submission is prepared: only the first call waits for it.
        """
        if not self.ready:
            self._wait_until_ready()
        try:
            socket.send_fds(self.socket, [json.dumps(request).encode()], list(fds))
        except OSError as error:
            raise Lost from error
        answer = json.loads(self._line())
        if "error" in answer:
            raise OSError(answer["error"])
        return int(answer["pid"])

    def kill(self, supervisor: int) -> None:
        """Have a supervisor that keeps no time any more killed with all that is below it."""
        with suppress(OSError):
            self.socket.sendall(json.dumps({"kill": supervisor}).encode())

    def is_alive(self) -> bool:
        """Whether the server runs."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the server and everything it started."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # another thread may be waiting for it
        self.socket.close()
        try:  # while it comes up, it hears nothing
            self.process.wait(_PATIENCE / 4 if self.ready else 0)
        except subprocess.TimeoutExpired:
            tree.kill_below(self.process.pid, seconds=2.0)
            self.process.kill()
            self.process.wait()

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            try:
                data = self.socket.recv(1 << 16)
            except OSError as error:
                raise Lost from error
            if not data:
                raise Lost
            line += data
        return line


def trial(box: Mapping[str, object]) -> Mapping[str, Any]:
    """Make a box, once, and return what refused it, or the kernels that cannot start in it."""
    done = subprocess.run(
        command("box", "trial", {"box": box}),
        env=environment(Path(str(box["base"]))),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_PATIENCE,
        check=False,
    )
    try:
        said: Mapping[str, Any] = json.loads(done.stdout)
    except ValueError:
        why = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise ExecutorFailure(f"A sandbox cannot be tried on this machine: {why[0]}.") from None
    return said


def check_this_python(kernels: Collection[str], scratch: Path) -> None:
    """Raise `ExecutorFailure` without kernel, client or writable scratch folder."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ExecutorFailure(
            f"Student code cannot be run: {' and '.join(missing)} must be installed beside "
            f"rudaux (`pip install {' '.join(missing)}`)."
        )
    _check_kernels(kernels)
    check_scratch(scratch)


def check_scratch(scratch: Path) -> None:
    """Raise `ExecutorFailure` where nothing can be written to the scratch folder."""
    try:
        make_folder(scratch)
        with tempfile.TemporaryFile(dir=scratch):
            pass
        if is_full(scratch):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        if ran_out(error):
            raise ExecutorFailure(f"Student code cannot be run: {why_full(scratch)}.") from error
        raise ExecutorFailure(
            f"Student code cannot be run: {scratch} is not writable ({error.strerror})."
        ) from error


def _check_kernels(kernels: Collection[str]) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    known = KernelSpecManager().find_kernel_specs() if kernels else ()
    lacking = sorted(name for name in kernels if name not in known)
    if lacking:
        raise ExecutorFailure(
            f'Student code cannot be run: there is no kernel "{lacking[0]}", which the source '
            f"notebooks ask for, on this machine. Its kernels: {', '.join(sorted(known))}."
        )
