"""`rudaux new`: questions and answers, then a rudaux.toml."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from rudaux.cli.ask import Question
from rudaux.cli.options import Folder, NoPrompt
from rudaux.cli.view import View
from rudaux.config import FILE, load_config
from rudaux.errors import NeedsPersonError

_TEMPLATE = """\
# One course; `rudaux init` brings everything in step with this file.

[course]
name = {name}
timezone = {timezone}        # every date below is in it

[canvas]
url = {canvas_url}
course_id = {course_id}
external_tool_name = {tool}    # exactly as `rudaux canvas tools --all` lists it
external_tool_level = {level}      # course | account | group
# token_file = "~/.config/rudaux/canvas-token"   # instead of the variable CANVAS_TOKEN

[git]
instructor_repo = {instructor_repo}
student_repo = {student_repo}
release_path = {release_path}

[jupyterhub]
url = {hub_url}
base_url = {base_url}
storage_path = {storage}       # where students' homes are on this machine

# [jupyterhub.snapshots]       # where the file server takes snapshots
# path = ".zfs/snapshot"
# pattern = '\\d{{4}}-\\d{{2}}-\\d{{2}}-\\d{{4}}'
# format = "%Y-%m-%d-%H%M"
# timezone = "UTC"

[grading]
executor = "process"           # runs students' code as you: only for code you trust

# [[assignments]]
# name = "homework_1"          # the folder under source/
# due = 2026-10-01T23:59:59
# points = 10
"""


def new(
    name: Annotated[str, typer.Option(help="A short name for the course.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA time zone of the due dates.")] = "",
    canvas_url: Annotated[str, typer.Option(help="Canvas's address.")] = "",
    course_id: Annotated[str, typer.Option(help="The number in the course's address.")] = "",
    tool: Annotated[str, typer.Option(help="Name of the hub's external tool.")] = "",
    level: Annotated[str, typer.Option(help="course, account or group.")] = "",
    instructor_repo: Annotated[str, typer.Option(help="Remote of this checkout.")] = "",
    student_repo: Annotated[str, typer.Option(help="Remote that students pull.")] = "",
    release_path: Annotated[str, typer.Option(help="Folder in the student repository.")] = "",
    hub_url: Annotated[str, typer.Option(help="The hub's address.")] = "",
    base_url: Annotated[str, typer.Option(help="The hub's prefix, if any.")] = "",
    storage: Annotated[str, typer.Option(help="Where students' homes are here.")] = "",
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Questions and answers, then a rudaux.toml."""
    given = {k: v for k, v in locals().items() if k in _QUESTIONS}
    view, target = View(no_prompt), (folder or Path.cwd()).expanduser().resolve()
    file = target / FILE
    if file.exists():
        text = f"{file} exists. Replace it? The old one is kept as {FILE}.old."
        if not view.ask(Question(text, "refuse", default=False)):
            return
    text = _TEMPLATE.format(**_answers(view, given))
    _write(file, text)
    view.line(f"Wrote {file}.")
    view.notice(
        "Next: add your [[assignments]], `export CANVAS_TOKEN=...` (Canvas: Account > Settings > "
        "New Access Token), then `rudaux init --dry-run`."
    )


_QUESTIONS = {
    "name": ("A short name for the course", ""),
    "timezone": ("Time zone of the due dates (IANA name)", "America/Vancouver"),
    "canvas_url": ("Canvas's address", "https://canvas.example.edu"),
    "course_id": ("The number at the end of the course's address in Canvas", ""),
    "tool": ("The exact name of the hub's external tool in Canvas", "Jupyter"),
    "level": ("Where that tool is installed: course, account or group", "course"),
    "instructor_repo": ("Git remote of the instructor repository", ""),
    "student_repo": ("Git remote of the student repository", ""),
    "release_path": ("Folder of the student repository that assignments go to", "materials"),
    "hub_url": ("The hub's address", "https://hub.example.edu"),
    "base_url": ("The hub's prefix, such as /jupyter (empty: none)", ""),
    "storage": ("Folder on this machine that holds students' homes", "/home"),
}
_OPTIONAL = {"release_path", "base_url"}


def _answers(view: View, given: dict[str, str]) -> dict[str, str]:
    """Take what was given as options, ask for the rest; unattended, name what is missing."""
    if not view.attended:
        missing = [k for k in _QUESTIONS if not given[k] and k not in {*_OPTIONAL, "level"}]
        if missing:
            flags = ", ".join(f"--{k.replace('_', '-')}" for k in missing)
            raise NeedsPersonError(f"nobody is here to answer: give {flags}.")
    answers = {}
    for key, (question, default) in _QUESTIONS.items():
        answer = given[key]
        if not answer and view.attended:
            answer = view.type_in(question, default, lambda v, k=key: _valid(k, v))
        if key == "level":
            answer = answer or "course"
        is_number = key == "course_id" and answer.isdigit()
        answers[key] = answer if is_number else json.dumps(answer, ensure_ascii=False)
    return answers


def _valid(key: str, value: str) -> bool | str:
    if key in _OPTIONAL:
        return True
    if not value.strip():
        return "An answer is needed."
    if key == "course_id" and not value.isdigit():
        return "The number at the end of the course's address, such as 12345."
    if key.endswith("_url") and not value.startswith(("https://", "http://")):
        return "The whole address, with https://."
    if key == "storage" and not value.startswith("/"):
        return "An absolute path."
    return True


def _write(file: Path, text: str) -> None:
    """Write only what loads: a wrong answer is told before anything is replaced."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / FILE).write_text(text, encoding="utf-8")
        load_config(Path(scratch))
    if file.exists():
        file.replace(file.with_name(f"{FILE}.old"))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
