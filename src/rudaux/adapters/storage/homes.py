"""Students' homes on the file server: find work as of a deadline, or prove that there is none."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rudaux.adapters.storage import pages
from rudaux.adapters.storage.copy import Limits, copy_folder, look_at
from rudaux.adapters.storage.looking import (
    all_empty,
    any_home,
    choose,
    doubted,
    folders,
    is_there,
    list_homes,
    look,
)
from rudaux.config import GitSettings, HubSettings, SnapshotSettings
from rudaux.config.private import PRIVATE, Rights
from rudaux.domain.collection import Absent, Copied, Kept, Located, Lookup, NotYet, Unreadable
from rudaux.domain.links import repo_folder
from rudaux.domain.returning import HomePages
from rudaux.domain.snapshots import snapshot_time
from rudaux.errors import StorageFailure

_STUDENT = "{student_id}"


@dataclass(frozen=True)
class _Work:
    """Where one student's work is below the storage root: the path of their home, then the rest.

    So many of the first parts of the rest are `shared` by all assignments.
    """

    home: tuple[str, ...]
    rest: tuple[str, ...]
    shared: int

    @property
    def all(self) -> tuple[str, ...]:
        return self.home + self.rest


class Homes:
    """Implements `rudaux.ports.Storage` over live folders or, if configured, snapshots."""

    def __init__(
        self,
        hub: HubSettings,
        git: GitSettings,
        limits: Limits | None = None,
        rights: Rights = PRIVATE,
    ) -> None:
        self._root = hub.storage_path
        self._template = hub.work_path
        self._snapshots = hub.snapshots
        self._values = {"repo": repo_folder(git.student_repo), "release_path": git.release_path}
        self._limits = limits or Limits()
        self._rights = rights

    def check(self) -> None:
        self._check_root()
        if self._snapshots and _STUDENT not in self._snapshots.path:
            self._snapshot_names(self._snapshots)

    def list_homes(self) -> frozenset[str] | None:
        self._check_root()
        above, _, rest = self._template.partition(_STUDENT)
        named = "{" not in above and (not above or above.endswith("/"))
        if not named or (rest and not rest.startswith("/")):
            return None
        return list_homes(self._root / above)

    def newest_snapshot(self) -> tuple[str, datetime] | None:
        if self._snapshots is None or _STUDENT in self._snapshots.path:
            return None
        names = self._snapshot_names(self._snapshots)
        taken = [(at, n) for n in names if (at := snapshot_time(self._snapshots, n)) is not None]
        return max(taken)[::-1] if taken else None

    def locate(self, student_id: str, assignment: str, deadline: datetime) -> Lookup:
        self._check_root()
        try:
            work = self._work(student_id, assignment)
        except ValueError as error:
            return Unreadable(str(error))
        try:
            if self._snapshots is None:
                return self._in_live_folder(work)
            if _STUDENT in self._snapshots.path:
                return self._in_own_snapshots(self._snapshots, student_id, work, deadline)
            return self._in_common_snapshots(self._snapshots, work, deadline)
        except OSError as error:
            return Unreadable(f"{error.filename or self._root} cannot be read ({error.strerror})")

    def lacks_snapshot(self, deadline: datetime, student_ids: Collection[str]) -> bool:
        if self._snapshots is None:
            return False
        self._check_root()
        if _STUDENT not in self._snapshots.path:
            names = self._snapshot_names(self._snapshots)
            folder = self._root / self._snapshots.path
            return isinstance(choose(self._snapshots, folder, names, deadline), NotYet)
        return any(self._lacks_own(self._snapshots, sid, deadline) for sid in student_ids)

    def _lacks_own(self, settings: SnapshotSettings, student_id: str, deadline: datetime) -> bool:
        """Return whether a student's home lacks such a snapshot; without a home none is needed."""
        folder = self._root / settings.path.replace(_STUDENT, student_id)
        try:
            if self._home_missing(self._work(student_id, "assignment")):
                return False
            names = folders(folder)
        except (ValueError, OSError):
            return True
        return isinstance(choose(settings, folder, names, deadline), NotYet)

    def copy(self, located: Located, destination: Path, needed: Collection[str] = ()) -> Copied:
        # Trust only what a student cannot replace: their home, or the snapshot itself.
        work = self._work("student", "assignment")
        own = self._snapshots is None or _STUDENT in self._snapshots.path
        below = len(work.rest if own else work.all)
        parts = located.folder.parts
        base = Path(*parts[: len(parts) - below])
        work_parts = parts[len(parts) - below :]
        return copy_folder(base, work_parts, destination, self._limits, needed, self._rights)

    def kept(self, folder: Path) -> Kept | None:
        return look_at(folder)

    def pages(self, student_id: str, folder: str, names: Collection[str]) -> HomePages | Absent:
        home = self._live_home(student_id)
        return home if isinstance(home, Absent) else pages.look(home, folder, names)

    def put_page(
        self, student_id: str, folder: str, name: str, content: bytes, replaces: Collection[str]
    ) -> bool:
        home = self._live_home(student_id)
        if isinstance(home, Absent):
            raise StorageFailure(home.reason)
        return pages.put(home, folder, name, content, replaces)

    def _live_home(self, student_id: str) -> Path | Absent:
        """Return the home itself, even if work is read from snapshots."""
        try:
            work = self._work(student_id, "assignment")
            gone = self._home_missing(work)
        except (OSError, ValueError) as error:
            raise StorageFailure(f"their home cannot be found: {error}") from error
        if isinstance(gone, Unreadable):
            raise StorageFailure(gone.reason)
        return gone or self._root.joinpath(*work.home)

    # --- the three layouts ----------------------------------------------------------------------

    def _in_live_folder(self, work: _Work) -> Lookup:
        gone = self._home_missing(work)
        if gone:
            return gone
        home = self._root.joinpath(*work.home)
        found = look(home, work.rest, home, None, work.shared)
        if isinstance(found, Absent) and all_empty(home.parent):
            return Unreadable(f"every home in {home.parent} is empty: check that they are mounted")
        return found

    def _in_own_snapshots(
        self, settings: SnapshotSettings, student_id: str, work: _Work, deadline: datetime
    ) -> Lookup:
        """Look where each home is its own dataset, with its snapshots inside."""
        gone = self._home_missing(work)
        if gone:
            return gone
        folder = self._root / settings.path.replace(_STUDENT, student_id)
        try:
            names = folders(folder)
        except FileNotFoundError:
            return Unreadable(
                f"there is no snapshot folder {folder}: check that their home is mounted"
            )
        chosen = choose(settings, folder, names, deadline)
        if isinstance(chosen, NotYet):
            return chosen
        found = look(folder / chosen, work.rest, folder / chosen, chosen, work.shared)
        return doubted(found, settings, folder, names, chosen, (), work.rest)

    def _in_common_snapshots(
        self, settings: SnapshotSettings, work: _Work, deadline: datetime
    ) -> Lookup:
        """Look where each snapshot contains everybody's homes."""
        names = self._snapshot_names(settings)
        folder = self._root / settings.path
        chosen = choose(settings, folder, names, deadline)
        if isinstance(chosen, NotYet):
            return chosen
        base = folder / chosen
        homes = base.joinpath(*work.home[:-1])
        if not is_there(homes / work.home[-1]):
            if any_home(homes):
                gone = f"there is no home in snapshot {chosen}"
                proof = Absent(f"no home in snapshot {chosen}: not logged in by then", gone)
                return doubted(proof, settings, folder, names, chosen, work.home, work.rest)
            return Unreadable(
                f"snapshot {chosen} contains no homes: look at {homes}, and at "
                "jupyterhub.snapshots.path in rudaux.toml"
            )
        shared = len(work.home) + work.shared
        found = look(base, work.all, homes / work.home[-1], chosen, shared)
        # Homes that are their own datasets are empty folders in their parent's snapshots.
        if isinstance(found, Absent) and all_empty(homes):
            return Unreadable(
                f"every home is empty in snapshot {chosen}: if each home is its own dataset, set "
                f'jupyterhub.snapshots.path to "{_STUDENT}/{settings.path}"'
            )
        return doubted(found, settings, folder, names, chosen, work.home, work.rest)

    # --- parts of the above ---------------------------------------------------------------------

    def _check_root(self) -> None:
        """Raise if the root is not mounted: then an absent file proves nothing."""
        pieces = self._template.split("/")
        depth = next((i for i, piece in enumerate(pieces) if _STUDENT in piece), 0)
        homes = self._root.joinpath(*pieces[:depth])
        if "{" in str(homes):
            homes = self._root
        try:
            if any_home(homes):
                return
        except OSError as error:
            raise StorageFailure(
                f"the students' homes in {homes} cannot be read ({error.strerror}): check that the "
                "file server is mounted and that jupyterhub.storage_path in rudaux.toml is right"
            ) from error
        raise StorageFailure(
            f"{homes} contains no homes at all: the file server is probably not mounted; "
            "mount it, or fix jupyterhub.storage_path in rudaux.toml"
        )

    def _snapshot_names(self, settings: SnapshotSettings) -> list[str]:
        folder = self._root / settings.path
        try:
            return folders(folder)
        except OSError as error:
            if settings.take is not None and isinstance(error, FileNotFoundError):
                return []  # the first is yet to be taken, and makes the folder
            raise StorageFailure(
                f"the snapshots in {folder} cannot be read ({error.strerror}): "
                "mount the file server, or fix jupyterhub.snapshots.path in rudaux.toml"
            ) from error

    def _home_missing(self, work: _Work) -> Absent | Unreadable | None:
        home = self._root.joinpath(*work.home)
        if is_there(home):
            return None
        if any_home(home.parent):
            return Absent("no home: never logged in", "their home is gone")
        return Unreadable(f"{home.parent} contains no homes at all: check that it is mounted")

    def _work(self, student_id: str, assignment: str) -> _Work:
        """Fill in `work_path`; raise `ValueError` if it would lead out of the storage root."""
        for what, value in (("student id", student_id), ("assignment", assignment)):
            if "/" in value or value.strip() in {"", ".", ".."}:
                raise ValueError(f'the {what} "{value}" cannot be the name of a folder')
        values = {"student_id": student_id, "assignment": assignment, **self._values}
        home: list[str] = []
        rest: list[str] = []
        seen, common, shared = False, True, 0
        for piece in self._template.split("/"):
            filled = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), piece)
            (rest if seen else home).extend(name for name in filled.split("/") if name)
            seen = seen or _STUDENT in piece
            common = common and "{assignment}" not in piece
            shared = len(rest) if common else shared
        if any(name in {".", ".."} or "\0" in name for name in home + rest):
            raise ValueError(
                f'jupyterhub.work_path "{self._template}" would lead out of the storage folder'
            )
        return _Work(tuple(home), tuple(rest), shared)
