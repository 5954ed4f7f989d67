"""The outside world on a few pages: a Protocol per system, in domain types.

Adapters implement these, tests fake them (`tests/fakes.py`), workflows know nothing else. A system
that is down raises one of `rudaux.errors`; one student's trouble is a value.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from rudaux.config import Config
from rudaux.ports.canvas import Canvas
from rudaux.ports.grading import Executor, Gradebook, Grader, Stage
from rudaux.ports.ledger import Ledger
from rudaux.ports.machine import Crontab, Git, Room, Snapshots, Storage, Surroundings
from rudaux.ports.notify import Notifier, Teller
from rudaux.ports.pages import Pages

__all__ = [
    "Beside",
    "Canvas",
    "Context",
    "Crontab",
    "Executor",
    "Git",
    "Gradebook",
    "Grader",
    "Ledger",
    "Notifier",
    "Pages",
    "Room",
    "Snapshots",
    "Stage",
    "Storage",
    "Surroundings",
    "Teller",
]


class Context(Protocol):
    """What a command works with: the configuration, the systems, the clock. Made by `wiring`."""

    @property
    def config(self) -> Config: ...
    @property
    def canvas(self) -> Canvas: ...
    @property
    def storage(self) -> Storage: ...
    @property
    def snapshots(self) -> Snapshots: ...
    @property
    def gradebook(self) -> Gradebook: ...
    @property
    def grader(self) -> Grader: ...
    @property
    def executor(self) -> Executor: ...
    @property
    def git(self) -> Git: ...
    @property
    def crontab(self) -> Crontab: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def pages(self) -> Pages: ...

    def beside(self, assignment: str) -> AbstractContextManager[Beside]:
        """Copy an assignment to grade it beside the course, until the block ends."""

    def notifier_to(self, address: str) -> Notifier:
        """Return what sends to one address (Apprise's form, which may hold a secret)."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""


class Beside(Context, Protocol):
    """A course whose gradebook, autograded work and ledger are copies in a folder.

    What is not copied is the course's own: source, submissions, Canvas. It makes no backups.
    """

    @property
    def folder(self) -> Path:
        """Where the copies are."""

    def close(self) -> None:
        """Let go of the copies' files, so that the folder can be moved."""
