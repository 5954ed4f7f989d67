"""Process trees: list the descendants of a process, measure their memory, and kill them.

Everything is read from /proc (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html); a
system without it shows no descendants, and only process groups are killed there.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Process:
    """A row of /proc."""

    pid: int
    parent: int
    threads: int

    @property
    def memory(self) -> int:
        """Return the bytes that are resident and not shared with a file; 0 once it has ended."""
        try:
            resident, shared = map(int, _content(f"/proc/{self.pid}/statm").split()[1:3])
        except OSError:
            return 0
        return (resident - shared) * _PAGE


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, daemons included."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def set_dumpable(dumpable: bool) -> None:
    """Show or hide the environment and memory in /proc to other processes of this user."""
    _prctl(_PR_SET_DUMPABLE, int(dumpable))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def descendants(root: int) -> list[Process]:
    """Return every process below `root`, without `root` itself."""
    children: dict[int, list[Process]] = {}
    for process in _processes():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    parents = [root]
    while parents:
        below = children.get(parents.pop(), [])
        found += below
        parents += [process.pid for process in below]
    return found


def waited(pid: int) -> float:
    """Return the seconds that a process's main thread was ready to run and had no processor.

    https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
    """
    try:
        return int(_content(f"/proc/{pid}/schedstat").split()[1]) / 1e9
    except (OSError, IndexError):  # it has ended, or this system does not count
        return 0.0


def used(pid: int) -> float:
    """Return the seconds of processor time of a process and of its children that have ended."""
    try:
        fields = _content(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def tasks_of_this_user() -> int:
    """Return the number of threads of this user's processes, which RLIMIT_NPROC limits."""
    me = os.getuid()
    total = 0
    for process in _processes():
        with suppress(OSError):
            if Path(f"/proc/{process.pid}").stat().st_uid == me:
                total += process.threads
    return total


def _processes() -> list[Process]:
    rows = []
    with suppress(FileNotFoundError):
        for name in os.listdir("/proc"):  # noqa: PTH208 - a hot loop
            if name.isdigit():
                with suppress(OSError):
                    rows.append(_process(int(name)))
    return rows


def _process(pid: int) -> Process:
    # The command's name may contain spaces and brackets: only the last ")" ends it.
    fields = _content(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return Process(pid, int(fields[1]), int(fields[17]))


def _content(file: str) -> bytes:
    """Read a small file of /proc quickly: there may be hundreds, several times a second."""
    opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(opened, 1 << 12)
    finally:
        os.close(opened)


def kill_below(root: int, seconds: float = 10.0) -> bool:
    """Kill every descendant of `root`, new ones included; return False if some are still there.

    They are stopped first, so that none can start another while the others are killed.
    """
    until = time.monotonic() + seconds
    while True:
        if root == os.getpid():
            reap()
        below = [process.pid for process in descendants(root)]
        if not below:
            return True
        if time.monotonic() > until:
            return False
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for pid in below:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, sign)
        time.sleep(0.005)


def reap() -> dict[int, int]:
    """Reap children that have ended; return their exit codes by pid, negative for a signal."""
    ended = {}
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = os.waitstatus_to_exitcode(status)
    return ended
