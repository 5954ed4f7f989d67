"""Options and arguments that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rudaux.cli.completion import complete_assignment, complete_run

EVERYWHERE = "Everywhere"
"""The group, in the help, of the options that most commands take."""

Folder = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        metavar="DIR",
        help="The course folder (default: this folder, or the nearest parent with a rudaux.toml).",
        rich_help_panel=EVERYWHERE,
    ),
]
NoPrompt = Annotated[
    bool,
    typer.Option(
        "--no-prompt",
        "--auto",
        "-a",
        help="Ask no questions: for cron, or where nobody is watching.",
        rich_help_panel=EVERYWHERE,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Show what would change, and stop.", rich_help_panel=EVERYWHERE),
]
Log = Annotated[
    bool,
    typer.Option(
        "--log",
        help="Print to the day's log file, and here only what went wrong, for cron to mail.",
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document.", rich_help_panel=EVERYWHERE),
]
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
        metavar="[NAME]...", help="The assignments (default: all).",
        autocompletion=complete_assignment,
    ),
]  # fmt: skip
OptionalRun = Annotated[
    int | None,
    typer.Argument(
        metavar="[RUN]", help="The run's number in `rudaux canvas log` (default: the last).",
        autocompletion=complete_run,
    ),
]  # fmt: skip
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
Manual = Annotated[
    bool, typer.Option("--manual", "-m", help="Stop after autograding, for a person to mark.")
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", "-o", help="Do not ask about a temporary folder that an earlier run left."
    ),
]
OverwriteEdits = Annotated[
    bool,
    typer.Option("--overwrite-edits", help="Also replace grades that somebody edited in Canvas."),
]
AcceptZeros = Annotated[
    bool,
    typer.Option(
        "--accept-zeros", help="Push even though many students are missing or could not be graded."
    ),
]
AcceptAlarms = Annotated[
    bool,
    typer.Option("--accept-alarms", help="Push even though something looks like a mistake."),
]
Full = Annotated[bool, typer.Option("--full", help="List every student, however many there are.")]
AcceptRoster = Annotated[
    bool,
    typer.Option(
        "--accept-roster", help="Go on even though Canvas lists far fewer students, or none."
    ),
]
NoCheck = Annotated[
    bool,
    typer.Option("--no-check", help="Do not check assignments before their first release."),
]
NoFeedback = Annotated[
    bool, typer.Option("--no-feedback", help="Send grades only, without feedback files.")
]
