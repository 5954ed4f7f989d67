"""The system calls that a box refuses: at least those of Docker's default profile.

https://docs.docker.com/engine/security/seccomp/ gives the reasons. libseccomp knows their numbers
on every architecture; calls newer than this list are refused as if the system did not have them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from rudaux.runtime import syscalls

_LIBRARY = "libseccomp.so.2"
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EQUAL, _GREATER, _MASKED_EQUAL = 4, 6, 7
_NAMESPACES = (
    syscalls.NEWNS, syscalls.NEWCGROUP, syscalls.NEWUTS, syscalls.NEWIPC, syscalls.NEWUSER,
    syscalls.NEWPID, syscalls.NEWNET,
)  # fmt: skip
_REFUSED = (
    # another root, other namespaces
    "mount umount umount2 pivot_root chroot setns unshare move_mount open_tree mount_setattr "
    "fsopen fsconfig fsmount fspick open_by_handle_at name_to_handle_at "
    # other processes
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise "
    "move_pages migrate_pages mbind set_mempolicy get_mempolicy "
    # the kernel itself
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register "
    "init_module finit_module delete_module create_module query_module get_kernel_syms "
    "kexec_load kexec_file_load reboot syslog add_key request_key keyctl lookup_dcookie "
    "fanotify_init acct quotactl quotactl_fd nfsservctl swapon swapoff uselib ustat sysfs _sysctl "
    "vhangup vm86 vm86old modify_ldt iopl ioperm personality memfd_secret "
    # the machine's name and clock
    "sethostname setdomainname settimeofday stime clock_settime clock_settime64 clock_adjtime "
    "clock_adjtime64 adjtimex"
)
_FAMILIES = {1, 2, 10, 16}
"""Families of sockets that are allowed: UNIX, IPv4, IPv6, and netlink, which lists interfaces."""
_LAST_FAMILY = 16
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_FIRST_UNKNOWN = 457
"""Number of the first call, on every architecture, that is too new for programs to need it."""


class _Argument(ctypes.Structure):
    _fields_ = [
        ("number", ctypes.c_uint),
        ("comparison", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("mask_or_value", ctypes.c_uint64),
    ]


def program() -> bytes:
    """Return the filter as a BPF program; raises `OSError` without libseccomp."""
    library = ctypes.CDLL(_LIBRARY)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(_ALLOW))
    try:
        _add_rules(library, context)
        return _beyond(_FIRST_UNKNOWN) + _exported(library, context)
    finally:
        library.seccomp_release(context)


def _add_rules(library: ctypes.CDLL, context: ctypes.c_void_p) -> None:
    def refuse(name: str, *arguments: _Argument, error: int = errno.EPERM) -> None:
        call = library.seccomp_syscall_resolve_name(name.encode())
        # A call that this architecture, or an older library, does not know gets no rule.
        if call < 0:
            return
        row = (_Argument * len(arguments))(*arguments)
        wrong = library.seccomp_rule_add_array(
            context, ctypes.c_uint32(_ERRNO | error), call, len(arguments), row
        )
        if wrong:
            raise OSError(-wrong, f"libseccomp accepts no rule for {name}")

    for name in _REFUSED.split():
        refuse(name)
    # A filter cannot read the structure behind its pointer; without it, glibc uses `clone`.
    refuse("clone3", error=errno.ENOSYS)
    for namespace in _NAMESPACES:
        refuse("clone", _Argument(0, _MASKED_EQUAL, namespace, namespace))
    for request in (_TIOCSTI, _TIOCLINUX):
        refuse("ioctl", _Argument(1, _MASKED_EQUAL, 0xFFFFFFFF, request))
    refuse("socket", _Argument(0, _GREATER, _LAST_FAMILY, 0), error=errno.EAFNOSUPPORT)
    for family in set(range(_LAST_FAMILY)) - _FAMILIES:
        refuse("socket", _Argument(0, _EQUAL, family, 0), error=errno.EAFNOSUPPORT)


def _beyond(first: int) -> bytes:
    """Refuse all calls from a number on, including those of x86's other numbering (x32)."""
    load, jump, give_back = 0x20, 0x35, 0x06
    instructions = (
        (load, 0, 0, 0),
        (jump, 0, 1, first),
        (give_back, 0, 0, _ERRNO | errno.ENOSYS),
    )
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)


def _exported(library: ctypes.CDLL, context: ctypes.c_void_p) -> bytes:
    file = os.memfd_create("filter")
    try:
        wrong = library.seccomp_export_bpf(context, file)
        if wrong:
            raise OSError(-wrong, "libseccomp cannot write its filter")
        return os.pread(file, 1 << 20, 0)
    finally:
        os.close(file)
