"""The `sandbox` executor: student code in boxes made of namespaces, without a daemon or root.

`rudaux.runtime.box` and `rudaux.runtime.view` make the boxes; docs/explanation/security.md says
what they keep out, and what only a container does.
"""

from __future__ import annotations

import errno
import os
import platform
import stat
import sys
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from rudaux.config import GradingSettings
from rudaux.errors import ExecutorFailure
from rudaux.executors.environment import this_python
from rudaux.executors.forking import (
    ForkingExecutor,
    Pool,
    check_scratch,
    check_this_python,
    scratch_folder,
    trial,
    unpacked,
)
from rudaux.executors.lacking import what_it_lacks
from rudaux.executors.packing import too_large
from rudaux.executors.request import read_memory
from rudaux.runtime import seccomp
from rudaux.runtime.image import BASE

_SETTINGS = {
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
    "kernel/unprivileged_userns_clone": ("0", "1"),
    "user/max_user_namespaces": ("0", "15000"),
}
"""Settings under /proc/sys: the value that forbids a box, and one that allows it."""


class SandboxExecutor(ForkingExecutor):
    """Runs submissions in boxes on this machine, which see nothing under `hidden`."""

    def __init__(self, settings: GradingSettings, scratch: Path, hidden: Iterable[Path]) -> None:
        super().__init__(settings, scratch)
        self.private = [str(path) for path in (scratch, *hidden)]
        self.hidden = [*self.private[1:], str(Path.home())]
        self.root = Path(settings.root).resolve() if settings.root else None
        self.tried: Mapping[str, Any] | None = None
        """What was said about the last box that could be made."""

    def check(self, kernels: Collection[str] = ()) -> None:
        """Raise `ExecutorFailure` if this machine cannot make a box, naming what forbids it."""
        if sys.platform != "linux":
            raise ExecutorFailure(_advice("it needs Linux, and this machine does not run it"))
        if self.root:
            self._check_root(self.root)
            check_scratch(self.scratch)
        else:
            check_this_python(kernels, self.scratch)
        if self.root or self.tried is None:
            with scratch_folder(self.scratch) as folder:
                box = self._box(folder)
                said = unpacked.look(box, folder, kernels) if self.root else trial(box)
            if "step" in said:
                raise ExecutorFailure(_advice(_remedy(said)))
            if self.root and (why := what_it_lacks(f"{self.root} (grading.root)", said)):
                raise ExecutorFailure(why)
            self.tried = said
        if lacking := sorted({*kernels} & {*self.tried["lacking"]}):
            raise ExecutorFailure(
                f"Student code cannot be run: the program of the kernel {lacking[0]} is in a "
                "folder that a sandbox does not see; install it under /usr or beside rudaux."
            )

    def environment(self, kernels: Collection[str]) -> str:
        """Return a digest of the environment; empty if it is not known."""
        return self.image or this_python(frozenset(kernels))

    @cached_property
    def image(self) -> str:
        """Return the digest of the unpacked image; empty without one."""
        return unpacked.digest(self.root) if self.root else ""

    def _check_root(self, root: Path) -> None:
        name = f"grading.root names {root}, which"
        if not (root / "usr").is_dir():
            raise ExecutorFailure(
                f"{name} holds no unpacked image: there is no folder usr in it. Unpack one there "
                "(docs: Grading in containers, Without Docker)."
            )
        inside = next((p for p in map(Path, self.private) if _lies_in(p, root)), None)
        if inside is not None:
            raise ExecutorFailure(
                f"{name} contains {inside}, where students' code would see it: unpack the image "
                "elsewhere."
            )
        if root.stat().st_mode & stat.S_IWOTH:
            raise ExecutorFailure(
                f"every account of this machine may write to: run `chmod o-w {root}`."
            )

    @contextmanager
    def _open(self, imports: Sequence[str]) -> Generator[Pool]:
        if self.tried is None:
            self.check()
        refuse = partial(too_large, settings=self.settings)
        with (
            scratch_folder(self.scratch) as folder,
            Pool(self.settings, folder, imports, self._box(folder), refuse) as pool,
        ):
            yield pool

    def _box(self, folder: Path) -> dict[str, object]:
        common = {
            "scratch": read_memory(self.settings.scratch),
            "network": self.settings.network,
        }
        if self.root:
            return {**common, "root": str(self.root), "base": BASE, "filter": _filter()}
        return {
            **common,
            "base": str(folder),
            "hidden": self.hidden,
        }


def _filter() -> str:
    """Return the system call filter in hexadecimal: an image may have no libseccomp."""
    try:
        return seccomp.program().hex()
    except OSError as error:
        raise ExecutorFailure(_advice(_remedy({"step": "libseccomp", "errno": 0}))) from error


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder)


def _advice(why: str) -> str:
    return (
        f'Student code cannot be run with grading.executor = "sandbox": {why}. Nothing was run; '
        'use "docker", which is also safe for code that you do not trust.'
    )


def _remedy(said: Mapping[str, Any]) -> str:
    """Return exactly what forbids a box, and how to allow it."""
    step, number = said["step"], said["errno"]
    if step == "python3":
        return "the image in grading.root has no python3 in any of the usual folders"
    if step == "libseccomp":
        return "libseccomp is missing (Debian: `apt install libseccomp2`)"
    if number == errno.ENOSYS:
        return f"it needs Linux 5.12 or newer, and this is {platform.release()}"
    for name, (forbids, allows) in _SETTINGS.items():
        # The first two do not apply to root.
        if _setting(name) == forbids and (os.geteuid() != 0 or name.startswith("user/")):
            name = name.replace("/", ".")
            return (
                f"this machine forbids it by {name} = {forbids}; its administrator can allow it "
                f"with `sysctl -w {name}={allows}`, or permanently in /etc/sysctl.d"
            )
    if step == "/proc" and number == errno.EPERM:
        return (
            "parts of /proc are masked here, as they are in a container; run rudaux outside of "
            "it, or start the container with `--security-opt systempaths=unconfined`"
        )
    where = " (rudaux runs in a container, which may forbid it)" if _in_container() else ""
    return f"the system refused {step}: {os.strerror(number)}{where}"


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text("ascii").strip()
    except OSError:
        return ""


def _in_container() -> bool:
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
