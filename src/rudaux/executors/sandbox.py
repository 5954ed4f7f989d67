"""The `sandbox` executor: student code in boxes of namespaces, without a daemon and without root.

What a box is made of is in `rudaux.runtime.box` and `rudaux.runtime.view`; docs/security.md says
what it keeps out, and what only a container does.
"""

from __future__ import annotations

import errno
import os
import platform
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rudaux.config import GradingSettings
from rudaux.domain.execution import Execution, Job
from rudaux.errors import ExecutorFailure
from rudaux.executors.environment import this_python
from rudaux.executors.forking import Pool, check_this_python, scratch_folder, trial
from rudaux.executors.packing import too_large
from rudaux.executors.request import read_memory

_SETTINGS = {
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
    "kernel/unprivileged_userns_clone": ("0", "1"),
    "user/max_user_namespaces": ("0", "15000"),
}
"""Of the system, under /proc/sys: the value that forbids a box, and one that allows it."""


class SandboxExecutor:
    """Runs submissions in boxes on this machine; nothing under `hidden` is seen in them."""

    def __init__(self, settings: GradingSettings, scratch: Path, hidden: Iterable[Path]) -> None:
        self.settings = settings
        self.scratch = scratch
        self.hidden = [str(path) for path in (*hidden, Path.home())]
        self.tried = False
        read_memory(settings.memory)  # a mistake in it is said before anything runs

    def check(self, kernels: Collection[str] = ()) -> None:
        """Raise `ExecutorFailure` where this machine makes no box, naming what forbids it."""
        if sys.platform != "linux":
            raise ExecutorFailure(_advice("it is made of parts of Linux, and this is not Linux"))
        check_this_python(kernels, self.scratch)
        with scratch_folder(self.scratch) as folder:
            said = trial(self._box(folder), kernels)
        if "step" in said:
            raise ExecutorFailure(_advice(_remedy(said)))
        if said["lacking"]:
            raise ExecutorFailure(
                f"Student code cannot be run: what starts the kernel {said['lacking'][0]} lies "
                "where a sandbox does not look; install it under /usr or beside rudaux."
            )
        self.tried = True

    def environment(self, kernels: Collection[str]) -> str:
        """Name what submissions meet; empty where it cannot be told."""
        return this_python(kernels)

    def run(self, jobs: Iterable[Job]) -> Iterator[Execution]:
        """Yield executions as they end; a job is prepared when there is room for it."""
        if not self.tried:
            self.check()
        with (
            scratch_folder(self.scratch) as folder,
            Pool(self.settings, folder, self._box(folder), self._refuse) as pool,
        ):
            yield from pool.work(iter(jobs))

    def _refuse(self, job: Job) -> str:
        return too_large(job, self.settings)

    def _box(self, folder: Path) -> dict[str, object]:
        return {
            "base": str(folder),
            "scratch": read_memory(self.settings.scratch),
            "network": self.settings.network,
            "hidden": self.hidden,
        }


def _advice(why: str) -> str:
    return (
        f'Student code cannot be run with grading.executor = "sandbox": {why}. Nothing was run; '
        '"docker" is the other executor for code that you do not trust.'
    )


def _remedy(said: Mapping[str, Any]) -> str:
    """Name the very thing that forbids a box, and what allows it."""
    step, number = said["step"], said["errno"]
    if step == "libseccomp":
        return "libseccomp is missing (Debian: `apt install libseccomp2`)"
    if number == errno.ENOSYS:
        return f"it needs Linux 5.12 or newer, and this is {platform.release()}"
    for name, (forbids, allows) in _SETTINGS.items():
        # Root is not asked for permission by the first two.
        if _setting(name) == forbids and (os.geteuid() != 0 or name.startswith("user/")):
            name = name.replace("/", ".")
            return (
                f"this machine forbids it by {name} = {forbids}; its administrator allows it with "
                f"`sysctl -w {name}={allows}`, and in /etc/sysctl.d for good"
            )
    if step == "/proc" and number == errno.EPERM:
        return (
            "parts of /proc are covered on this machine, as they are in a container; run rudaux "
            "outside of it, or start the container with `--security-opt systempaths=unconfined`"
        )
    where = " (rudaux runs in a container, which may forbid it)" if _in_container() else ""
    return f"the system refuses {step}: {os.strerror(number)}{where}"


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text("ascii").strip()
    except OSError:
        return ""


def _in_container() -> bool:
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
