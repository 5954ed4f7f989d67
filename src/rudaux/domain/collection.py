"""Looking for a student's work on the file server, and what was copied from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Located:
    """A student's work was found: `snapshot` names the one it is in, None the live folder."""

    folder: Path
    snapshot: str | None = None


@dataclass(frozen=True)
class Absent:
    """Proof that nothing was handed in: home or snapshot are there (or never were), work is not."""

    reason: str


@dataclass(frozen=True)
class NotYet:
    """No snapshot at or after the deadline exists so far."""

    reason: str


@dataclass(frozen=True)
class Unreadable:
    """It cannot be told whether there is work; never a zero."""

    reason: str


Lookup = Located | Absent | NotYet | Unreadable


@dataclass(frozen=True)
class Copied:
    """A copied submission: `digest` over names and contents, `modified_at` the newest (UTC).

    `skipped` names what was left behind and why (symbolic links, devices, too large).
    """

    modified_at: datetime
    digest: str
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collection:
    """A submission was copied at `at` (aware) from `snapshot` (None: the live folder).

    `skipped` names what was left behind and why. Without a `digest` it is other than rudaux's own:
    it was in the submitted folder, or in the gradebook, and was taken over at that moment.
    """

    digest: str
    snapshot: str | None
    at: datetime
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What is in a folder of collected work now; `digest` is comparable with that of `Copied`.

    The note of the time, which was put there afterwards, is left out.
    """

    files: tuple[str, ...]
    digest: str
