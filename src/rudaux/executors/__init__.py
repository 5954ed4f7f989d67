"""The ways of running a submission in a box of its own, each a thin layer over `rudaux.runtime`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rudaux.config import ExecutorName, GradingSettings
    from rudaux.ports import Executor


@dataclass(frozen=True)
class Places:
    """Where a course and its students' homes are, and a scratch folder for the run."""

    course: Path
    homes: Path
    scratch: Path


def open_executor(settings: GradingSettings, places: Places) -> Executor:
    """Return the executor that grading.executor names, here or on a scheduler's workers."""
    executor: Executor
    if settings.scheduler:
        from rudaux.executors.cluster import ClusterExecutor

        executor = ClusterExecutor(settings)
    else:
        executor = _EXECUTORS[settings.executor](settings, places)
    if settings.hidden_tests == "sealed":
        from rudaux.executors.sealed import SealedExecutor

        executor = SealedExecutor(executor)
    return executor


def docker_version() -> str:
    """Return the name and version of the engine that this account can use; "" if none answers."""
    from rudaux.errors import ExecutorFailure
    from rudaux.executors.docker.engine import version

    try:
        return version(seconds=5)
    except ExecutorFailure:
        return ""


def sandbox_works() -> bool:
    """Return whether this account can make boxes on this machine."""
    from rudaux.config import GradingSettings
    from rudaux.errors import ExecutorFailure

    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder), Path(folder), Path(folder, "scratch"))
        try:
            open_executor(GradingSettings(executor="sandbox"), places).check()
        except ExecutorFailure:
            return False
    return True


def _docker(settings: GradingSettings, places: Places) -> Executor:
    from rudaux.executors.docker import DockerExecutor

    return DockerExecutor(settings, places.course)


def _process(settings: GradingSettings, places: Places) -> Executor:
    from rudaux.executors.process import ProcessExecutor

    return ProcessExecutor(settings, places.scratch)


def _sandbox(settings: GradingSettings, places: Places) -> Executor:
    from rudaux.executors.sandbox import SandboxExecutor

    return SandboxExecutor(settings, places.scratch, hidden=(places.course, places.homes))


_EXECUTORS: dict[ExecutorName, Callable[[GradingSettings, Places], Executor]] = {
    "docker": _docker,
    "process": _process,
    "sandbox": _sandbox,
}
