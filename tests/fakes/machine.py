"""The file server, git and cron in memory."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection as Names
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone, tzinfo
from fnmatch import fnmatch
from pathlib import Path

from rudaux.domain.collection import Absent, Copied, Kept, Located, Lookup
from rudaux.domain.repository import Commit, Ignored, RepoState
from rudaux.domain.returning import HomePages
from rudaux.domain.timetable import Entry
from rudaux.errors import (
    GitFailure,
    StorageFailure,
)
from tests.fakes.clock import YESTERDAY


@dataclass
class FakeStorage:
    """Homes in memory: what is found there by student id (default: proof of absence)."""

    homes: dict[str, Lookup] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, datetime]] = field(default_factory=list)
    down: Exception | None = None
    broken: dict[str, Exception] = field(default_factory=dict)
    newest: tuple[str, datetime] | None = None
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """The files in homes, by student and path."""
    closed: dict[str, str] = field(default_factory=dict)
    """Homes that cannot be written, and why."""
    homeless: set[str] = field(default_factory=set)
    owned: bool = True
    snapshots: list[datetime] | None = None
    """When snapshots were taken; None means that there are all that anybody needs."""

    def lacks_snapshot(self, deadline: datetime, student_ids: Names[str]) -> bool:
        return self.snapshots is not None and all(at < deadline for at in self.snapshots)

    def check(self) -> None:
        if self.down:
            raise self.down

    def list_homes(self) -> frozenset[str] | None:
        return frozenset(self.homes)

    def newest_snapshot(self) -> tuple[str, datetime] | None:
        return self.newest

    def locate(self, student_id: str, assignment: str, deadline: datetime) -> Lookup:
        self.asked.append((student_id, deadline))
        return self.homes.get(student_id, Absent("no folder in their home"))

    def pages(self, student_id: str, folder: str, names: Names[str]) -> HomePages | Absent:
        if student_id in self.homeless:
            return Absent("no home: never logged in")
        found = {n: self.files.get((student_id, f"{folder}/{n}")) for n in names}
        digests = {n: hashlib.sha256(c).hexdigest() for n, c in found.items() if c is not None}
        return HomePages(digests, self.owned)

    def put_page(
        self, student_id: str, folder: str, name: str, content: bytes, replaces: Names[str]
    ) -> bool:
        if student_id in self.closed:
            raise StorageFailure(self.closed[student_id])
        there = self.files.get((student_id, f"{folder}/{name}"))
        if there is not None and hashlib.sha256(there).hexdigest() not in replaces:
            return False
        self.files[student_id, f"{folder}/{name}"] = content
        return True

    def hand_in(self, student_id: str, content: str = "work", snapshot: str | None = "s1") -> None:
        """Put work into a student's home."""
        self.homes[student_id] = Located(Path("/homes") / student_id, snapshot)
        self.contents[student_id] = content

    def copy(self, located: Located, destination: Path, needed: Iterable[str] = ()) -> Copied:
        sid = located.folder.name
        if sid in self.broken:
            raise self.broken[sid]
        destination.mkdir(parents=True, exist_ok=True)
        (destination / "nb.ipynb").write_text(self.contents[sid])
        return Copied(YESTERDAY, hashlib.sha256(self.contents[sid].encode()).hexdigest())

    def kept(self, folder: Path) -> Kept | None:
        if not folder.is_dir():
            return None
        content = (folder / "nb.ipynb").read_bytes()
        return Kept(("nb.ipynb",), hashlib.sha256(content).hexdigest())


@dataclass
class FakeSnapshots:
    """Adds snapshots to `storage`; or fails, or only claims to have taken them."""

    storage: FakeStorage
    taken: list[str] = field(default_factory=list)
    fails: Exception | None = None
    lies: bool = False

    def take(self, name: str) -> None:
        if self.fails:
            raise self.fails
        self.taken.append(name)
        if not self.lies and self.storage.snapshots is not None:
            at = datetime.strptime(name, "%Y-%m-%d-%H%M").replace(tzinfo=timezone.utc)
            self.storage.snapshots.append(at)


@dataclass
class FakeGit:
    """Folders and commits in memory; a clone is a real empty folder, filled from `remotes`."""

    dirty: tuple[str, ...] = ()
    unsaved: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    commits: list[tuple[str, str]] = field(default_factory=list)
    pushes: list[str] = field(default_factory=list)
    remotes: dict[str, Path] = field(default_factory=dict)
    clones: dict[Path, str] = field(default_factory=dict)
    pulled: str = ""
    unfit: dict[Path, str] = field(default_factory=dict)
    patterns: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    """The patterns in each folder's .gitignore."""
    refused: set[str] = field(default_factory=set)
    """Remotes that refuse every push."""
    history: dict[str, Commit] = field(default_factory=dict)
    """The last commit that changed a file, by its name."""

    def check(self, folder: Path) -> None:
        if folder in self.unfit:
            raise GitFailure(self.unfit[folder])

    def ignored(self, folder: Path, paths: Sequence[Path]) -> Mapping[Path, Ignored]:
        return {
            path: Ignored(str(path), pattern, ".gitignore, line 1")
            for path in paths
            for pattern in self.patterns.get(folder, ())
            if any(fnmatch(part, pattern.rstrip("/")) for part in path.relative_to(folder).parts)
        }

    def state(self, folder: Path) -> RepoState:
        return RepoState("main", self.unsaved.get(folder, self.dirty), 0, 0, "origin")

    def stored(self, folder: Path, path: Path, content: Path) -> str | None:
        return hashlib.sha256(content.read_bytes()).hexdigest()

    def last_commit(self, folder: Path, path: Path) -> Commit | None:
        return self.history.get(path.name)

    def fetch(self, folder: Path) -> None:
        return

    def pull(self, folder: Path) -> str:
        return self.pulled

    def clone(self, remote: str, folder: Path) -> None:
        self.clones[folder] = remote
        if remote in self.remotes:
            shutil.copytree(self.remotes[remote], folder)
        else:
            folder.mkdir(parents=True)

    def commit(self, folder: Path, paths: Sequence[str], message: str) -> bool:
        self.commits.append((folder.name, message))
        return True

    def may_push(self, folder: Path, remote: str | None = None) -> None:
        if (remote or "origin") in self.refused:
            raise GitFailure(
                f"could not push to {remote or 'origin'}: the remote refused this account; check "
                "its deploy key (nobody is asked for a passphrase) or stored credentials"
            )

    def push(self, folder: Path) -> None:
        self.pushes.append(folder.name)
        if folder in self.clones:
            kept = folder.parent / f"{folder.name}.remote"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept)
            self.remotes[self.clones[folder]] = kept


@dataclass
class FakeCrontab:
    """A crontab in memory, in the zone of `zone`."""

    table: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    zone: tzinfo = timezone.utc
    replaced: int = 0
    running: bool | None = True

    def is_running(self) -> bool | None:
        return self.running

    def timezone(self) -> tzinfo:
        return self.zone

    def entries(self, owner: str) -> tuple[Entry, ...]:
        return self.table.get(owner, ())

    def replace(self, owner: str, entries: Iterable[Entry]) -> None:
        self.replaced += 1
        self.table[owner] = tuple(entries)
