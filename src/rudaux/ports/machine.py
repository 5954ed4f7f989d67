"""The file server, git, cron, and the surroundings of a machine without a course."""

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
from rudaux.domain.repository import Commit, Ignored, RepoState
from rudaux.domain.returning import HomePages
from rudaux.domain.timetable import Entry
from rudaux.ports.canvas import Canvas


class Storage(Protocol):
    """Students' homes as the file server shows them on this machine."""

    def check(self) -> None:
        """Raise `StorageFailure` unless the storage root is there and readable."""

    def list_homes(self) -> frozenset[str] | None:
        """Return the names of the homes; None if `work_path` does not put them side by side.

        Raises `StorageFailure` as `check` does.
        """

    def newest_snapshot(self) -> tuple[str, datetime] | None:
        """Return the newest snapshot's name and time (UTC), if all homes share their snapshots."""

    def locate(self, student_id: str, assignment: str, deadline: datetime) -> Lookup:
        """Find a student's work as of a deadline (aware)."""

    def lacks_snapshot(self, deadline: datetime, student_ids: Names[str]) -> bool:
        """Return whether `locate` would find no snapshot at or after the deadline for somebody.

        A student without a home needs none. It is False if folders are read without snapshots.
        """

    def copy(self, located: Located, destination: Path, needed: Names[str] = ()) -> Copied:
        """Copy work to `destination` atomically: it appears whole or not at all.

        Raises `StorageFailure` if a file cannot be read, or one of the `needed` names is a link, a
        device or too large.
        """

    def kept(self, folder: Path) -> Kept | None:
        """Describe work that was copied before; None if the folder is gone."""

    def pages(self, student_id: str, folder: str, names: Names[str]) -> HomePages | Absent:
        """Read what has these names in a folder of a student's home as it is now.

        Raises `StorageFailure` if that is unknown; it concerns this student alone.
        """

    def put_page(
        self, student_id: str, folder: str, name: str, content: bytes, replaces: Names[str]
    ) -> bool:
        """Write a page into a student's home, whole or not at all, for the home's owner.

        An existing file is replaced only if its digest is in `replaces`; otherwise nothing is
        written and it returns False. No link is followed. Raises `StorageFailure` if the page
        cannot be written.
        """


class Snapshots(Protocol):
    """The file server's snapshots of students' homes; there is no way to remove one."""

    def take(self, name: str) -> None:
        """Take a snapshot of everybody's home; raises `StorageFailure` if that fails."""


class Git(Protocol):
    """git in a given folder. Raises `GitFailure`; never asks for a password."""

    def state(self, folder: Path) -> RepoState:
        """Return the state of the checkout alone; `behind` is as of the last fetch."""

    def check(self, folder: Path) -> None:
        """Raise if a commit or a push cannot work: an unfinished merge, no branch, ..."""

    def ignored(self, folder: Path, paths: Sequence[Path]) -> Mapping[Path, Ignored]:
        """Return the paths that a commit would leave out; git never ignores what it tracks."""

    def stored(self, folder: Path, path: Path, content: Path) -> str | None:
        """Return the id of what a commit would store at `path` for a file's content.

        That leaves out what .gitattributes or git's configuration convert, as line ends. None if
        git cannot convert it.
        """

    def last_commit(self, folder: Path, path: Path) -> Commit | None:
        """Return the last commit of the branch that changed a path, or deleted it."""

    def fetch(self, folder: Path) -> None:
        """Fetch from the remote; no file and no branch of the checkout changes."""

    def pull(self, folder: Path) -> str:
        """Fast-forward or rebase onto the remote; return in a few words what came in, or ""."""

    def clone(self, remote: str, folder: Path) -> None: ...

    def commit(self, folder: Path, paths: Sequence[str], message: str) -> bool:
        """Commit exactly these paths and nothing else; return False if nothing has changed.

        What git ignores in a folder is left out; a file that is named itself is committed.
        """

    def may_push(self, folder: Path, remote: str | None = None) -> None:
        """Raise if a push to the branch's remote, or to `remote`, would be refused.

        This is a dry run that changes neither side; the remote's hooks do not run.
        """

    def push(self, folder: Path) -> None:
        """Push the branch; if it is not a fast-forward, pull and try again, a few times."""


class Crontab(Protocol):
    """The user's crontab; only lines marked as `owner`'s are ever touched."""

    def timezone(self) -> tzinfo:
        """Return the time zone of cron: the system's, whatever TZ says here."""

    def is_running(self) -> bool | None:
        """Return whether the cron daemon runs; None if that cannot be seen."""

    def entries(self, owner: str) -> tuple[Entry, ...]: ...

    def replace(self, owner: str, entries: Iterable[Entry]) -> None: ...


@dataclass(frozen=True)
class Room:
    """The free and the total space of the disk that holds a folder, in bytes."""

    free: int
    total: int


@dataclass(frozen=True)
class Surroundings:
    """What there is before a course has a rudaux.toml, found within seconds; raises as above."""

    courses: Callable[[str, str], tuple[CanvasCourse, ...]]  # that a token's owner teaches
    canvas: Callable[[str, int, str], Canvas]
    hub: Callable[[Hub], HubSeen]
    remote: Callable[[Path], str | None]  # of the checkout in a folder
    reach: Callable[[str], None]  # a git remote
    homes: Callable[[Path], frozenset[str]]
    launch: Callable[[str], int | None]  # the HTTP status at an address; None: no answer
    free: Callable[[Path], Room]
    docker: Callable[[], str]  # the name and version of the engine; "" if none answers
    sandbox: Callable[[], bool]
