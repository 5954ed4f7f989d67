"""Write the man page docs/rudaux.1 from the help: `python -m tests.packaging.manual`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

from rudaux import __version__
from tests.reference import commands

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rudaux.1"
_SHARED = {"folder", "no_prompt", "help"}
"""Options of every command: they are described once."""

_OPTIONS = {
    "--dir DIR": "The course folder. Without it: this folder, or the nearest parent that has a "
    "`rudaux.toml`.",
    "-a, --auto, --no-prompt": "Ask nothing. A question that nobody may answer unattended ends "
    "the run with exit status 4, and names the option that answers it.",
    "--help": "Show the help of `rudaux` or of a command.",
    "--version": "Show the version; with `-v` also those of Python, nbgrader and the Docker "
    "Engine, and whether sandboxes work here.",
    "--install-completion": "Teach your shell (bash, zsh or fish) the names of commands, options "
    "and assignments.",
}
_EXIT_STATUS = {
    "0": "Everything is done, or there was nothing to do.",
    "1": "A mistake in rudaux itself.",
    "2": "The command line names something that does not exist.",
    "3": "`rudaux.toml`, or a file that it names, is wrong.",
    "4": "A person must decide, and nobody could be asked.",
    "5": "Canvas, the file server, git, Docker or another system failed or refused.",
    "6": "Done in part: the output names the students who were left out, and why.",
    "130": "Interrupted from the keyboard. The same command goes on where it was.",
}
_ENVIRONMENT = {
    "CANVAS_TOKEN": "The Canvas access token; `canvas.token_env` names another variable, "
    "`canvas.token_file` a file instead.",
    "DOCKER_HOST": "The address of the Docker Engine, where it is not the local one.",
    "NO_COLOR": "If set, nothing is coloured.",
}
_FILES = {
    "rudaux.toml": "The configuration of a course, in the course folder.",
    "nbgrader_config.py": "nbgrader's own configuration, beside it.",
    "gradebook.db": "nbgrader's gradebook, unless `CourseDirectory.db_url` names another.",
    ".rudaux/ledger.db": "What rudaux did: runs, collections, every write to Canvas.",
    ".rudaux/backups/": "Copies of the gradebook, for `rudaux gradebook restore`.",
    ".rudaux/kept/": "Whatever rudaux set aside instead of removing it.",
    "logs/": "What runs from cron printed.",
    "~/.config/rudaux/canvas-token": "The access token, where no environment variable has it.",
}
_WEEK = {
    "rudaux init": "bring Canvas, the gradebook, git and cron in step with rudaux.toml",
    "rudaux grade homework_1": "collect, autograde, and return feedback and grades",
    "rudaux status": "see where every assignment stands",
}


def manual() -> str:
    """Return the man page as the help is now, in roff."""
    lines = [
        '.\\" Made from the help by `python -m tests.packaging.manual`: change the help instead.',
        f'.TH RUDAUX 1 "{_day()}" "rudaux {__version__}" "User Commands"',
        ".SH NAME",
        r"rudaux \- run a course on Canvas, JupyterHub, nbgrader and nbgitpuller",
        ".SH SYNOPSIS",
        ".B rudaux",
        r".RI [ options ] " + '" command "' + r" [ arguments ]",
        ".SH DESCRIPTION",
        *_text(
            "`rudaux` sets up a course, collects what students handed in, has nbgrader grade it, "
            "and brings feedback and grades to Canvas. Every command that writes takes `--dry-run`,"
            " which shows what would change and stops. Every command may be run again at any time."
        ),
        ".SH OPTIONS",
        *_list(_OPTIONS),
        ".SH COMMANDS",
    ]
    for name, command in commands():
        lines += _described(name, command)
    for title, entries in (
        ("EXIT STATUS", _EXIT_STATUS),
        ("ENVIRONMENT", _ENVIRONMENT),
        ("FILES", _FILES),
        ("EXAMPLES", _WEEK),
    ):
        lines += [f".SH {title}", *_list(entries)]
    lines += [".SH SEE ALSO", ".BR crontab (5),", ".BR docker (1),", ".BR git (1)"]
    return "\n".join(lines) + "\n"


def _described(name: str, command: Any) -> Iterator[str]:
    shown = [p for p in command.params if p.name not in _SHARED and not p.hidden]
    arguments = [p.metavar or p.name.upper() for p in shown if not _options(p)]
    yield f'.SS "{_roff(" ".join(["rudaux", name, *arguments]))}"'
    yield from _text(" ".join((command.help or "").split()))
    yield from _list({_options(p): p.help or "" for p in shown if _options(p)})


def _options(parameter: Any) -> str:
    """Return `-m, --manual` or `--dir DIR`; nothing for an argument."""
    names = sorted((n for n in parameter.opts if n.startswith("-")), key=len)
    if not names:
        return ""
    if parameter.is_flag:
        return ", ".join([*names, *parameter.secondary_opts])
    kind = getattr(parameter.type_descriptor.annotation, "__args__", ())
    choices = "|".join(choice for choice in kind if isinstance(choice, str))
    return f"{', '.join(names)} {parameter.metavar or choices or parameter.name.upper()}"


def _list(entries: dict[str, str]) -> Iterator[str]:
    for term, text in entries.items():
        yield ".TP"
        yield f".B {_roff(term)}"
        yield from _text(text)


def _text(text: str) -> Iterator[str]:
    """Set a paragraph: a sentence per line, words in back quotes bold."""
    for sentence in re.split(r"(?<=[.:;]) (?=[A-Z])", text):
        bold = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", _roff(sentence))
        for line in wrap(bold, 78, break_long_words=False, break_on_hyphens=False):
            yield rf"\&{line}" if line.startswith((".", "'")) else line


def _roff(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-").replace("~", r"\(ti")


def _day() -> str:
    """Return the day of the newest release in the changelog."""
    found = re.search(r"^## \S+ \S+ (\d{4}-\d\d-\d\d)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    return found[1] if found else ""


if __name__ == "__main__":
    PAGE.write_text(manual())
