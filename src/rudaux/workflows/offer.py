"""Answers that `rudaux new` can suggest: from Canvas, from git, from the course folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from rudaux.config import LEVELS, Level, has_token, read_token
from rudaux.config.draft import Planned, build, fits
from rudaux.domain.canvas import CanvasAssignment, CanvasCourse, ExternalTool
from rudaux.domain.roster import Student
from rudaux.errors import CanvasFailure
from rudaux.ports import Canvas, Surroundings
from rudaux.workflows.tool import pick_tool

LevelTool: TypeAlias = "tuple[Level, ExternalTool]"
USUAL_FILE = "~/.config/rudaux/canvas-token"


def find_token(folder: Path, answers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Return the token that the answers lead to, or "", and the answers with its file.

    Raises `ConfigError` for a token that must not be used, for one in a file others can read.
    """
    usual = {**answers, "token_file": USUAL_FILE}
    for tried in (answers, *([] if "token_file" in answers else [usual])):
        config = replace(build(tried), folder=folder)
        if has_token(config):
            return read_token(config), tried
    return "", answers


class CanvasLook:
    """Canvas, as far as a token gives access; raises `CanvasFailure` or `ConfigError`."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.token = ""
        self._canvas: Canvas | None = None
        self._students: tuple[Student, ...] | None = None

    @property
    def works(self) -> bool:
        """Whether a course could be opened."""
        return self._canvas is not None

    def courses(self, url: str) -> tuple[CanvasCourse, ...]:
        """Return the courses that the token's owner teaches, the newest first.

        A Canvas that fails here is not asked again.
        """
        token, self.token = self.token, ""
        found = self._around.courses(url, token)
        self.token = token
        return tuple(sorted(found, key=lambda c: c.id, reverse=True))

    def open(self, answers: Mapping[str, str]) -> CanvasCourse:
        """Open the course that is looked into from now on."""
        canvas = self._around.canvas(answers["canvas_url"], int(answers["course_id"]), self.token)
        course = canvas.course()
        self._canvas = canvas
        return course

    def tools(self) -> tuple[LevelTool, ...]:
        """Return every external tool once, with the level at which it is installed.

        A course lists its account's tools, too; if the token may not list the account's, their
        level is "course", at which rudaux finds them as well.
        """
        found: dict[int, LevelTool] = {}
        for level in sorted(LEVELS, key=("account", "course", "group").index):
            for tool in self._tools_at(level):
                found.setdefault(tool.id, (level, tool))
        return tuple(sorted(found.values(), key=lambda pair: _hubs_first(pair[1])))

    def _tools_at(self, level: Level) -> tuple[ExternalTool, ...]:
        try:
            return self._canvas.tools(level) if self._canvas else ()
        except CanvasFailure:
            if level == "course":
                raise
            return ()

    def check_tool(self, answers: Mapping[str, str]) -> None:
        """Raise `ConfigError` unless Canvas has the one tool of that name at that level."""
        if self._canvas and answers["level"] in LEVELS:
            level = next(level for level in LEVELS if level == answers["level"])
            pick_tool(self._canvas.tools(level), answers["tool"], level)

    def students(self) -> tuple[Student, ...]:
        """Return the students, or none if Canvas does not list them."""
        if self._students is None:
            try:
                self._students = self._canvas.students() if self._canvas else ()
            except CanvasFailure:
                self._students = ()
        return self._students

    def assignments(self, planned: Iterable[Planned], zone: str) -> tuple[Planned, ...]:
        """Return those without date or points, filled in from Canvas's assignment of that name."""
        there = self._canvas.assignments() if self._canvas else ()
        often = Counter(a.name for a in there)
        named = {a.name: a for a in there if often[a.name] == 1}
        filled = (
            _filled(p, named[p.name], ZoneInfo(zone))
            for p in planned
            if not p.known and p.name in named
        )
        return tuple(p for p in filled if fits({"timezone": zone}, p))


@dataclass
class Offers:
    """What can be suggested so far: a text to start from, or choices of one or more answers."""

    defaults: dict[str, str] = field(default_factory=dict)
    choices: dict[str, Sequence[tuple[dict[str, str], str]]] = field(default_factory=dict)
    _tools: tuple[LevelTool, ...] = ()

    def take_courses(self, courses: Sequence[CanvasCourse] | None) -> None:
        """Offer the courses."""
        self.choices["course_id"] = [
            ({"course_id": str(c.id)}, " · ".join(filter(None, (c.name, c.term, str(c.id)))))
            for c in courses or ()
        ]

    def take_course(self, course: CanvasCourse | None) -> None:
        """Offer what Canvas calls the course, and its time zone."""
        if course:
            self.defaults |= {"name": course.name, "timezone": course.timezone}

    def take_tools(self, tools: Sequence[LevelTool] | None) -> None:
        """Offer the external tools."""
        self._tools = tuple(tools or ())
        self.choices["tool"] = [
            (
                {"tool": tool.name, "level": level},
                f"{tool.name} · {level} · {tool.url or tool.domain or 'no address'}",
            )
            for level, tool in self._tools
        ]

    def take_hub(self, name: str) -> None:
        """Offer the address that the tool of this name launches."""
        for _, tool in self._tools:
            if tool.name == name:
                site, prefix = hub_address(tool)
                self.defaults |= {"hub_url": site, "base_url": prefix}

    def take_remotes(self, around: Surroundings, folder: Path) -> None:
        """Offer the remotes of the course folder, and of the checkouts beside it."""
        self.defaults["instructor_repo"] = around.remote(folder) or ""
        self.choices["student_repo"] = [
            ({"student_repo": remote}, f"{remote} (the checkout {name} beside this one)")
            for remote, name in remotes_beside(around, folder).items()
        ]


def _hubs_first(tool: ExternalTool) -> tuple[bool, str, int]:
    return "/hub/" not in (tool.url or ""), tool.name, tool.id


def hub_address(tool: ExternalTool) -> tuple[str, str]:
    """Return the hub's site and prefix that a tool launches, or nothing."""
    parts = urlsplit(tool.url or (f"https://{tool.domain}" if tool.domain else ""))
    prefix = re.match(r"(/.+)/hub(/|$)", parts.path)
    return (f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""), prefix[1] if prefix else ""


def remotes_beside(around: Surroundings, folder: Path) -> dict[str, str]:
    """Return the remotes of the checkouts beside the course folder, and their folders' names.

    Its own remote is left out, and so is a checkout of rudaux itself.
    """
    own = around.remote(folder)
    try:
        beside = sorted(p for p in folder.parent.iterdir() if (p / ".git").exists())
    except OSError:
        return {}
    others = (p for p in beside if p != folder and not (p / "src" / "rudaux").is_dir())
    found = {around.remote(p): p.name for p in others}
    return {remote: name for remote, name in found.items() if remote and remote != own}


def source_folders(folder: Path) -> list[str]:
    """Return the names of the folders under source/."""
    source = folder / "source"
    found = source.iterdir() if source.is_dir() else ()
    return sorted(p.name for p in found if p.is_dir() and p.name[0] not in "._")


def _filled(one: Planned, there: CanvasAssignment, zone: ZoneInfo) -> Planned:
    def local(moment: datetime | None) -> datetime | None:
        return moment.astimezone(zone).replace(tzinfo=None) if moment else None

    return replace(
        one,
        due=local(there.due_at),
        points=there.points,
        unlock=local(there.unlock_at),
        lock=local(there.lock_at),
    )
