"""Looking for a student's work on the file server, and what was copied from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from rudaux.domain.messages import listed

TIME_FILE = "timestamp.txt"
"""The file in a submission's folder in which nbgrader notes when it was handed in."""


@dataclass(frozen=True)
class Located:
    """A student's work was found: `snapshot` names the one it is in, None the live folder."""

    folder: Path
    snapshot: str | None = None


@dataclass(frozen=True)
class Absent:
    """Proof that nothing was handed in: home or snapshot are there (or never were), work is not.

    `home`: what is wrong if not even a home with anything in it is there. This proves nothing about
    a student whose work came from there before.
    """

    reason: str
    home: str = field(default="", compare=False)


@dataclass(frozen=True)
class NotYet:
    """No snapshot at or after the deadline exists so far."""

    reason: str


@dataclass(frozen=True)
class Unreadable:
    """It is not known whether there is work; this is never a zero."""

    reason: str


Lookup = Located | Absent | NotYet | Unreadable


def believed(found: Absent, earlier: Sequence[str]) -> Absent | Unreadable:
    """Return what a lost home proves of a student whose work for `earlier` came from it."""
    if not earlier:
        return found
    return Unreadable(
        f"{found.home}, although they handed in {listed(sorted(earlier))}: mount or restore it, "
        "and run this again; if it is gone for good, enter their grade in Canvas"
    )


@dataclass(frozen=True)
class Copied:
    """A copied submission: `digest` over names and contents, `modified_at` the newest (UTC).

    `skipped` names what was left behind and why (symbolic links, devices, too large); `files` says
    when each file was changed last (UTC).
    """

    modified_at: datetime
    digest: str
    skipped: tuple[str, ...] = ()
    files: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True)
class LateEdit:
    """A file of a student that was changed at `at`, after their `deadline` (both aware)."""

    file: str
    at: datetime
    deadline: datetime

    @property
    def late_by(self) -> timedelta:
        """How long after the deadline it was changed."""
        return self.at - self.deadline


def edits_after(copied: Copied, deadline: datetime) -> tuple[LateEdit, ...]:
    """Return what was changed after the deadline, going by the files' own times."""
    return tuple(LateEdit(name, at, deadline) for name, at in copied.files if at > deadline)


def describe_edits(edits: Sequence[LateEdit]) -> str:
    """List the files that were changed and how long after the deadline, the latest first."""
    latest = sorted(edits, key=lambda edit: edit.at, reverse=True)
    return listed([f"{printable_name(e.file)} {duration(e.late_by)} late" for e in latest])


def duration(span: timedelta) -> str:
    """Write a span of time as people do, in its two largest units: "2 d 3 h", "5 min"."""
    seconds = int(span.total_seconds())
    units = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    first = next((n for n, (size, _) in enumerate(units) if seconds >= size), 3)
    parts: list[str] = []
    for size, unit in units[first : min(first + 2, 3 if first < 3 else 4)]:
        number, seconds = divmod(seconds, size)
        parts += [f"{number} {unit}"] if number or not parts else []
    return " ".join(parts)


def printable_name(name: str) -> str:
    """Return a file's name as text; it may be any bytes, even ones that no text may hold."""
    return name if name.isprintable() else ascii(name)


@dataclass(frozen=True)
class Collection:
    """A submission was copied at `at` (aware) from `snapshot` (None: the live folder).

    `skipped` names what was left behind and why. Without a `digest` rudaux did not copy it itself:
    it was in the submitted folder or the gradebook already, and was taken over at that moment.
    """

    digest: str
    snapshot: str | None
    at: datetime
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What is in a folder of collected work now; `digest` is comparable with that of `Copied`.

    The timestamp file, which was added afterwards, is left out.
    """

    files: tuple[str, ...]
    digest: str
