"""The Linux system calls that Python has no functions for; each raises `OSError`."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from pathlib import Path

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
"""Namespaces, as numbered by https://man7.org/linux/man-pages/man7/namespaces.7.html."""
NOSUID, NODEV, NOEXEC, BIND, REC, PRIVATE = 0x2, 0x4, 0x8, 0x1000, 0x4000, 0x40000
"""Flags of `mount`."""
READ_ONLY = 0x1
"""A flag of `restrict`; NOSUID, NODEV and NOEXEC are the same as for `mount`."""

_MOUNT_SETATTR = 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}
_AT_FDCWD, _AT_RECURSIVE, _DETACH = -100, 0x8000, 2
_PR_SET_SECCOMP, _FILTER = 22, 2
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_VERSION_OF_CAPABILITIES, _MOST_CAPABILITIES = 0x20080522, 64


def _call(function: str, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(getattr(libc, function)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def unshare(namespaces: int) -> None:
    """Move this process (or, with NEWPID, its children) into new namespaces."""
    _call("unshare", namespaces)


def mount(source: str | Path, target: str | Path, kind: str, flags: int, data: str = "") -> None:
    """Mount a file system of a kind, or, with BIND, an existing folder or file."""
    words = (os.fsencode(source), os.fsencode(target), kind.encode())
    _call("mount", *words, ctypes.c_ulong(flags), data.encode())


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


def restrict(target: str | Path, flags: int, below: bool = True) -> None:
    """Add flags to a mount and to those below it; needs Linux 5.12 or newer."""
    wanted = _MountAttributes(set=flags)
    where = (_AT_FDCWD, os.fsencode(target), _AT_RECURSIVE if below else 0)
    _call("syscall", _MOUNT_SETATTR, *where, ctypes.byref(wanted), ctypes.sizeof(wanted))


def change_root(new: str | Path) -> None:
    """Make a mount the root of this mount namespace, and detach the old one."""
    os.chdir(new)
    _call("syscall", _PIVOT_ROOT[platform.machine()], b".", b".")
    _call("umount2", b".", _DETACH)
    os.chdir("/")


def bound_rights() -> None:
    """Prevent whatever this process starts from gaining any capability."""
    for capability in range(_MOST_CAPABILITIES):
        try:
            _call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
        except OSError as error:  # noqa: PERF203 - the loop ends with it
            if error.errno != errno.EINVAL:
                raise
            break  # beyond the last capability that this system knows


def give_up_rights() -> None:
    """Drop all capabilities of this process for good."""
    header = (ctypes.c_uint32 * 2)(_VERSION_OF_CAPABILITIES, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def filter_calls(program: bytes) -> None:
    """Restrict this process and whatever it starts to the calls that a BPF program allows."""
    wanted = _Program(len(program) // 8, program)
    _call("prctl", _PR_SET_SECCOMP, _FILTER, ctypes.byref(wanted), 0, 0)
