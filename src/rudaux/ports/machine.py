"""The file server, git, cron, and what is around a machine that has no course yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Collection as Names
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Protocol

from rudaux.domain.canvas import CanvasCourse
from rudaux.domain.collection import Absent, Copied, Kept, Located, Lookup
from rudaux.domain.links import Hub, HubSeen
from rudaux.domain.repository import Ignored, RepoState
from rudaux.domain.returning import HomePages
from rudaux.domain.timetable import Entry
from rudaux.ports.canvas import Canvas


class Storage(Protocol):
    """Students' homes as the file server shows them on this machine."""

    def check(self) -> None:
        """Raise `StorageFailure` unless the storage root is there and readable."""

    def list_homes(self) -> frozenset[str] | None:
        """Name the homes as they are now; None where `work_path` does not keep them side by side.

        Raises `StorageFailure` as `check` does.
        """

    def newest_snapshot(self) -> tuple[str, datetime] | None:
        """Return the newest snapshot's name and time (UTC) where all homes share them."""

    def locate(self, student_id: str, assignment: str, deadline: datetime) -> Lookup:
        """Find the work as of the deadline (aware)."""

    def lacks_snapshot(self, deadline: datetime, student_ids: Names[str]) -> bool:
        """Whether `locate` would find no snapshot at or after the deadline (aware) for some.

        Whoever has no home needs none. False where folders are read without snapshots.
        """

    def copy(self, located: Located, destination: Path, needed: Names[str] = ()) -> Copied:
        """Copy into `destination` atomically: it appears whole or not at all.

        Raises `StorageFailure` where a file cannot be read, or one of the `needed` names is there
        and is a link, a device or too large.
        """

    def kept(self, folder: Path) -> Kept | None:
        """Look at work that was copied before; None where the folder is gone."""

    def pages(self, student_id: str, folder: str, names: Names[str]) -> HomePages | Absent:
        """Look what stands under these names in a folder of their home as it is now.

        Raises `StorageFailure` where that cannot be told; it concerns this student alone.
        """

    def put_page(
        self, student_id: str, folder: str, name: str, content: bytes, replaces: Names[str]
    ) -> bool:
        """Write a page into their home, whole or not at all, for the home's owner.

        What is there is replaced only where its digest is in `replaces`; False: it is something
        else. No link is followed. Raises `StorageFailure` where it cannot be written.
        """


class Snapshots(Protocol):
    """The file server's snapshots of students' homes; there is no way to remove one."""

    def take(self, name: str) -> None:
        """Take one of everybody's home; raises `StorageFailure` where it was not taken."""


class Git(Protocol):
    """git in a given folder. Raises `GitFailure`; never asks for a password."""

    def state(self, folder: Path) -> RepoState:
        """Look at the checkout alone; what is `behind` is as of the last fetch."""

    def check(self, folder: Path) -> None:
        """Raise where a commit or a push could not work: an unfinished merge, no branch, ..."""

    def ignored(self, folder: Path, paths: Sequence[Path]) -> Mapping[Path, Ignored]:
        """Find the paths that a commit would leave out; what git tracks already is never one."""

    def fetch(self, folder: Path) -> None:
        """Learn what the remote has; no file and no branch of the checkout changes."""

    def pull(self, folder: Path) -> str:
        """Fast-forward or rebase onto the remote; say in a clause what came in ("" if nothing)."""

    def clone(self, remote: str, folder: Path) -> None: ...

    def commit(self, folder: Path, paths: Sequence[str], message: str) -> bool:
        """Commit exactly these paths, nothing else that is staged; False: nothing to commit.

        Of a folder, what git ignores is left out; a file that is named itself goes in.
        """

    def may_push(self, folder: Path, remote: str | None = None) -> None:
        """Raise where a push to the branch's remote, or to `remote`, would be refused.

        A dry run, which leaves both sides as they are; the remote's hooks have no say in it.
        """

    def push(self, folder: Path) -> None:
        """Push the branch; on a non-fast-forward pull and try again, a few times."""


class Crontab(Protocol):
    """The user's crontab; only lines marked as `owner`'s are ever touched."""

    def timezone(self) -> tzinfo:
        """The zone that cron reads its times in: the system's, whatever TZ says here."""

    def is_running(self) -> bool | None:
        """Whether the daemon runs that works the table off; None where that cannot be seen."""

    def entries(self, owner: str) -> tuple[Entry, ...]: ...

    def replace(self, owner: str, entries: Iterable[Entry]) -> None: ...


@dataclass(frozen=True)
class Room:
    """What is free on the disk that holds a folder, and all of it, in bytes."""

    free: int
    total: int


@dataclass(frozen=True)
class Surroundings:
    """What there is before a course has a rudaux.toml, seen within seconds; raises as above."""

    courses: Callable[[str, str], tuple[CanvasCourse, ...]]  # that a token's owner teaches
    canvas: Callable[[str, int, str], Canvas]
    hub: Callable[[Hub], HubSeen]
    remote: Callable[[Path], str | None]  # of the checkout in a folder
    reach: Callable[[str], None]  # a git remote
    homes: Callable[[Path], frozenset[str]]
    launch: Callable[[str], int | None]  # the HTTP status at an address; None: no answer
    free: Callable[[Path], Room]
    docker: Callable[[], bool]
    sandbox: Callable[[], bool]
