"""The host's end of the fork server: starts it, hands it submissions, ends it."""

from __future__ import annotations

import importlib.util
import json
import os
import site
import socket
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path

import rudaux
from rudaux.config.private import make_folder
from rudaux.errors import ExecutorFailure
from rudaux.runtime import tree
from rudaux.runtime.limits import THREADS

_START = (
    "import json, sys; extra = sys.argv[2:]; sys.path += extra[1:]; sys.path.insert(0, extra[0]); "
    "from rudaux.runtime.{module} import {function} as start; sys.path.remove(extra[0]); "
    "told = json.loads(sys.argv[1]); del sys.argv[1:]; start(**told)"
)
_NEEDED = ("ipykernel", "nbclient", "jupyter_client")
_PATIENCE = 60.0


class Lost(Exception):  # noqa: N818 - becomes a failed job, not an error of its own
    """The server is gone, or answers no longer."""


class ForkServer:
    """A running fork server; use it from one thread."""

    def __init__(
        self, folder: Path, preload: Sequence[str] = (), box: Mapping[str, object] | None = None
    ) -> None:
        # Messages keep their bounds, and each its own descriptors, where the system can.
        kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, kind)
        self.socket.settimeout(_PATIENCE)
        with theirs:
            told = {"channel": theirs.fileno(), "preload": list(preload), "box": box}
            self.process = subprocess.Popen(
                _command("server", "main", told),
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


def _command(module: str, function: str, told: Mapping[str, object]) -> list[str]:
    """Return what starts a function of the runtime, and of nothing else of rudaux."""
    start = _START.format(module=module, function=function)
    return [sys.executable, "-I", "-c", start, json.dumps(told), *_import_paths()]


def trial(box: Mapping[str, object], kernels: Collection[str]) -> Mapping[str, Any]:
    """Make a box, once, and return what refused it, or the kernels that cannot start in it."""
    done = subprocess.run(
        _command("box", "trial", {"box": box, "kernels": sorted(kernels)}),
        env=_environment(Path(str(box["base"]))),
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
    try:
        make_folder(scratch)
        with tempfile.TemporaryFile(dir=scratch):
            pass
    except OSError as error:
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
