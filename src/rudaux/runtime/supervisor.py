"""Supervise one submission: start each notebook's kernel and runner, enforce limits, clean up.

It has a single thread and no ZeroMQ, so that forking is safe, and is the subreaper of all that it
starts, so that no daemon escapes it.
"""

from __future__ import annotations

import json
import os
import select
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel

from rudaux.runtime import limits as bounds
from rudaux.runtime import lines, tree
from rudaux.runtime.cgroup import Counters
from rudaux.runtime.folders import ROOM, is_full, remove, shows_ran_out, why_full
from rudaux.runtime.kernels import fork_kernel, forkable, write_connection
from rudaux.runtime.limits import Limits
from rudaux.runtime.prepared import filled, prepare
from rudaux.runtime.standstill import Moment, Standstill

_POLL = 0.2
_GRACE = 10.0
"""Seconds past a cell's timeout that the runner has for the interrupt and its own verdict."""
_OWN = 512 << 20
"""Bytes that the runner may use on top of the submission's limit."""
_MOURNING = 3.0
"""Seconds after a kernel's death that the runner has to notice it."""


class Gone(Exception):  # noqa: N818 - nothing went wrong here
    """Raised when nobody reads the reports any more."""


class Supervisor:
    """Runs the notebooks of one submission; `outbox` is its pipe to the host."""

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        outbox: int,
        counters: Counters | None = None,
        own_disk: bool = False,
        proof: Mapping[str, str] | None = None,
        disk: str | None = None,
    ) -> None:
        """Take what to run and where; `disk` is a folder on a disk that it shares with others."""
        self.disk = disk
        self.folder = folder
        self.limits = limits
        self.outbox = outbox
        self.counters = counters or Counters()
        self.own_disk = own_disk
        self.proof = proof or {}
        self.parent = os.getppid()
        self.pending = bytearray()
        self.started = time.monotonic()
        self.until = self.started + limits.timeout
        self.standstill = Standstill()
        self.begun = self.standstill.moment()
        os.set_blocking(outbox, False)

    def run(self, kernels: Mapping[str, str], notebooks: int) -> None:
        """Run all notebooks and report verdict and seconds as the last line.

        `kernels` has each notebook's kernelspec. Student code can read the memory of its kernel,
        which is a fork of this process: so only the runners ever read the file `notebooks`.
        """
        verdict, reason = "ok", ""
        kept_free = [_kept_free(self.folder) for _ in kernels]
        for number, (name, kernel) in enumerate(kernels.items()):
            self.tell(notebook=name)
            os.close(kept_free.pop())
            ended, why = self._notebook(f"k{number}", name, kernel, notebooks)
            if not tree.kill_below(os.getpid()):
                ended, why = "failed", "its processes cannot be killed"
            if ended != "ok" and (verdict == "ok" or ended == "failed"):
                verdict, reason = ended, f"{name}: {why}"
            if ended in {"timeout", "failed"}:
                break
        self.tell(verdict=verdict, reason=reason, seconds=time.monotonic() - self.started)
        while self.pending:
            self._wait([])

    def tell(self, **said: Any) -> None:
        """Queue a line for the host, which may be busy for a while."""
        self._queue(lines.line(**said))

    def _queue(self, data: bytes) -> None:
        self.pending += data
        if len(self.pending) > lines.MOST:
            raise Gone

    def _notebook(self, label: str, notebook: str, kernel: str, notebooks: int) -> tuple[str, str]:
        if self.own_disk and is_full(self.folder):
            return "kernel_died", "no kernel could start: the submission filled its scratch space"
        try:
            env = forkable(kernel)
        except NoSuchKernel:
            return "failed", f'there is no kernel "{kernel}" on this machine: install it'
        forked = None
        if env is not None:
            connection = write_connection(self.folder / "run", label)
            forked = fork_kernel(connection, env, self.limits), connection
        pipe, writer = os.pipe()
        text = partial(_read_notebook, notebooks, notebook)
        runner = self._fork_runner(text, kernel, forked, (pipe, writer))
        os.close(writer)
        killed, full = self.counters()
        try:
            ended, why = _Watch(self, pipe, runner, forked[0] if forked else None).verdict()
            if self.disk and is_full(self.disk):
                ended, why = "failed", why_full(self.disk)
        finally:
            os.close(pipe)
        now_killed, now_full = self.counters()
        if ended == "kernel_died" and now_killed > killed:
            if now_full is not None and now_full == full:
                return "failed", "the machine ran out of memory, not the submission"
            return "out_of_memory", f"{why}: it used more memory than it may"
        return ended, why

    def _fork_runner(
        self,
        read: Callable[[], str],
        kernel: str,
        forked: tuple[int, Path] | None,
        pipe: tuple[int, int],
    ) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            os.setsid()
            tree.die_with_parent()
            os.close(pipe[0])
            os.close(self.outbox)
            from rudaux.runtime.runner import run_notebook

            text = filled(read(), self.proof, forked is not None)
            run_notebook(text, kernel, forked, self.limits, pipe[1])
        finally:
            os._exit(0)

    def _wait(self, readers: list[int]) -> list[int]:
        """Wait a moment for something to read, and pass reports on to the host."""
        if os.getppid() != self.parent:
            raise Gone
        poll = select.poll()
        for reader in readers:
            poll.register(reader, select.POLLIN)
        # Even without POLLOUT, POLLERR tells when the host has closed its end.
        poll.register(self.outbox, select.POLLOUT if self.pending else 0)
        ready = dict(poll.poll(_POLL * 1000))
        happened = ready.pop(self.outbox, 0)
        if happened & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
            raise Gone
        if happened:
            del self.pending[: os.write(self.outbox, self.pending[: 1 << 16])]
        return list(ready)


def _read_notebook(notebooks: int, name: str) -> str:
    """Read a notebook from the file of {name: text}, whose descriptor several processes share."""
    data = bytearray()
    while piece := os.pread(notebooks, 1 << 20, len(data)):
        data += piece
    return str(json.loads(data)[name])


def _kept_free(folder: Path) -> int:
    """Reserve room for starting a kernel, in a nameless file that student code cannot get at.

    A notebook that fills its disk must not prevent the next one's kernel from starting.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, ROOM)
        return os.dup(file.fileno())


class _Watch:
    """Watches one notebook run: forwards the runner's lines and enforces the limits."""

    def __init__(self, owner: Supervisor, pipe: int, runner: int, kernel: int | None) -> None:
        self.owner = owner
        self.pipe = pipe
        self.runner = runner
        self.kernel = kernel
        self.cell: int | None = None
        self.cell_until = float("inf")
        self.kernel_end = float("inf")
        self.splitter = lines.Splitter()
        self.looked = 0.0
        self.standstill = owner.standstill
        self.standstill.watch(kernel)
        self.cell_begun = self.standstill.moment()

    def verdict(self) -> tuple[str, str]:
        while True:
            ready = self.owner._wait([self.pipe])
            self.standstill.look(time.monotonic())
            for _ in ready:
                data = os.read(self.pipe, 1 << 16)
                if not data:
                    return "failed", "the runner ended without a verdict"
                ended = self._lines(data)
                if ended:
                    return ended
            ended = self._overstepped(time.monotonic())
            if ended:
                return ended

    def _lines(self, data: bytes) -> tuple[str, str] | None:
        for line in self.splitter.take(data):
            said = json.loads(line)
            if "verdict" in said:
                return said["verdict"], said["reason"]
            if "start" in said:
                self.cell, self.cell_begun = said["start"], self.standstill.moment()
                self.cell_until = time.monotonic() + self.owner.limits.cell_timeout + _GRACE
            else:
                late = said["cell"][3] >= self.owner.limits.cell_timeout
                if late and (cause := self._delayed(self.cell_begun)):
                    return "failed", cause
                self.cell, self.cell_until = None, float("inf")
                if (disk := self.owner.disk) and any(map(shows_ran_out, said["cell"][2])):
                    return "failed", why_full(disk)
            self.owner._queue(line + b"\n")
        return None

    def _delayed(self, since: Moment) -> str:
        """Return why the machine, and not the submission, used up the time; or ""."""
        cause = self.standstill.cause(since)
        where = "it" if self.cell is None else f"cell {self.cell + 1}"
        return cause and f"{where} ran out of time because {cause}: run this again"

    def _overstepped(self, now: float) -> tuple[str, str] | None:
        where = "" if self.cell is None else f" in cell {self.cell + 1}"
        limits = self.owner.limits
        if now > self.owner.until and (cause := self._delayed(self.owner.begun)):
            return "failed", cause
        if now > self.cell_until and (cause := self._delayed(self.cell_begun)):
            return "failed", cause
        if now > self.owner.until:
            return "timeout", f"the submission took longer than {limits.timeout:g} seconds{where}"
        if now > self.cell_until:
            return "cell_timeout", f"the timeout passed{where} and the kernel did not stop"
        if self.kernel in tree.reap():
            self.kernel_end = now
        if now > self.kernel_end + _MOURNING:
            return "kernel_died", f"the kernel died{where}"
        if now < self.looked + _POLL:
            return None
        self.looked = now
        if self.owner.disk and is_full(self.owner.disk):
            return "failed", why_full(self.owner.disk)
        everything = tree.descendants(os.getpid())
        below = [p for p in everything if p.pid != self.runner]
        if sum(p.memory for p in everything) > limits.memory + sum(p.memory for p in below) + _OWN:
            return "out_of_memory", f"it made more output than can be kept{where}"
        if sum(p.memory for p in below) > limits.memory:
            return "out_of_memory", f"it used more than {limits.memory >> 20} MiB of memory{where}"
        if len(below) > bounds.PROCESSES:
            return "kernel_died", f"it ran more than {bounds.PROCESSES} processes{where}"
        return None


def supervise(
    request: Mapping[str, Any],
    folder: Path,
    notebooks: int,
    outbox: int,
    counters: Counters | None = None,
) -> None:
    """Run a submission as the host requested; `notebooks` is a file of {name: text}.

    `folder` was made for it by `lay_out`, and is removed at the end. `counters` are those of its
    control group, if it has one.
    """
    tree.adopt_orphans()
    for variable, place in (
        ("HOME", "home"),
        ("IPYTHONDIR", "home/.ipython"),
        ("TMPDIR", "tmp"),
        ("JUPYTER_RUNTIME_DIR", "run"),
    ):
        os.environ[variable] = str(folder / place)
    # nbgrader sets it too: code may ask whether it is being autograded.
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    os.chdir(folder / "work")
    own_disk = bool(request.get("own_disk"))
    proof = request.get("proof") or {}
    prepare(proof)
    limits = Limits(**request["limits"])
    disk = request.get("disk")
    supervisor = Supervisor(folder, limits, outbox, counters, own_disk, proof, disk)
    try:
        supervisor.run(request["kernels"], notebooks)
    except Gone:
        pass
    finally:
        os.close(notebooks)
        tree.kill_below(os.getpid())
        os.chdir("/")
        remove(folder)
