"""What a box sees of this machine: read-only, what a kernel needs to start, and nothing else."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rudaux.runtime import syscalls as sys_

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = (
    "alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
    "locale.alias", "mime.types", "R", "java*", "python3*", "matplotlibrc",
)  # fmt: skip
"""Files and folders of /etc."""
_NETWORK = (
    "resolv.conf", "hosts", "host.conf", "nsswitch.conf", "services", "protocols", "ssl",
    "ca-certificates", "pki", "gai.conf",
)  # fmt: skip
_PARTS = ("bin", "lib", "lib64", "include", "share", "pyvenv.cfg")
"""What is shown of an environment in a folder that must stay hidden."""
_ACCOUNTS = {
    "passwd": "root:x:0:0::/:/usr/sbin/nologin\nstudent:x:1000:1000::/tmp:/bin/sh\n",
    "group": "root:x:0:\nstudent:x:1000:\n",
}
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
          "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"}  # fmt: skip
OWN = ("proc", "dev", "sys", "tmp")
"""The folders of which a box has its own."""
_TMP = "/tmp"  # noqa: S108 - the box's own
_FILES = 100_000
"""Files and folders that a submission may make."""
_SHARED_MEMORY = 64 << 20


@dataclass(frozen=True)
class View:
    """Paths in the order in which they are mounted, and whether each is shown or covered."""

    steps: tuple[tuple[str, bool], ...]
    links: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    """The box's own files in /etc, unless that is an image's."""


def of_an_image() -> View:
    """Return everything under this process's root except what belongs to the machine."""
    entries = [path for path in sorted(Path("/").iterdir()) if path.name not in OWN]
    links = tuple((str(p), str(p.readlink())) for p in entries if p.is_symlink())
    return View(tuple((str(p), True) for p in entries if not p.is_symlink()), links)


def of_this_machine(hidden: Iterable[str], network: bool) -> View:
    """Return what this Python and its kernels need, and nothing else under `hidden`.

    Homes or a course inside something that is shown are covered; an environment inside the course
    is shown all the same.
    """
    secret = {os.path.realpath(path) for path in (*hidden, _TMP)}
    links = tuple((path, str(Path(path).readlink())) for path in _SYSTEM if Path(path).is_symlink())
    wanted = [path for path in _SYSTEM if not Path(path).is_symlink()]
    settings = _SETTINGS + (_NETWORK if network else ())
    wanted += [path for pattern in settings for path in map(str, Path("/etc").glob(pattern))]
    for prefix in _environments():
        inside = [f"{prefix}/{part}" for part in _PARTS]
        wanted += inside if os.path.realpath(prefix) in secret else [prefix]
    wanted += [path for path in sys.path if path and not _holds(path, secret)]
    shown = {path for name in wanted for path in (name, os.path.realpath(name))}
    states = dict.fromkeys(filter(os.path.exists, shown), True)
    states |= dict.fromkeys(filter(os.path.isdir, secret), False)
    files = _ACCOUNTS if network else {**_ACCOUNTS, "hosts": "127.0.0.1 localhost\n"}
    return View(tuple(_needed(states)), links, tuple(files.items()))


def _environments() -> set[str]:
    """Return the folders of this Python's environment and of the kernels' environments."""
    from jupyter_client.kernelspec import KernelSpecManager

    found = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    found |= set(KernelSpecManager().find_kernel_specs().values())
    for command in filter(None, map(shutil.which, commands().values())):
        for name in (command, os.path.realpath(command)):
            place = Path(name).parent
            found.add(str(place.parent if place.name == "bin" else place))
    return found - {"/"}


def commands() -> dict[str, str]:
    """Return the program that starts each kernel, by the name of its kernelspec."""
    from jupyter_client.kernelspec import KernelSpecManager

    known = KernelSpecManager()
    return {name: known.get_kernel_spec(name).argv[0] for name in known.find_kernel_specs()}


def _holds(path: str, secret: set[str]) -> bool:
    real = Path(os.path.realpath(path))
    return any(Path(place).is_relative_to(real) for place in secret)


def _needed(states: dict[str, bool]) -> Iterable[tuple[str, bool]]:
    """Yield the paths that differ from their nearest parent, parents first."""
    for path in sorted(states, key=lambda path: Path(path).parts):
        above = next((states[str(p)] for p in Path(path).parents if str(p) in states), False)
        if states[path] != above:
            yield path, states[path]


def lay_out(base: str, view: View, scratch: int) -> None:
    """Make the box's root in a folder, in this process's own mount namespace."""
    sys_.mount("none", "/", "", sys_.REC | sys_.PRIVATE)
    sys_.mount("box", base, "tmpfs", sys_.NOSUID | sys_.NODEV, "mode=755,size=1m")
    for name in ("proc", "tmp"):
        Path(base, name).mkdir()
    # Before the rest: an environment may be in /tmp, and is mounted on top of it.
    room = f"mode=1777,size={scratch},nr_inodes={_FILES}"
    sys_.mount("scratch", f"{base}{_TMP}", "tmpfs", sys_.NOSUID | sys_.NODEV, room)
    for path, shown in view.steps:
        target = base + path
        _make(target, Path(path).is_dir())
        if shown:
            sys_.mount(path, target, "", sys_.BIND | sys_.REC)
            sys_.restrict(target, sys_.READ_ONLY | sys_.NOSUID | sys_.NODEV)
        else:
            sys_.mount("covered", target, "tmpfs", sys_.NOSUID | sys_.NODEV, "mode=755,size=64k")
    for path, target in view.links:
        Path(base + path).symlink_to(target)
    _make_devices(f"{base}/dev")
    settings = Path(base, "etc")
    settings.mkdir(exist_ok=True)
    for name, text in view.settings:
        (settings / name).write_text(text)
    for path, shown in view.steps:
        if not shown:
            sys_.restrict(base + path, sys_.READ_ONLY, below=False)
    sys_.restrict(base, sys_.READ_ONLY, below=False)


def _make(target: str, is_folder: bool) -> None:
    if is_folder:
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()


def _make_devices(folder: str) -> None:
    Path(folder).mkdir()
    for name in _DEVICES:
        Path(folder, name).touch()
        sys_.mount(f"/dev/{name}", f"{folder}/{name}", "", sys_.BIND)
    for name, target in _LINKS.items():
        Path(folder, name).symlink_to(target)
    for name, kind, data in (
        ("shm", "tmpfs", f"mode=1777,size={_SHARED_MEMORY}"),
        ("pts", "devpts", "newinstance,mode=600,ptmxmode=666"),
    ):
        Path(folder, name).mkdir()
        sys_.mount(kind, f"{folder}/{name}", kind, sys_.NOSUID | sys_.NOEXEC, data)
