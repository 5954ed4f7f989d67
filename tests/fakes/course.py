"""A whole course of fakes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from rudaux.config import (
    AssignmentSettings,
    CanvasSettings,
    Config,
    CourseSettings,
    GitSettings,
    GradingSettings,
    HubSettings,
)
from rudaux.ports import Beside
from tests.fakes.canvas import FakeCanvas, student
from tests.fakes.clock import NOW, VANCOUVER, YESTERDAY
from tests.fakes.grading import FakeExecutor, FakeGradebook, FakeGrader
from tests.fakes.ledger import FakeLedger
from tests.fakes.machine import FakeCrontab, FakeGit, FakeSnapshots, FakeStorage
from tests.fakes.notify import FakeNotifier
from tests.fakes.pages import FakePages


@dataclass
class FakeContext:
    """A whole course of fakes; satisfies `rudaux.ports.Context`."""

    config: Config
    canvas: FakeCanvas
    storage: FakeStorage
    gradebook: FakeGradebook
    grader: FakeGrader
    executor: FakeExecutor
    git: FakeGit
    crontab: FakeCrontab
    ledger: FakeLedger
    pages: FakePages
    moment: datetime = NOW
    snapshots: FakeSnapshots = field(init=False)
    notifiers: dict[str, FakeNotifier] = field(default_factory=dict)
    """By address."""

    def __post_init__(self) -> None:
        self.snapshots = FakeSnapshots(self.storage)

    def beside(self, assignment: str) -> AbstractContextManager[Beside]:
        raise NotImplementedError  # real parts are copied in tests of a regrade

    def notifier_to(self, address: str) -> FakeNotifier:
        return self.notifiers.setdefault(address, FakeNotifier())

    def now(self) -> datetime:
        return self.moment


def assignment(
    name: str = "homework_1", due: datetime = YESTERDAY, **more: object
) -> AssignmentSettings:
    """Return an assignment worth 10 points, due yesterday unless `due` says otherwise."""
    return replace(AssignmentSettings(name, due.astimezone(VANCOUVER), Decimal(10)), **more)  # type: ignore[arg-type]


def fake_course(
    folder: Path, assignments: Sequence[AssignmentSettings] | None = None, students: int = 4
) -> FakeContext:
    """Return a course with these assignments and so many students, not yet initialised."""
    config = Config(
        folder,
        CourseSettings("dsci100", VANCOUVER),
        CanvasSettings("https://canvas.example.edu", 12345, "Jupyter"),
        GitSettings("git@example.edu:org/instructors.git", "git@example.edu:org/dsci100.git", "m"),
        HubSettings("https://hub.example.edu", Path("/homes"), "/jupyter"),
        GradingSettings(executor="process"),
        assignments=tuple([assignment()] if assignments is None else assignments),
    )
    gradebook = FakeGradebook()
    return FakeContext(
        config,
        FakeCanvas([student(n) for n in range(1, students + 1)]),
        FakeStorage(),
        gradebook,
        FakeGrader(folder, gradebook),
        FakeExecutor(),
        FakeGit(),
        FakeCrontab(),
        FakeLedger(),
        FakePages(folder),
    )
