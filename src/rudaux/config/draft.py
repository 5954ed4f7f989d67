"""A draft of rudaux.toml: the answers to the questions of `rudaux new`, and the file they make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from rudaux.config.checking import shown
from rudaux.config.reading import read
from rudaux.config.settings import FILE, Config, GradingSettings
from rudaux.errors import ConfigError

EXAMPLES = {
    "name": "dsci100",
    "timezone": "America/Vancouver",
    "canvas_url": "https://canvas.example.edu",
    "course_id": "12345",
    "tool": "Jupyter",
    "instructor_repo": "git@github.com:org/dsci100-instructors.git",
    "student_repo": "git@github.com:org/dsci100.git",
    "hub_url": "https://hub.example.edu",
    "storage": "/tank/home/dsci100",
}
"""The answers that a file needs, each in a valid form."""
OTHERS = {
    "level": "course",
    "release_path": "",
    "base_url": "",
    "snapshots": "",
    "executor": GradingSettings.executor,
    "token_env": "",
    "token_file": "",
    "image": GradingSettings.image,
    "jobs": "",
    "memory": "",
    "work_path": "",
    "pattern": r"\d{4}-\d{2}-\d{2}-\d{4}",
    "format": "%Y-%m-%d-%H%M",
    "snapshot_zone": "UTC",
}
"""All other answers, with their defaults."""

_TEMPLATE = """\
# One course; `rudaux init` brings everything into line with this file.

[course]
name = {name}
timezone = {timezone}   # of every date below

[canvas]
url = {canvas_url}
course_id = {course_id}
{where}external_tool_name = {tool}   # exactly as `rudaux canvas tools --all` lists it
external_tool_level = {level}   # course | account | group

[git]
instructor_repo = {instructor_repo}
student_repo = {student_repo}
release_path = {release_path}   # folder of the student repository that assignments go to

[jupyterhub]
url = {hub_url}
base_url = {base_url}
storage_path = {storage}   # where students' homes are on this machine
{work_path}
{c}[jupyterhub.snapshots]   # where the file server keeps them; without, homes are read as they are
{c}path = {snapshots}
{c}pattern = {pattern}   # the time stamp inside a snapshot's name
{c}format = {format}
{c}timezone = {snapshot_zone}

[grading]
executor = {executor}    # docker | sandbox | process (runs students' code as you)
image = {image}   # the image that students work in
{jobs}{memory}"""
_ELSEWHERE = """\
# token_file = "~/.config/rudaux/canvas-token"   # instead of the variable CANVAS_TOKEN
"""


@dataclass(frozen=True)
class Planned:
    """An assignment as far as it is known; its dates are in the course's zone, without offset."""

    name: str
    due: datetime | None = None
    points: Decimal | None = None
    manual: bool = False
    unlock: datetime | None = None
    lock: datetime | None = None

    @property
    def known(self) -> bool:
        """Return whether both its date and its points are there."""
        return self.due is not None and self.points is not None


def render(answers: Mapping[str, str], assignments: Iterable[Planned] = ()) -> str:
    """Return the text of the file; an assignment that is not fully known becomes a comment.

    A JSON string is also a TOML string.
    """
    given = {**OTHERS, **answers}
    values = {key: _quoted(key, value) for key, value in given.items()}
    for key in ("token_env", "token_file", "work_path", "jobs", "memory"):
        values[key] = f"{key} = {values[key]}\n" if given[key] else ""
    values["where"] = values["token_env"] + values["token_file"] or _ELSEWHERE
    if not given["snapshots"]:
        values["snapshots"] = '".zfs/snapshot"'
    text = _TEMPLATE.format(**values, c="" if given["snapshots"] else "# ")
    return text + "".join(map(_assignment, assignments))


def build(answers: Mapping[str, str], assignments: Iterable[Planned] = ()) -> Config:
    """Return the configuration that the answers make, with examples for those that are missing.

    Raises `ConfigError` for answers that are wrong.
    """
    return read(Path("/"), render({**EXAMPLES, **answers}, assignments))


def wrong(answers: Mapping[str, str], key: str, value: str) -> str:
    """Return what is wrong with one more answer, short enough for the line under a question."""
    try:
        build({**answers, key: value})
    except ConfigError as error:
        mistake = error.mistakes[0].removeprefix(f"{FILE}: ")
        _, found, verdict = mistake.partition(f" = {shown(_typed(key, value))}: ")
        return f"this {verdict}" if found else mistake
    return ""


def fits(answers: Mapping[str, str], one: Planned) -> bool:
    """Return whether an assignment is complete, and valid in rudaux.toml."""
    try:
        build(answers, [one])
    except ConfigError:
        return False
    return one.known


def _quoted(key: str, value: str) -> str:
    if key == "pattern" and "'" not in value:
        return f"'{value}'"  # as people write a regular expression
    return json.dumps(_typed(key, value), ensure_ascii=False)


def _typed(key: str, value: str) -> str | int:
    return int(value) if key in {"course_id", "jobs"} and value.isdecimal() else value


def _assignment(one: Planned) -> str:
    due = one.due.isoformat() if one.due else "2026-10-01T23:59:59"
    lines = [
        "[[assignments]]",
        f"name = {json.dumps(one.name, ensure_ascii=False)}" + "   # the folder under source/",
        *([f"unlock = {one.unlock.isoformat()}"] if one.unlock else []),
        f"due = {due}",
        *([f"lock = {one.lock.isoformat()}"] if one.lock else []),
        f"points = {(one.points or Decimal(10)).normalize():f}",
        *(["manual = true"] if one.manual else []),
    ]
    return "\n" + "".join(f"{'' if one.known else '# '}{line}\n" for line in lines)
