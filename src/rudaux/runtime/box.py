"""A box made of namespaces around a submission, entered by a fork of the fork server.

It needs no daemon, no other program and no root. Two processes make it: a guard, which stays
outside and which the fork server kills, and the box's first process, which becomes the supervisor.
https://man7.org/linux/man-pages/man7/user_namespaces.7.html has the rules.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from rudaux.runtime import lines, seccomp, syscalls, tree, view
from rudaux.runtime.cgroup import Counters
from rudaux.runtime.refused import Refused, step

_USER = 1000
"""The id of student code inside the box."""
_NOBODY = 2_000_000_000
"""Its id outside if rudaux runs as root: one that no account has."""
_SIOCSIFFLAGS, _IFF_UP, _LOOPBACK = 0x8914, 0x1, b"lo"
_TOO_MUCH = "it used more memory than it may"
_MOST_NAMESPACES = "/proc/sys/user/max_user_namespaces"


@dataclass(frozen=True)
class Plan:
    """What all boxes of a run have in common; `base` is an empty folder to make roots in."""

    base: str
    scratch: int
    network: bool
    view: view.View
    filter: bytes

    @classmethod
    def of(cls, wanted: Mapping[str, Any]) -> Plan:
        """Inspect this machine or image once for all boxes; raises `Refused`.

        For an image, which may have no libseccomp, the `filter` is passed in.
        """
        with step("libseccomp"):
            given = wanted.get("filter")
            program = bytes.fromhex(given) if given else seccomp.program()
        if wanted.get("root"):
            shown = view.of_an_image()
        else:
            shown = view.of_this_machine(wanted["hidden"], wanted["network"])
        return cls(wanted["base"], wanted["scratch"], wanted["network"], shown, program)


def run(
    plan: Plan, work: Callable[[Counters], None], outbox: int, group: Path | None = None
) -> None:
    """Run `work` in a new box, and wait until everything in it is gone.

    If the system refuses something, that is the verdict: a failure of ours. `group` is a control
    group for all of it.
    """
    counters = _joined(group)
    try:
        _enter(plan)
        with step("a process in the box"):
            pid = os.fork()
        if pid == 0:
            _first_process(plan, partial(work, counters), outbox)
    except Refused as refused:
        _say(outbox, refused)
        return
    status = os.waitpid(pid, 0)[1]
    killed, full = counters()
    if counters.has_group and os.WIFSIGNALED(status) and killed and full:
        # On a line of its own; if the supervisor has reported its end, this is not read.
        said = lines.line(verdict="out_of_memory", reason=_TOO_MUCH, seconds=0.0)
        with suppress(OSError):
            os.write(outbox, b"\n" + said)


def _joined(group: Path | None) -> Counters:
    """Enter a group and return its counters, or those without a group if the system refuses."""
    if group is not None:
        try:
            (group / "cgroup.procs").write_text("0")
        except OSError:
            group = None
    return Counters(group)


def _say(outbox: int, refused: Refused) -> None:
    why = f"its box could not be made ({refused})"
    said = lines.line(
        verdict="failed", reason=why, seconds=0.0, step=refused.step, errno=refused.number
    )
    os.write(outbox, said)


def _enter(plan: Plan) -> None:
    """Become the guard: enter all new namespaces but that of processes, which is its children's."""
    namespaces = syscalls.NEWUSER | syscalls.NEWNS | syscalls.NEWPID | syscalls.NEWIPC
    namespaces |= syscalls.NEWUTS | syscalls.NEWCGROUP | (0 if plan.network else syscalls.NEWNET)
    is_root = os.geteuid() == 0
    ids = (_NOBODY, _NOBODY) if is_root else (os.geteuid(), os.getegid())
    if is_root:
        os.setgroups([])
    with _map_by_another(ids) if is_root else _map_by_itself(ids):
        with step("namespaces"):
            syscalls.unshare(namespaces)
        # It must be able to write its own maps; nothing else sees it before it has a root.
        tree.set_dumpable(True)
    tree.die_with_parent()
    with step("its root"):
        view.lay_out(plan.base, plan.view, plan.scratch)


@contextmanager
def _map_by_itself(ids: tuple[int, int]) -> Generator[None]:
    yield
    with step("user ids"):
        _write_maps("self", ids)


@contextmanager
def _map_by_another(ids: tuple[int, int]) -> Generator[None]:
    """Have a process that stays outside write the maps: only it may map an id not its own."""
    me = os.getpid()
    waiting, ready = os.pipe()
    writer = os.fork()
    if writer == 0:
        status = 1
        try:
            os.close(ready)
            if os.read(waiting, 1):
                _write_maps(str(me), ids)
                status = 0
        finally:
            os._exit(status)
    os.close(waiting)
    try:
        yield
        os.write(ready, b"1")
    finally:
        os.close(ready)
        ended = os.waitpid(writer, 0)[1]
    with step("user ids"):
        if ended:
            raise PermissionError(1, "they cannot be mapped")


def _write_maps(who: str, ids: tuple[int, int]) -> None:
    # Otherwise the group's map may not be written (user_namespaces(7)).
    Path("/proc", who, "setgroups").write_text("deny")
    # Root stays root until the box is made: it may be the only one to enter a folder that is shown.
    root = "0 0 1\n" if _NOBODY in ids else ""
    for name, outside in {"uid_map": ids[0], "gid_map": ids[1]}.items():
        Path("/proc", who, name).write_text(f"{root}{_USER} {outside} 1\n")


def _first_process(plan: Plan, work: Callable[[], None], outbox: int) -> NoReturn:
    status = 1
    try:
        _settle(plan)
        work()
        status = 0
    except Refused as refused:
        _say(outbox, refused)
    finally:
        os._exit(status)


def _settle(plan: Plan) -> None:
    """Enter the box's root, and give up all rights for good."""
    with step("/proc"):
        flags = syscalls.NOSUID | syscalls.NODEV | syscalls.NOEXEC
        syscalls.mount("proc", f"{plan.base}/proc", "proc", flags)
    with step("its root"):
        syscalls.change_root(plan.base)
    with step("its name"):
        socket.sethostname("box")
        os.setsid()
    if not plan.network:
        with step("its loopback interface"):
            _raise_loopback()
    with step("giving up rights"):
        if Path(_MOST_NAMESPACES).exists():
            Path(_MOST_NAMESPACES).write_text("0")
        syscalls.bound_rights()
        os.setresgid(_USER, _USER, _USER)
        os.setresuid(_USER, _USER, _USER)
        syscalls.give_up_rights()
    tree.die_with_parent()
    tree.set_dumpable(False)
    tempfile.tempdir = os.environ["HOME"] = os.environ["TMPDIR"] = "/tmp"  # noqa: S108 - its own
    with step("filter of system calls"):
        syscalls.filter_calls(plan.filter)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", _LOOPBACK, _IFF_UP)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)


def trial(box: Mapping[str, Any]) -> None:
    """Make a box; print what was refused, or the kernels that cannot be started in it."""
    reader, outbox = os.pipe()
    try:
        plan = Plan.of(box)
    except Refused as refused:
        _say(outbox, refused)
    else:
        commands = view.commands()
        pid = os.fork()
        if pid == 0:
            run(plan, lambda _: _look_for(commands, outbox), outbox)
            os._exit(0)
        os.waitpid(pid, 0)
    os.close(outbox)
    with os.fdopen(reader) as said:
        sys.stdout.write(said.read())


def _look_for(commands: Mapping[str, str], outbox: int) -> None:
    lacking = [name for name, program in commands.items() if not shutil.which(program)]
    os.write(outbox, lines.line(lacking=lacking))
