"""The fork server: a clean process that has imported everything, and is forked per submission.

It has one thread and no ZeroMQ context, so that a fork of it is as good as a new process. The
environment it was started with, which /proc shows of any fork, holds nothing of rudaux's.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rudaux.runtime import cgroup, lines, tree
from rudaux.runtime.box import Plan, run
from rudaux.runtime.cgroup import Counters
from rudaux.runtime.folders import lay_out, ran_out, why_full
from rudaux.runtime.limits import OWN
from rudaux.runtime.preload import import_for_notebooks
from rudaux.runtime.prepared import prepare

_TOO_BIG = (
    "its files do not fit into grading.scratch: raise it in rudaux.toml, then grade this again"
)
_IMPORTS = (
    "rudaux.runtime.supervisor",
    "rudaux.runtime.runner",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "argcomplete",
    "faulthandler",
    "pdb",
    "sqlite3",
    "tornado.platform.asyncio",
)
"""What a runner needs, and what a kernel imports before its first cell has run."""


def main(
    channel: int, preload: Mapping[str, Any] | None = None, box: Mapping[str, Any] | None = None
) -> None:
    """Handle requests on a connected socket until the host closes it.

    `preload` has the `names` of modules that notebooks import, and whether each is `tried` in a
    process of its own first and left out if it causes trouble. `box` is what all boxes have in
    common, if each submission runs in one.
    """
    tree.adopt_orphans()
    tree.set_dumpable(False)
    import_everything()
    trouble = import_for_notebooks(**(preload or {}))
    show_an_error()
    boxes = Boxes.of(box) if box else None
    gc.collect()
    gc.freeze()
    host = socket.socket(fileno=channel)
    host.sendall(json.dumps({"error": trouble} if trouble else {"ready": True}).encode() + b"\n")
    supervisors: set[int] = set()
    try:
        while _serve(host, supervisors, boxes):
            if _bury(supervisors) and boxes:
                boxes.sweep()
    finally:
        tree.kill_below(os.getpid())
        if boxes:
            boxes.sweep()


class Boxes:
    """Makes a box for each submission, in a control group of its own if one may be made."""

    def __init__(self, plan: Plan, place: cgroup.Place | None) -> None:
        self.plan, self.place = plan, place
        self.prefix = cgroup.prefix()
        self.made = 0

    @classmethod
    def of(cls, wanted: Mapping[str, Any]) -> Boxes:
        """Inspect this machine, and remove the groups that a killed run has left."""
        boxes = cls(Plan.of(wanted), cgroup.find())
        boxes.sweep()
        return boxes

    def group(self, memory: int) -> Path | None:
        """Make a group for a submission that may use so many bytes besides its files."""
        self.made += 1
        if self.place is None:
            return None
        try:
            whole = memory + self.plan.scratch + OWN
            return self.place.make(f"{self.prefix}{self.made}", whole)
        except OSError:
            return None  # the supervisor watches the memory

    def sweep(self) -> None:
        """Remove the groups of boxes that are gone."""
        if self.place:
            self.place.sweep(self.prefix)


def import_everything() -> None:
    """Import what the forks will need."""
    # jsonschema would spend over a second on importing a grammar for IRIs that no notebook needs.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    for name in _IMPORTS:
        with suppress(ImportError):
            importlib.import_module(name)
    del sys.modules["rfc3987_syntax"]
    # nbformat compiles its schema for the first output that it checks.
    importlib.import_module("nbformat.v4").new_output("stream")
    # The first kernelspec makes it search all installed packages.
    importlib.import_module("jupyter_client.provisioning").KernelProvisionerFactory.instance()


def show_an_error() -> None:
    """Format a traceback as a kernel does, so that its slow first time is over before any fork.

    For the first one, Python looks for the source files of all modules, which takes as long as a
    whole notebook.
    """
    with suppress(Exception):
        formats = importlib.import_module("IPython.core.ultratb").VerboseTB()
        try:
            raise ValueError
        except ValueError:
            formats.structured_traceback(*sys.exc_info())


def _serve(host: socket.socket, supervisors: set[int], boxes: Boxes | None) -> bool:
    """Handle one request, or wait a moment; return False once the host is gone."""
    if not select.select([host], [], [], 0.5)[0]:
        return True
    data, fds, _, _ = socket.recv_fds(host, 1 << 16, 3)
    if not data:
        return False
    request = json.loads(data)
    if "kill" in request:
        if request["kill"] in supervisors:
            os.kill(request["kill"], signal.SIGKILL)
        return True
    prepare(request.get("proof") or {})
    try:
        group = boxes.group(request["limits"]["memory"]) if boxes else None
        pid = os.fork()
    except OSError as error:
        host.sendall(json.dumps({"error": str(error)}).encode() + b"\n")
    else:
        if pid == 0:
            host.close()
            _supervise(request, fds, boxes.plan if boxes else None, group)
        supervisors.add(pid)
        host.sendall(json.dumps({"pid": pid}).encode() + b"\n")
    finally:
        for fd in fds:
            os.close(fd)
    return True


def _supervise(
    request: Mapping[str, Any], fds: list[int], plan: Plan | None, group: Path | None
) -> None:
    from rudaux.runtime.supervisor import supervise

    notebooks, outbox, files = fds

    def work(counters: Counters | None = None) -> None:
        try:
            with os.fdopen(files, "rb") as packed:
                folder = lay_out(packed, request["folder"])
            supervise(request, folder, notebooks, outbox, counters)
        except Exception as error:
            why = f"its supervisor failed ({type(error).__name__}: {error})"
            if ran_out(error):
                disk = request["disk"]
                why = why_full(disk) if disk else _TOO_BIG
            with suppress(OSError):  # on a line of its own: another may have been cut off
                os.write(outbox, b"\n" + lines.line(verdict="failed", reason=why, seconds=0.0))
            raise

    status = 1
    try:
        if plan:
            run(plan, work, outbox, group)
        else:
            work()
        status = 0
    except BaseException:
        # The host sees a submission without a verdict; this helps to find out why.
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _bury(supervisors: set[int]) -> bool:
    """Forget supervisors that have ended, and kill what a killed one has left behind.

    Returns whether any has ended.
    """
    ended = tree.reap()
    supervisors -= set(ended)
    if not ended:
        return False
    me = os.getpid()
    for process in tree.descendants(me):
        if process.parent == me and process.pid not in supervisors:
            for pid in (process.pid, *(below.pid for below in tree.descendants(process.pid))):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    return True
