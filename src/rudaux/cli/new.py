"""`rudaux new`: questions and answers, then a rudaux.toml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from rudaux.cli.ask import Question
from rudaux.cli.files import write_keeping
from rudaux.cli.options import DryRun, Folder, NoPrompt
from rudaux.cli.view import View
from rudaux.config import FILE, LEVELS
from rudaux.config.checking import shown
from rudaux.errors import ConfigError, NeedsPersonError

_TEMPLATE = """\
# One course; `rudaux init` brings everything in step with this file.

[course]
name = {name}
timezone = {timezone}   # every date below is in it

[canvas]
url = {canvas_url}
course_id = {course_id}
external_tool_name = {tool}   # exactly as `rudaux canvas tools --all` lists it
external_tool_level = {level}   # course | account | group
# token_file = "~/.config/rudaux/canvas-token"   # instead of the variable CANVAS_TOKEN

[git]
instructor_repo = {instructor_repo}
student_repo = {student_repo}
release_path = {release_path}   # folder of the student repository that assignments go to

[jupyterhub]
url = {hub_url}
base_url = {base_url}
storage_path = {storage}   # where students' homes are on this machine
{snapshots}
[grading]
executor = "docker"    # docker | process (process runs students' code as you)
image = "quay.io/jupyter/scipy-notebook:latest"   # the image that students work in
{assignments}"""
_SNAPSHOTS = """
{c}[jupyterhub.snapshots]   # where the file server keeps them; without it, folders are read as is
{c}path = {path}
{c}pattern = '\\d{{4}}-\\d{{2}}-\\d{{2}}-\\d{{4}}'   # the time stamp inside a snapshot's name
{c}format = "%Y-%m-%d-%H%M"
{c}timezone = "UTC"
"""
_ASSIGNMENT = """
# [[assignments]]
# name = {name}   # the folder under source/
# due = 2026-10-01T23:59:59
# points = 10
"""


@dataclass(frozen=True)
class _Field:
    """One answer: `example` is right in form, `default` is what the question starts with."""

    question: str
    example: str
    default: str = ""
    needed: bool = True


_FIELDS = {
    "name": _Field("A short name for the course", "dsci100"),
    "timezone": _Field("Time zone of the due dates (IANA name)", "America/Vancouver"),
    "canvas_url": _Field("Canvas's address", "https://canvas.example.edu"),
    "course_id": _Field("The number at the end of the course's address in Canvas", "12345"),
    "tool": _Field("The hub's external tool in Canvas, its exact name", "Jupyter", "Jupyter"),
    "level": _Field("Where that tool is installed: course, account or group", "course", "course"),
    "instructor_repo": _Field(
        "Git remote of the instructor repository", "git@github.com:org/dsci100-instructors.git"
    ),
    "student_repo": _Field(
        "Git remote of the student repository", "git@github.com:org/dsci100.git"
    ),
    "release_path": _Field(
        "Folder in the student repository for assignments (empty: its top)", "", "materials", False
    ),
    "hub_url": _Field("The hub's address", "https://hub.example.edu"),
    "base_url": _Field("The hub's prefix, such as /jupyter (empty: none)", "", "", False),
    "storage": _Field("Folder on this machine that holds students' homes", "/tank/home/dsci100"),
    "snapshots": _Field(
        "Folder of its snapshots, such as .zfs/snapshot (empty: none)", "", "", False
    ),
}


def _answer(key: str) -> Any:
    return typer.Option(help=f"{_FIELDS[key].question}.", show_default=False, metavar="TEXT")


def new(
    name: Annotated[str, _answer("name")] = "",
    timezone: Annotated[str, _answer("timezone")] = "",
    canvas_url: Annotated[str, _answer("canvas_url")] = "",
    course_id: Annotated[str, _answer("course_id")] = "",
    tool: Annotated[str, _answer("tool")] = "",
    level: Annotated[str, _answer("level")] = "",
    instructor_repo: Annotated[str, _answer("instructor_repo")] = "",
    student_repo: Annotated[str, _answer("student_repo")] = "",
    release_path: Annotated[str, _answer("release_path")] = "",
    hub_url: Annotated[str, _answer("hub_url")] = "",
    base_url: Annotated[str, _answer("base_url")] = "",
    storage: Annotated[str, _answer("storage")] = "",
    snapshots: Annotated[str, _answer("snapshots")] = "",
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Questions and answers, then a rudaux.toml."""
    given = {key: value.strip() for key, value in locals().items() if key in _FIELDS}
    view, file = View(no_prompt), (folder or Path.cwd()).expanduser().resolve() / FILE
    if file.exists() and not dry_run:
        text = f"{FILE} exists. Replace it? The old one is kept beside it."
        if not view.ask(Question(text, "refuse", default=False)):
            view.notice("Nothing was written.")
            return
    answers = _asked(view, given) if view.attended else _complete(given)
    text = _render(answers, _sources(file.parent))
    if dry_run:
        view.line(text.rstrip())
        return
    kept = write_keeping(file, text)
    view.line(f"Wrote {file}." + (f" The old one is {kept}." if kept else ""))
    view.notice(
        "\nNext: fill in its [[assignments]]; make a token in Canvas (Account > Settings > New "
        "Access Token)\nand `export CANVAS_TOKEN=...`; then `rudaux init --dry-run` shows what "
        "`rudaux init` would do."
    )


def _complete(given: Mapping[str, str]) -> dict[str, str]:
    """Check answers that nobody can be asked about; raises `NeedsPersonError` for lacking ones."""
    answers = {**given, "level": given["level"] or "course"}
    missing = [key for key, field in _FIELDS.items() if field.needed and not answers[key]]
    if missing:
        flags = ", ".join(f"--{key.replace('_', '-')}" for key in missing)
        raise NeedsPersonError(f"nobody is here to answer: give {flags}.")
    _check(answers)
    return answers


def _asked(view: View, given: Mapping[str, str]) -> dict[str, str]:
    """Ask for what was not given, or was given wrong; each answer is checked as it is typed."""
    answers: dict[str, str] = {}
    for key, field in _FIELDS.items():
        wrong = _wrong(answers, key, given[key]) if given[key] else ""
        if wrong:
            view.notice(f"--{key.replace('_', '-')}: {wrong}")
        if given[key] and not wrong:
            answers[key] = given[key]
        elif key == "level":
            answers[key] = view.choose(field.question, LEVELS, field.default)
        else:
            so_far = dict(answers)

            def valid(value: str, key: str = key, so_far: dict[str, str] = so_far) -> bool | str:
                return _wrong(so_far, key, value.strip()) or True

            answers[key] = view.type_in(field.question, given[key] or field.default, valid)
    return answers


def _wrong(answers: Mapping[str, str], key: str, value: str) -> str:
    """Say what is wrong with a further answer, short enough for the line under a question."""
    examples = {name: field.example for name, field in _FIELDS.items()}
    try:
        _check({**examples, **answers, key: value})
    except ConfigError as error:
        mistake = error.mistakes[0].removeprefix(f"{FILE}: ")
        _, found, verdict = mistake.partition(f" = {shown(_typed(key, value))}: ")
        return f"this {verdict}" if found else mistake
    return ""


def _check(answers: Mapping[str, str]) -> None:
    from rudaux.config.reading import read

    read(Path("/"), _render(answers, []))


def _render(answers: Mapping[str, str], sources: list[str]) -> str:
    """Write the file; a JSON text is a TOML text, too."""
    quoted = {key: json.dumps(_typed(key, v), ensure_ascii=False) for key, v in answers.items()}
    path = answers["snapshots"]
    quoted["snapshots"] = _SNAPSHOTS.format(
        c="" if path else "# ", path=quoted["snapshots"] if path else '".zfs/snapshot"'
    )
    blocks = (_ASSIGNMENT.format(name=json.dumps(s, ensure_ascii=False)) for s in sources)
    return _TEMPLATE.format(**quoted, assignments="".join(blocks))


def _typed(key: str, value: str) -> str | int:
    return int(value) if key == "course_id" and value.isdecimal() else value


def _sources(folder: Path) -> list[str]:
    """Give the assignments that are there already, or an example."""
    source = folder / "source"
    found = source.iterdir() if source.is_dir() else ()
    return sorted(p.name for p in found if p.is_dir() and p.name[0] not in "._") or ["homework_1"]
