"""Use an unpacked image as the root of the fork server, and so of all boxes that it makes.

A process of this machine's Python changes its root and becomes the image's own Python. The image's
own programs have this account's rights, as this machine's Python has; students' code is in a box
inside, and cannot write to the image.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from rudaux.runtime import lines, syscalls, view
from rudaux.runtime.refused import Refused, step

TMP = "/tmp"  # noqa: S108 - a file system of its own
BASE = f"{TMP}/box"
"""Where boxes are made, as the fork server sees it."""
PLACES = (
    "/srv/conda/envs/notebook/bin", "/srv/conda/bin", "/opt/conda/bin", "/opt/venv/bin",
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
)  # fmt: skip
"""Where to look for programs: unlike an image, a folder does not say what its PATH is."""
_NETWORK = ("resolv.conf", "hosts")


def start(
    root: str,
    base: str,
    network: bool,
    program: str,
    environment: Mapping[str, str],
    outbox: int = 1,
) -> NoReturn:
    """Become the image's Python, which takes a request from standard input.

    `base` is an empty folder for the root. If something is refused, `outbox` gets a line about it.
    """
    try:
        _enter(root, base, network)
        python = next((p for p in map(_python, PLACES) if Path(p).exists()), None)
        if python is None:
            raise Refused("python3", FileNotFoundError(2, "the image has none"))
        command = ["python3", "-I", "-c", program]
        with step("the image's Python"):
            os.execve(python, command, {**environment, "PATH": ":".join(PLACES)})  # noqa: S606
    except Refused as refused:
        said = lines.line(error=str(refused), step=refused.step, errno=refused.number)
        os.write(outbox, said)
    os._exit(1)


def _python(place: str) -> str:
    return f"{place}/python3"


def _enter(root: str, base: str, network: bool) -> None:
    user, group = os.geteuid(), os.getegid()
    with step("namespaces"):
        syscalls.unshare(syscalls.NEWNS | (syscalls.NEWUSER if user else 0))
    if user:
        with step("user ids"):
            # Otherwise the group's map may not be written (user_namespaces(7)).
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1\n")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1\n")
    with step("the image's root"):
        _lay_out(root, base, network)
        syscalls.change_root(base)
        Path(BASE).mkdir()
        os.chdir(TMP)


def _lay_out(root: str, base: str, network: bool) -> None:
    syscalls.mount("none", "/", "", syscalls.REC | syscalls.PRIVATE)
    syscalls.mount("image", base, "tmpfs", syscalls.NOSUID | syscalls.NODEV, "mode=755,size=1m")
    for entry in sorted(Path(root).iterdir()):
        target = Path(base, entry.name)
        if entry.name in view.OWN:
            continue
        if entry.is_symlink():
            target.symlink_to(entry.readlink())
        elif entry.is_dir():
            target.mkdir()
            _show(entry, target)
    for name in ("proc", "dev", "sys"):
        Path(base, name).mkdir()
        syscalls.mount(f"/{name}", f"{base}/{name}", "", syscalls.BIND | syscalls.REC)
    own = base + TMP
    Path(own).mkdir()
    flags = syscalls.NOSUID | syscalls.NODEV
    syscalls.mount("own", own, "tmpfs", flags, "mode=755,size=64m")
    for name, ours in _names_of_hosts(base, network):
        inside = Path(base, "etc", name)
        # A link would be followed on this machine.
        if inside.is_file() and not inside.is_symlink():
            _show(ours, inside)
    syscalls.restrict(base, syscalls.READ_ONLY, below=False)


def _names_of_hosts(base: str, network: bool) -> Iterator[tuple[str, Path]]:
    """Yield the files that an engine fills in, by name: in an exported image they are empty."""
    if network:
        yield from ((name, Path("/etc", name)) for name in _NETWORK)
        return
    hosts = Path(base + TMP, "hosts")
    hosts.write_text("127.0.0.1 localhost\n")
    yield "hosts", hosts


def _show(source: Path, target: Path) -> None:
    syscalls.mount(source, target, "", syscalls.BIND | syscalls.REC)
    syscalls.restrict(target, syscalls.READ_ONLY | syscalls.NOSUID | syscalls.NODEV)
