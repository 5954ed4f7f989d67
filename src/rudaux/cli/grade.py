"""`rudaux grade`: collect, autograde, feedback, submit."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Literal

import typer

from rudaux.cli.options import (
    AcceptAlarms,
    AcceptRoster,
    AcceptZeros,
    DryRun,
    Folder,
    Log,
    Manual,
    NoPrompt,
    OptionalName,
    OverwriteEdits,
)
from rudaux.errors import UsageError

Students = Annotated[
    list[str] | None,
    typer.Option("--student", metavar="STUDENT", help="Grade this student again: an id or a name."),
]
Only = Annotated[
    Literal["failed", "held"] | None,
    typer.Option(
        "--only",
        help="Grade again only those who could not be graded (failed), or whose work was held for "
        "you to look at (held).",
    ),
]
AcceptDoubts = Annotated[
    bool,
    typer.Option("--accept-doubts", help="With --student: you have looked, so do not hold it."),
]


def grade(
    name: OptionalName = None,
    manual: Manual = False,
    student: Students = None,
    only: Only = None,
    accept_doubts: AcceptDoubts = False,
    overwrite_edits: OverwriteEdits = False,
    accept_zeros: AcceptZeros = False,
    accept_alarms: AcceptAlarms = False,
    accept_roster: AcceptRoster = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
    log: Log = False,  # the guard has seen to it
) -> None:
    """Collect, autograde, and send grades and feedback to Canvas.

    With --auto and without NAME: for every assignment that is due.
    """
    from rudaux.cli.extensions import keep_up
    from rudaux.cli.grading import Again, Job, make_sure, sync_first
    from rudaux.cli.pushing import Pushing
    from rudaux.cli.session import writing
    from rudaux.cli.unattended import Facts
    from rudaux.config import find_assignment
    from rudaux.workflows import autograde

    if accept_doubts and not student:
        raise UsageError(
            "--accept-doubts needs --student ID: say whose submission you have looked at."
        )
    facts, command = Facts(), f"grade {name or ''}".strip()
    with ExitStack() as stack:
        opened = writing(folder, no_prompt, command, dry_run, facts=facts, name=name)
        ctx, view = stack.enter_context(opened)
        if name is None and view.attended:
            raise UsageError("name an assignment, or use --auto to grade everything that is due.")
        wanted = [find_assignment(ctx.config, name)] if name else None
        make_sure(ctx, view, manual, dry_run)
        if name and not dry_run:
            stack.enter_context(autograde.preparing(ctx, name))
        synced = sync_first(ctx, view, accept_roster, dry_run)
        if synced is None:
            return
        pushing = Pushing(overwrite_edits, accept_zeros, accept_alarms)
        again = Again(student, only, accept_doubts)
        job = Job(ctx, view, manual, again, pushing, dry_run, facts)
        extended, job.extensions = keep_up(ctx, view, synced, dry_run, name)
        job.outcomes += extended
        job.run_all(wanted)
        job.finish()
