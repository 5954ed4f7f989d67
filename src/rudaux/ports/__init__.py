"""The outside world as Protocols, one per system, in domain types.

Adapters implement them, tests fake them (`tests/fakes`), and workflows know nothing else. A system
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
    """What a command works with: configuration, systems and clock. `wiring` makes it."""

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
        """Copy an assignment, so that it can be graded beside the course until the block ends."""

    def notifier_to(self, address: str) -> Notifier:
        """Return a notifier for one address (in Apprise's form, which may hold a secret)."""

    def now(self) -> datetime:
        """Return the current time (aware, UTC)."""


class Beside(Context, Protocol):
    """A course whose gradebook, autograded work and ledger are copies in a folder.

    Everything else is the course's own: source, submissions, Canvas. It makes no backups.
    """

    @property
    def folder(self) -> Path:
        """Return the folder of the copies."""

    def close(self) -> None:
        """Close the copies' files, so that the folder can be moved."""
