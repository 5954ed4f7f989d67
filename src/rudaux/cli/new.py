"""`rudaux new`: questions and answers, then a rudaux.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rudaux.cli.ask import Question
from rudaux.cli.files import write_keeping
from rudaux.cli.interview import QUESTIONS, Interview, flag
from rudaux.cli.options import DryRun, Folder, NoPrompt
from rudaux.cli.view import View
from rudaux.config import FILE, CanvasSettings
from rudaux.config.draft import EXAMPLES, Planned, build, render, wrong
from rudaux.errors import ConfigError, Interrupted, NeedsPersonError

if TYPE_CHECKING:
    from rudaux.config.older import Older


_GUESSED = {
    "name": "course.name",
    "timezone": "course.timezone",
    "tool": "canvas.external_tool_name",
    "level": "canvas.external_tool_level",
    "student_repo": "git.student_repo",
    "release_path": "git.release_path",
}


def _answer(key: str) -> Any:
    return typer.Option(help=f"{QUESTIONS[key].text}.", show_default=False, metavar="TEXT")


def new(
    older_file: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Take over the rudaux_config.py of an older rudaux."
        ),
    ] = None,
    name: Annotated[str, _answer("name")] = "",
    timezone: Annotated[str, _answer("timezone")] = "",
    canvas_url: Annotated[str, _answer("canvas_url")] = "",
    course_id: Annotated[str, _answer("course_id")] = "",
    token_env: Annotated[str, _answer("token_env")] = "",
    token_file: Annotated[str, _answer("token_file")] = "",
    tool: Annotated[str, _answer("tool")] = "",
    level: Annotated[str, _answer("level")] = "",
    instructor_repo: Annotated[str, _answer("instructor_repo")] = "",
    student_repo: Annotated[str, _answer("student_repo")] = "",
    release_path: Annotated[str, _answer("release_path")] = "",
    hub_url: Annotated[str, _answer("hub_url")] = "",
    base_url: Annotated[str, _answer("base_url")] = "",
    storage: Annotated[str, _answer("storage")] = "",
    snapshots: Annotated[str, _answer("snapshots")] = "",
    executor: Annotated[str, _answer("executor")] = "",
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Ask about the course, and write its rudaux.toml."""
    given = {k: v.strip() for k, v in locals().items() if k in QUESTIONS and v.strip()}
    view, file = View(no_prompt), (folder or Path.cwd()).expanduser().resolve() / FILE
    older = _older(older_file, given.get("course_id", ""))
    if file.exists() and not dry_run:
        text = f"There is a {FILE} already. Replace it? The old one is kept beside it."
        if not view.ask(Question(text, "refuse", default=False)):
            view.notice("Nothing was written.")
            return
    start = ["rudaux new", *([f"--dir {quote(str(folder))}"] if folder else [])]
    start += [f"--from {quote(str(older_file))}"] if older_file else []
    answers, assignments, has_token = _answers(view, file.parent, given, older, start)
    text = render(answers, assignments)
    if dry_run:
        view.line(text.rstrip())
        _keep_out_of_git(view, file.parent, dry_run)
    else:
        kept = write_keeping(file, text)
        view.line(f"Wrote {file}." + (f" The old one is now {kept}." if kept else ""))
        _keep_out_of_git(view, file.parent)
    if older and older_file:
        _say_what_is_left(view, older, older_file, given)
    if not dry_run:
        view.notice(_next(answers, all(a.known for a in assignments), has_token))


def _keep_out_of_git(view: View, folder: Path, dry_run: bool = False) -> None:
    """Let git ignore students' work in a checkout that has no .gitignore yet."""
    from rudaux.workflows.repository import WORK

    ignore = folder / ".gitignore"
    if not (folder / ".git").exists() or ignore.exists():
        return
    if dry_run:
        view.notice(f"It would also write {ignore}, so that nobody commits students' work.")
    else:
        write_keeping(ignore, "\n".join([*WORK, ""]))
        view.line(f"Wrote {ignore}, so that nobody commits students' work and grades.")


def _older(file: Path | None, course_id: str) -> Older | None:
    from rudaux.config.older import read_older

    return read_older(file.expanduser(), course_id) if file else None


def _answers(
    view: View, folder: Path, given: Mapping[str, str], older: Older | None, start: Sequence[str]
) -> tuple[dict[str, str], list[Planned], bool]:
    """Return the answers, the assignments, and whether there is a token that Canvas took.

    `start` is the command without answers: an interrupt tells it with those that were given.
    """
    planned = _planned(folder, older)
    if not view.attended:
        return _complete(given, older), planned, False
    from rudaux.wiring import look_around

    interview = Interview(view, look_around(), folder, given, older)
    try:
        return interview.ask_all(), interview.plan(planned), interview.has_token
    except KeyboardInterrupt:
        said, known = "interrupted; nothing was written.", interview.so_far()
        if known:
            view.notice("\n" + " \\\n  ".join([*start, *known]))
            said += " The command above goes on from there."
        raise Interrupted(said) from None


def _planned(folder: Path, older: Older | None) -> list[Planned]:
    """Return what the older file plans, and the folders under source/ that it does not name."""
    from rudaux.workflows.offer import source_folders

    planned = list(older.assignments) if older else []
    names = {p.name for p in planned}
    planned += [Planned(name) for name in source_folders(folder) if name not in names]
    return planned or [Planned("homework_1")]


def _complete(given: Mapping[str, str], older: Older | None) -> dict[str, str]:
    """Check answers that nobody can be asked about; raises `NeedsPersonError` for lacking ones."""
    carried = {**older.guesses, **older.answers} if older else {}
    answers = {**carried, **given}
    missing = [key for key in EXAMPLES if key not in answers]
    if missing:
        _refuse_wrong(answers, given)
        flags = ", ".join(map(flag, missing))
        known = older.computed if older else {}
        computed = ", ".join(known[key] for key in missing if key in known)
        why = (
            f" (the older file computes {computed}, and rudaux does not run it)" if computed else ""
        )
        raise NeedsPersonError(f"nobody is here to answer the questions: add {flags}{why}.")
    _refuse_wrong(answers, given)
    build(answers)
    return answers


def _refuse_wrong(answers: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Raise `ConfigError` that names each option with a wrong value: no file is at fault."""
    sound = {key: value for key, value in answers.items() if key not in given}
    found = []
    for key, value in given.items():
        mistake = wrong(sound, key, value)
        if mistake:
            found.append(f"{flag(key)}: {mistake}")
        else:
            sound[key] = value
    if found:
        raise ConfigError(*found)


def _say_what_is_left(view: View, older: Older, file: Path, given: Mapping[str, str]) -> None:
    """List what is not carried over, each with what to do."""
    view.notice(f"\nThis was not taken over from {file.name}, which stays as it is:")
    guessed = [key for key in older.guesses if key not in given]
    notes = [(", ".join(note.keys), note.sentence) for note in older.notes]
    if guessed and not view.attended:
        where = ", ".join(_GUESSED[key] for key in guessed)
        notes.append((where, "guessed, since the older file does not say: check it in rudaux.toml"))
    view.notes([(about, f"{sentence}.") for about, sentence in notes])


def _next(answers: Mapping[str, str], filled_in: bool, has_token: bool) -> str:
    variable = answers.get("token_env") or CanvasSettings.token_env
    steps = [
        *([] if filled_in else ["fill in its [[assignments]]"]),
        *(
            []
            if has_token
            else [
                "make a token in Canvas (Account > Settings > New Access Token)\n"
                f"and `export {variable}=...`"
            ]
        ),
        "`rudaux init --dry-run` shows what `rudaux init` would do",
    ]
    return f"\nNext: {'; '.join(steps[:-1])}{'; then ' if steps[1:] else ''}{steps[-1]}."
