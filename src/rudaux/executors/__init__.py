"""The ways of starting a submission in a box of its own; each is a page over `rudaux.runtime`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rudaux.config import ExecutorName, GradingSettings
    from rudaux.ports import Executor


def open_executor(settings: GradingSettings, course: Path, scratch: Path) -> Executor:
    """Return the executor that grading.executor names.

    `course` tells the boxes of one course from another's; `scratch` is a folder of rudaux's own.
    """
    return _EXECUTORS[settings.executor](settings, course, scratch)


def docker_answers() -> bool:
    """Whether this account can use a Docker Engine here; an engine that hangs is none."""
    from rudaux.errors import ExecutorFailure
    from rudaux.executors.docker.engine import connect

    try:
        connect(1, seconds=5).close()
    except ExecutorFailure:
        return False
    return True


def _docker(settings: GradingSettings, course: Path, scratch: Path) -> Executor:
    from rudaux.executors.docker import DockerExecutor

    return DockerExecutor(settings, course)


def _process(settings: GradingSettings, course: Path, scratch: Path) -> Executor:
    from rudaux.executors.process import ProcessExecutor

    return ProcessExecutor(settings, scratch)


_EXECUTORS: dict[ExecutorName, Callable[[GradingSettings, Path, Path], Executor]] = {
    "docker": _docker,
    "process": _process,
}
