"""A container's first process: reads a request from standard input, reports on standard output.

It is sent as text to the image's own Python (3.9 or newer), so it can import rudaux's modules only
once the request has brought them. As process 1 without signal handlers it cannot be signalled from
inside (https://man7.org/linux/man-pages/man7/pid_namespaces.7.html), and it hides its memory.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import tempfile
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NEEDED = ("nbformat", "nbclient", "jupyter_client")
_GROUP = Path("/sys/fs/cgroup")
"""The container's own control group, as seen from inside."""


class Sent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the modules whose source came with the request; other parent packages are empty."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.modules = modules
        parts = [name.split(".") for name in modules]
        self.packages = {".".join(p[:depth]) for p in parts for depth in range(1, len(p))}

    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for what was sent, and for nothing else."""
        if name not in self.modules and name not in self.packages:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=name in self.packages)

    def exec_module(self, module: types.ModuleType) -> None:
        """Run a module's source, which is in no file that a kernel could change."""
        name = module.__name__
        code = compile(self.modules.get(name, ""), f"<{name}>", "exec")
        exec(code, module.__dict__)  # noqa: S102 - rudaux's own source


def probe(kernels: list[str]) -> dict[str, Any]:
    """Return what the image lacks to run notebooks of these kernels."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    known: list[str] = []
    if not missing:
        found = importlib.import_module("jupyter_client.kernelspec").KernelSpecManager()
        known = sorted(found.find_kernel_specs())
    lacking = [name for name in kernels if name not in known]
    return {"python": list(sys.version_info[:2]), "missing": missing, "lacking": lacking,
            "known": known}  # fmt: skip


def supervise(request: Mapping[str, Any], outbox: int) -> None:
    """Run one submission, whose notebooks and files follow the request on standard input."""
    sys.meta_path.insert(0, Sent(request["modules"]))
    importlib.import_module("rudaux.runtime.tree").set_dumpable(False)
    server = importlib.import_module("rudaux.runtime.server")
    notebooks = _unnamed_file(request["notebooks"])
    with os.fdopen(os.dup(0), "rb") as stdin:
        folder = importlib.import_module("rudaux.runtime.folders").lay_out(stdin)
    server.import_everything()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    order = {
        "limits": request["limits"],
        "kernels": request["kernels"],
        "proof": request.get("proof"),
        "own_disk": True,
    }
    supervisor = importlib.import_module("rudaux.runtime.supervisor")
    counters = importlib.import_module("rudaux.runtime.cgroup").Counters(_GROUP)
    supervisor.supervise(order, folder, notebooks, outbox, counters)


def serve(request: Mapping[str, Any]) -> None:
    """Run the fork server of an unpacked image, or try a box in it (`rudaux.runtime.image`)."""
    sys.meta_path.insert(0, Sent(request["modules"]))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    if "serve" in request:
        importlib.import_module("rudaux.runtime.server").main(**request["serve"])
    else:
        importlib.import_module("rudaux.runtime.box").trial(**request["trial"])


def _read(size: int) -> bytes:
    """Read exactly so many bytes of standard input."""
    data = bytearray()
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            raise EOFError("the request is cut off")
        data += piece
    return bytes(data)


def _copy_and_exit(size: int, file: int) -> None:
    status = 1
    try:
        rest = memoryview(_read(size))
        while rest:
            rest = rest[os.write(file, rest) :]
        status = 0
    finally:
        os._exit(status)


def _unnamed_file(size: int) -> int:
    """Keep the notebooks where student code cannot read ahead.

    A separate process reads them: a kernel is forked from this one and can search its memory.
    """
    with tempfile.TemporaryFile(buffering=0) as file:
        pid = os.fork()
        if pid == 0:
            _copy_and_exit(size, file.fileno())
        if os.waitpid(pid, 0)[1] != 0:
            raise OSError("the notebooks could not be read")
        return os.dup(file.fileno())


def main() -> None:
    """Do what the request asks for: inspect the image, or run a submission."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    request = json.loads(_read(int(_read(16))))
    if "probe" in request:
        said = probe(request["probe"])
        os.write(1, json.dumps(said).encode() + b"\n")
        if "trial" not in request or said["missing"] or said["lacking"]:
            return
    if "serve" in request or "trial" in request:
        serve(request)
        return
    outbox = os.dup(1)
    try:
        supervise(request, outbox)
    except OSError as error:
        verdict = {"verdict": "failed", "reason": str(error), "seconds": 0.0}
        os.set_blocking(outbox, True)
        os.write(outbox, json.dumps(verdict).encode() + b"\n")


if __name__ == "__main__":
    main()
