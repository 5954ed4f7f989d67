"""Options and arguments that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rudaux.cli.completion import complete_assignment, complete_run

Folder = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        metavar="DIR",
        help="The course folder (default: this one or the nearest parent with a rudaux.toml).",
    ),
]
NoPrompt = Annotated[
    bool,
    typer.Option(
        "--no-prompt", "--auto", "-a", help="Ask nothing: for cron, and wherever nobody sits."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and stop.")]
Log = Annotated[
    bool,
    typer.Option(
        "--log", help="Print to the day's log, and here only what went wrong: cron mails that."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The assignment's name.", autocompletion=complete_assignment
    ),
]
OptionalName = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]", help="The assignment's name.", autocompletion=complete_assignment
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]...", help="Assignments; all without one.",
        autocompletion=complete_assignment,
    ),
]  # fmt: skip
OptionalRun = Annotated[
    int | None,
    typer.Argument(
        metavar="[RUN]", help="The run, as `rudaux canvas log` numbers it.",
        autocompletion=complete_run,
    ),
]  # fmt: skip
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
Manual = Annotated[
    bool, typer.Option("--manual", "-m", help="Stop after autograding: a person will mark.")
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", "-o", help="No question about a temporary folder left by an earlier run."
    ),
]
OverwriteEdits = Annotated[
    bool,
    typer.Option("--overwrite-edits", help="Replace grades that somebody edited in Canvas, too."),
]
AcceptZeros = Annotated[
    bool,
    typer.Option("--accept-zeros", help="Push although many students are missing or failed."),
]
AcceptAlarms = Annotated[
    bool,
    typer.Option("--accept-alarms", help="Push although something about it looks like a mistake."),
]
Full = Annotated[bool, typer.Option("--full", help="List every student, however many.")]
AcceptRoster = Annotated[
    bool,
    typer.Option(
        "--accept-roster", help="Go on although Canvas lists far fewer students, or none."
    ),
]
NoCheck = Annotated[
    bool,
    typer.Option("--no-check", help="Do not rehearse assignments before their first release."),
]
NoFeedback = Annotated[
    bool, typer.Option("--no-feedback", help="Push grades only, no feedback files.")
]
