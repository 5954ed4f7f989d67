"""What people are told about unattended runs, and what they have been told already."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from rudaux.domain.submissions import Shown

Topic = Literal["problem", "done", "todo"]
"""problem: a run went wrong; done: work was graded; todo: something waits for a person."""
AGAIN = timedelta(hours=20)
"""The same message is not sent again within this time: a nightly run sends it once a day."""


@dataclass(frozen=True)
class Message:
    """One message; those with the same `key` are about the same thing.

    `over`: it reports that a problem has ended.
    """

    topic: Topic
    key: str
    title: str
    body: str
    over: bool = False


@dataclass(frozen=True)
class Sent:
    """The messages that reached at least one address, and the addresses that some did not reach."""

    reached: tuple[Message, ...]
    missed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """A message that has reached somebody, at `at` (aware)."""

    topic: Topic
    key: str
    title: str
    at: datetime
    over: bool = False


@dataclass(frozen=True)
class Digest:
    """One assignment at the end of a run, without anybody's grade.

    `failed` maps a reason to the names of those who could not be graded for it; `graded` counts
    complete submissions, `median` is theirs in Canvas points. `stopped` says why grades
    were not pushed, `changed` whether this run changed anything, `report` where the report is.
    """

    assignment: str
    counts: Mapping[Shown, int]
    points: Decimal
    graded: int = 0
    median: Decimal | None = None
    failed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    edited: Sequence[str] = ()
    hidden: int = 0
    stopped: str = ""
    changed: bool = False
    report: str = ""


@dataclass(frozen=True)
class End:
    """How a run ended: its exit code, its error's class and sentences, where its log is.

    `through`: it finished every assignment that it had to do; each has a digest, and `text` adds
    nothing to them.
    """

    command: str
    code: int
    kind: str = ""
    text: str = ""
    through: bool = False
    digests: tuple[Digest, ...] = ()
    log: str = ""

    @property
    def scope(self) -> str:
        """What the run was about: all runs of `grade` are about the same."""
        return "grade" if self.command.split()[:1] == ["grade"] else self.command


def untold(messages: Iterable[Message], told: Iterable[Told], now: datetime) -> list[Message]:
    """Return the messages that were not sent within the last day, and every end of a problem.

    `now` is aware. A problem that was over and is back is reported at once.
    """
    last = {t.key: t for t in told}
    return [
        m
        for m in messages
        if m.over or m.key not in last or last[m.key].over or now - last[m.key].at >= AGAIN
    ]


def open_problems(told: Iterable[Told]) -> dict[str, Told]:
    """Return the problems not yet reported as over, by key, each as it was first reported."""
    found: dict[str, Told] = {}
    for one in told:
        if one.topic != "problem":
            continue
        if one.over:
            found.pop(one.key, None)
        else:
            found.setdefault(one.key, one)
    return found


def without_names(text: str, names: Collection[str]) -> str:
    """Replace students' names: what an error says about a student may contain their grade."""
    known = sorted((name for name in names if name.strip()), key=len, reverse=True)
    if not known:
        return text
    return re.sub("|".join(map(re.escape, known)), "a student", text)


def counted(number: int, word: str) -> str:
    """Return a number with its word, as in "1 student" or "2 students"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def listed(names: Sequence[str], most: int = 3) -> str:
    """List up to three names, and count the rest."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
