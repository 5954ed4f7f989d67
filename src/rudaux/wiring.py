"""The one place where ports meet adapters; each system is opened when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rudaux.config import Config, find_course_folder, load_config, read_token
from rudaux.errors import GitFailure

if TYPE_CHECKING:
    from rudaux.domain.canvas import CanvasCourse
    from rudaux.domain.links import Hub, HubSeen
    from rudaux.ports import (
        Canvas,
        Crontab,
        Executor,
        Git,
        Gradebook,
        Grader,
        Ledger,
        Storage,
        Surroundings,
    )


@dataclass(frozen=True)
class CourseContext:
    """The real outside world of one course; satisfies `rudaux.ports.Context`."""

    config: Config

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(timezone.utc)

    @property
    def _private(self) -> Path:
        return self.config.folder / ".rudaux"

    @cached_property
    def canvas(self) -> Canvas:
        from rudaux.adapters.canvas import CanvasClient, NamedCanvas

        settings, key = self.config.canvas, self.config.jupyterhub.student_id
        where = (settings.url, settings.course_id, read_token(self.config))
        return CanvasClient(*where) if key == "canvas" else NamedCanvas(*where, key)

    @cached_property
    def storage(self) -> Storage:
        from rudaux.adapters.nbgrader import load_course
        from rudaux.adapters.storage import Homes

        rights = load_course(self.config.folder).rights("submitted")
        return Homes(self.config.jupyterhub, self.config.git, rights=rights)

    @cached_property
    def gradebook(self) -> Gradebook:
        from rudaux.adapters.nbgrader import NbgraderGradebook

        return NbgraderGradebook(self.config.folder)

    @cached_property
    def grader(self) -> Grader:
        from rudaux.adapters.nbgrader import NbgraderGrader

        scratch = self._private / "scratch"
        return NbgraderGrader(self.config.folder, scratch, self.config.grading)

    @cached_property
    def executor(self) -> Executor:
        from rudaux.executors import Places, open_executor

        homes = self.config.jupyterhub.storage_path
        places = Places(self.config.folder, homes, self._private / "scratch")
        return open_executor(self.config.grading, places)

    @cached_property
    def git(self) -> Git:
        from rudaux.adapters.git import GitRepositories

        return GitRepositories()

    @cached_property
    def crontab(self) -> Crontab:
        from rudaux.adapters.cron import CronTable

        return CronTable(self._private / "backups")

    @cached_property
    def ledger(self) -> Ledger:
        from rudaux.adapters.ledger import SqliteLedger

        return SqliteLedger(self._private / "ledger.db")


class Machine:
    """This machine and what it reaches; satisfies `rudaux.ports.Surroundings`."""

    def courses(self, url: str, token: str) -> tuple[CanvasCourse, ...]:
        from rudaux.adapters.canvas import list_courses

        return list_courses(url, token)

    def canvas(self, url: str, course_id: int, token: str) -> Canvas:
        from rudaux.adapters.canvas import quick_client

        return quick_client(url, course_id, token)

    def hub(self, hub: Hub) -> HubSeen:
        from rudaux.adapters.hub import look_at_hub

        return look_at_hub(hub)

    def remote(self, folder: Path) -> str | None:
        from rudaux.adapters.git import GitRepositories

        try:
            return GitRepositories().state(folder).remote
        except GitFailure:
            return None

    def reach(self, remote: str) -> None:
        from rudaux.adapters.git import GitRepositories

        GitRepositories(timeout=20.0).reach(remote)

    def homes(self, folder: Path) -> frozenset[str]:
        from rudaux.adapters.storage import list_homes

        return list_homes(folder)

    def docker(self) -> bool:
        from rudaux.executors import docker_answers

        return docker_answers()


def look_around() -> Surroundings:
    """Return what `rudaux new` can look at."""
    return Machine()


def open_course(folder: Path | None = None) -> CourseContext:
    """Read the configuration of the course at `folder`, or of the nearest parent folder's."""
    return CourseContext(load_config(folder or find_course_folder(Path.cwd())))
