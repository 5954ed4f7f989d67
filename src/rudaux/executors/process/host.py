"""The host's end of the fork server: starts it, hands it submissions, ends it."""

from __future__ import annotations

import json
import os
import site
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from jupyter_core.paths import jupyter_path

import rudaux
from rudaux.errors import ExecutorFailure
from rudaux.runtime import tree
from rudaux.runtime.limits import THREADS

_START = (
    "import sys; extra = sys.argv[3:]; sys.path += extra[1:]; sys.path.insert(0, extra[0]); "
    "from rudaux.runtime.server import main; sys.path.remove(extra[0]); "
    "channel, preload = int(sys.argv[1]), sys.argv[2]; del sys.argv[1:]; main(channel, preload)"
)
_PATIENCE = 60.0


class Lost(Exception):  # noqa: N818 - becomes a failed job, not an error of its own
    """The server is gone, or answers no longer."""


class ForkServer:
    """A running fork server; use it from one thread."""

    def __init__(self, folder: Path, preload: Sequence[str] = ()) -> None:
        # Messages keep their bounds, and each its own descriptors, where the system can.
        kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, kind)
        self.socket.settimeout(_PATIENCE)
        with theirs:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-c", _START, str(theirs.fileno())),
                    *(" ".join(preload), *_import_paths()),
                ],
                env=_environment(folder),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
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
        """Start a supervisor for a request; give its process id. Raises `Lost`, `OSError`.

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
        self.socket.close()
        try:
            self.process.wait(_PATIENCE / 4)
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


def _import_paths() -> list[str]:
    """Where rudaux is (only for the server's own imports) and the user's packages, if in use."""
    paths = [str(Path(rudaux.__file__).parent.parent)]
    if site.ENABLE_USER_SITE:
        paths.append(site.getusersitepackages())
    return paths


def _environment(folder: Path) -> dict[str, str]:
    """Make the whole environment of student code: nothing else of ours is in it.

    JUPYTER_PATH keeps kernels findable that were installed for this user only.
    """
    binaries = str(Path(sys.executable).parent)
    return {
        "PATH": os.pathsep.join([binaries, os.environ.get("PATH", os.defpath)]),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "IPYTHONDIR": str(folder),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "JUPYTER_PATH": os.pathsep.join(jupyter_path()),
        "PYTHONDONTWRITEBYTECODE": "1",
        # As many threads of a library as submissions at a time would fight over the cores, and
        # threads do not survive a fork.
        **dict.fromkeys(THREADS, "1"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
