"""One request as a handler sees it, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.dates import zone_of
from rudaux.demo.simulator.entities import Assignment, Group, JournalEntry
from rudaux.demo.simulator.params import as_list
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Switches


@dataclass
class Upload:
    """A multipart body in the order it came: fields, and the file's name and bytes."""

    fields: list[tuple[str, str]]
    file_name: str | None
    content: bytes
    file_is_last: bool


@dataclass
class Call:
    """A request: `params` are query and body together, `query` only what is in the URL."""

    world: World
    switches: Switches
    method: str
    path: str
    base: str
    files_base: str
    path_params: dict[str, Any]
    params: dict[str, Any]
    query: list[tuple[str, str]]
    user_id: int = 0
    has_token: bool = True
    upload: Upload | None = None
    changed: bool = False

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return self.switches.clock()

    @property
    def zone(self) -> tzinfo:
        """The course's time zone."""
        return zone_of(self.world.course.time_zone)

    @property
    def includes(self) -> set[str]:
        """What `include[]` asks for."""
        return {str(i) for i in as_list(self.params.get("include"))}

    def need(self, right: bool) -> None:
        """Refuse, in the dialect of this Canvas, unless the right is there."""
        if not right:
            raise refusals.not_permitted(self.switches.permission_status)

    def wrote(self) -> None:
        """Put this request into the journal of writes, once."""
        if not self.changed:
            self.world.journal.append(JournalEntry(self.method, self.path, self.now))
        self.changed = True

    def course(self) -> None:
        """Refuse unless the path's course is the one that is here."""
        if number(self.path_params["course"]) != self.world.course.id:
            raise refusals.not_found()

    def assignment(self) -> Assignment:
        """Return the path's assignment in the path's course."""
        self.course()
        found = self.world.assignments.get(number(self.path_params["assignment"]))
        if found is None or found.deleted:
            raise refusals.not_found()
        return found

    def group(self) -> Group:
        """Return the path's group."""
        found = self.world.groups.get(number(self.path_params["group"]))
        if found is None:
            raise refusals.not_found()
        return found

    def user_named(self, text: str) -> int | None:
        """Return a user's id from a path or body: their id, or `self`."""
        uid = self.user_id if text == "self" else number(text)
        return uid if uid in self.world.users else None


@dataclass
class Reply:
    """An answer; `body` is JSON data, or text or bytes of another `media_type`."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


def number(text: Any) -> int:
    """Read an id from a path or body; what is none is -1, which nothing has."""
    tail = str(text).rpartition("~")[2]
    return int(tail) if tail.isdigit() else -1
