"""A control group around a box, with which the system itself enforces its memory limit.

https://docs.kernel.org/admin-guide/cgroup-v2.html, and cgroup-v1/memory.html for older machines.
Root may make one, and an ordinary user only within what systemd has delegated. Without one, only
the supervisor watches the memory, as it does in any case.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
_PREFIX = "rudaux-"


@dataclass(frozen=True)
class Place:
    """A folder in which this account may make groups; `is_unified` means cgroup v2."""

    folder: Path
    is_unified: bool

    def make(self, name: str, memory: int) -> Path:
        """Make a group that may use so many bytes and no swap; raises `OSError`."""
        group = self.folder / name
        group.mkdir()
        limit, swap = (
            ("memory.max", ("memory.swap.max", 0))
            if self.is_unified
            else ("memory.limit_in_bytes", ("memory.memsw.limit_in_bytes", memory))
        )
        try:
            (group / limit).write_text(str(memory))
        except OSError:
            group.rmdir()
            raise
        with suppress(OSError):  # where the system does not count swap
            (group / swap[0]).write_text(str(swap[1]))
        return group

    def sweep(self, ours: str = "") -> None:
        """Remove the empty groups whose names begin with `ours`, or whose server is gone."""
        for group in self.folder.glob(f"{_PREFIX}*"):
            pid = group.name.split("-")[1]
            if (ours and group.name.startswith(ours)) or not Path("/proc", pid).exists():
                with suppress(OSError):
                    group.rmdir()


def prefix() -> str:
    """Return the prefix of the names of this process's groups."""
    return f"{_PREFIX}{os.getpid()}-"


def find() -> Place | None:
    """Return where this process may make groups and enter them; None if nowhere."""
    for folder, is_unified in _candidates():
        if not (os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)):
            continue
        if not is_unified or _counts_memory(folder):
            return Place(folder, is_unified)
    return None


def _counts_memory(folder: Path) -> bool:
    """Return whether the groups in a folder have limits on memory, which may have to be asked for.

    Who delegates a group leaves that to whoever uses it. The system refuses it for a group that
    itself holds processes, as our own does, and where memory was not given to the group.
    """
    control = folder / "cgroup.subtree_control"
    if "memory" not in _words(control):
        with suppress(OSError):
            control.write_text("+memory")
    return "memory" in _words(control)


def _candidates() -> Iterator[tuple[Path, bool]]:
    """Yield this process's group and those above it, in the hierarchy that counts memory."""
    for row in _lines(Path("/proc/self/cgroup")):
        _, controllers, path = row.split(":", 2)
        if controllers == "" and (_MOUNT / "cgroup.controllers").exists():
            top, is_unified = _MOUNT, True
        elif "memory" in controllers.split(","):
            top, is_unified = _MOUNT / "memory", False
        else:
            continue
        own = top / path.lstrip("/")
        for folder in (own, *own.parents):
            if folder.is_relative_to(top):
                yield folder, is_unified


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []


def _words(file: Path) -> list[str]:
    return " ".join(_lines(file)).split()


class Counters:
    """Counts what was killed for its memory, and how often a group's own limit was the reason.

    `oom_kill` also counts what was killed because the whole machine had no memory left. If the
    system does not count the limit itself, that count is None. Without a group of its own, a
    submission is killed only for the machine's sake. The files stay open: a box may not see them.
    """

    def __init__(self, group: Path | None = None) -> None:
        names = ("memory.events", "memory.oom_control", "memory/memory.oom_control")
        there = [group / name for name in names if (group / name).exists()] if group else []
        self.has_group = bool(there)
        file = there[0] if there else Path("/proc/vmstat")
        self.events = _opened(file)
        names = ("failcnt", "max_usage_in_bytes", "limit_in_bytes")
        self.older = [_opened(file.with_name(f"memory.{name}")) for name in names]

    def __call__(self) -> tuple[int, int | None]:
        """Return how many processes were killed so far, and how often the limit was reached."""
        counts = {
            name: int(count)
            for name, count in (row.split() for row in _read(self.events).splitlines())
        }
        killed = counts.get("oom_kill", 0)
        if not self.has_group:
            return killed, 0
        if None in self.older:
            return killed, counts.get("oom")
        hits, most, limit = (int(_read(file)) for file in self.older)
        # Newer kernels no longer count the hits; in a group that was once full they are likely.
        return killed, hits + (killed if most >= limit else 0)


def _opened(file: Path) -> int | None:
    try:
        return os.open(file, os.O_RDONLY)
    except OSError:
        return None


def _read(file: int | None) -> str:
    return "" if file is None else os.pread(file, 1 << 16, 0).decode("ascii", "replace")
