"""Connect ports to adapters, here and nowhere else; a system is opened when it is first used."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rudaux.config import (
    Config,
    find_course_folder,
    load_config,
    load_partly,
    read_addresses,
    read_token,
)
from rudaux.errors import ConfigError

if TYPE_CHECKING:
    from rudaux.ports import (
        Canvas,
        Crontab,
        Executor,
        Git,
        Gradebook,
        Grader,
        Ledger,
        Notifier,
        Pages,
        Room,
        Snapshots,
        Storage,
        Surroundings,
        Teller,
    )


@dataclass(frozen=True)
class CourseContext:
    """The real systems of one course; satisfies `rudaux.ports.Context`.

    `tell`: somebody is there, and is told what is waited for.
    """

    config: Config
    tell: Callable[[str], object] | None = field(default=None, kw_only=True)

    def now(self) -> datetime:
        """Return the present moment (aware, UTC)."""
        return datetime.now(timezone.utc)

    def notifier_to(self, address: str) -> Notifier:
        """Return a notifier for one address."""
        from rudaux.adapters.notify import AppriseNotifier

        return AppriseNotifier([address])

    @property
    def _scratch(self) -> Path:
        return self.config.private / "scratch"

    @cached_property
    def canvas(self) -> Canvas:
        from rudaux.adapters.canvas import CanvasClient, NamedCanvas

        settings, key = self.config.canvas, self.config.jupyterhub.student_id
        where = (settings.url, settings.course_id, read_token(self.config))
        if key == "canvas":
            return CanvasClient(*where, tell=self.tell)
        return NamedCanvas(*where, key, tell=self.tell)

    @cached_property
    def storage(self) -> Storage:
        from rudaux.adapters.nbgrader import load_course
        from rudaux.adapters.storage import Homes

        rights = load_course(self.config.folder).rights("submitted")
        return Homes(self.config.jupyterhub, self.config.git, rights=rights)

    @cached_property
    def snapshots(self) -> Snapshots:
        from rudaux.adapters.snapshots import SnapshotProgram

        return SnapshotProgram(self.config.jupyterhub.snapshots)

    @cached_property
    def gradebook(self) -> Gradebook:
        from rudaux.adapters.nbgrader import NbgraderGradebook

        return NbgraderGradebook(self.config.folder)

    @cached_property
    def grader(self) -> Grader:
        from rudaux.adapters.nbgrader import NbgraderGrader

        return NbgraderGrader(self.config.folder, self._scratch, self.config.grading)

    @cached_property
    def executor(self) -> Executor:
        from rudaux.executors import Places, open_executor

        homes = self.config.jupyterhub.storage_path
        places = Places(self.config.folder, homes, self._scratch)
        return open_executor(self.config.grading, places)

    @cached_property
    def git(self) -> Git:
        from rudaux.adapters.git import GitRepositories

        return GitRepositories()

    @cached_property
    def crontab(self) -> Crontab:
        from rudaux.adapters.cron import CronTable

        return CronTable(self.config.private / "backups")

    @cached_property
    def ledger(self) -> Ledger:
        from rudaux.adapters.ledger import SqliteLedger

        return SqliteLedger(self.config.private / "ledger.db")

    @cached_property
    def pages(self) -> Pages:
        from rudaux.adapters.pages import ReportPages

        return ReportPages(self.config.private / "reports")

    @contextmanager
    def beside(self, assignment: str) -> Iterator[BesideContext]:
        """Copy an assignment to grade it beside the course; delete the copies at the end."""
        from rudaux.adapters.ledger import SqliteLedger
        from rudaux.config.private import make_folder, make_rudaux_folder

        make_rudaux_folder(self.config.private)
        name = f"regrade-{socket.gethostname()}-"
        for left in self._scratch.glob(f"{name}*"):
            if not _is_alive(left.name.removeprefix(name)):  # of a run that was killed
                shutil.rmtree(left)
        folder = self._scratch / f"{name}{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        make_folder(folder)
        context = BesideContext(self.config, self, folder)
        try:
            SqliteLedger(self.config.private / "ledger.db").copy(folder / "ledger.db")
            self.grader.make_beside(assignment, folder)
            yield context
        finally:
            context.close()
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # another run is using it
                self._scratch.rmdir()


def open_teller(folder: Path) -> Teller:
    """Find out who is notified about the course at `folder`, even if its rudaux.toml is broken."""
    from rudaux.adapters.ledger import SqliteLedger
    from rudaux.ports import Teller

    config, name, notify = load_partly(folder)
    ledger = SqliteLedger(folder / ".rudaux" / "ledger.db")
    found = Teller(folder, name, ledger, config=config)
    if config:
        found = replace(found, now=CourseContext(config).now)
    if notify is None:
        return found
    try:
        addresses = read_addresses(notify)
    except ConfigError as error:
        return replace(found, trouble=str(error))
    from rudaux.adapters.notify import AppriseNotifier

    return replace(found, on=notify.on, notifier=AppriseNotifier(addresses))


@dataclass(frozen=True)
class BesideContext(CourseContext):
    """The course `of`, with copies in `folder` of everything that grading writes."""

    of: CourseContext
    folder: Path

    @property
    def _scratch(self) -> Path:
        return self.folder / "scratch"

    @cached_property
    def canvas(self) -> Canvas:
        return self.of.canvas

    @cached_property
    def gradebook(self) -> Gradebook:
        from rudaux.adapters.nbgrader import GradebookBeside, load_course

        course = load_course(self.config.folder).beside(self.folder)
        return GradebookBeside(self.config.folder, course)

    @cached_property
    def grader(self) -> Grader:
        from rudaux.adapters.nbgrader import NbgraderGrader, load_course

        course = load_course(self.config.folder).beside(self.folder)
        return NbgraderGrader(self.config.folder, self._scratch, self.config.grading, course)

    @cached_property
    def ledger(self) -> Ledger:
        from rudaux.adapters.ledger import SqliteLedger

        return SqliteLedger(self.folder / "ledger.db")

    def close(self) -> None:
        """Close the copies' files, so that the folder can be moved."""
        for name in ("gradebook", "grader", "ledger"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def look_around() -> Surroundings:
    """Return what `rudaux new` can look at before there is a course."""
    from rudaux.adapters.canvas import list_courses, quick_client
    from rudaux.adapters.git import GitRepositories, remote_of
    from rudaux.adapters.hub import ask, look_at_hub
    from rudaux.adapters.storage import list_homes
    from rudaux.executors import docker_version, sandbox_works
    from rudaux.ports import Surroundings

    reach = GitRepositories(timeout=20.0).reach
    return Surroundings(
        list_courses,
        quick_client,
        look_at_hub,
        remote_of,
        reach,
        list_homes,
        ask,
        _room,
        docker_version,
        sandbox_works,
    )


def _room(folder: Path) -> Room:
    from rudaux.ports import Room

    found = shutil.disk_usage(folder)
    return Room(found.free, found.total)


def open_course(
    folder: Path | None = None, tell: Callable[[str], object] | None = None
) -> CourseContext:
    """Open the course at `folder`, or in the nearest folder from here upwards."""
    return CourseContext(load_config(folder or find_course_folder(Path.cwd())), tell=tell)
