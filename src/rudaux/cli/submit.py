"""`rudaux submit`: feedback and grades to Canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rudaux.cli.options import (
    AcceptAlarms,
    AcceptRoster,
    AcceptZeros,
    DryRun,
    Folder,
    Full,
    Json,
    Name,
    NoFeedback,
    NoPrompt,
    OverwriteEdits,
)
from rudaux.errors import UsageError

if TYPE_CHECKING:
    from rudaux.domain.outcome import Outcome


def submit(
    name: Name,
    no_feedback: NoFeedback = False,
    overwrite_edits: OverwriteEdits = False,
    accept_zeros: AcceptZeros = False,
    accept_alarms: AcceptAlarms = False,
    accept_roster: AcceptRoster = False,
    full: Full = False,
    as_json: Json = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Push feedback and grades to Canvas, after marking by hand."""
    from rudaux.cli.describe.push import heading
    from rudaux.cli.init import may_take_roster
    from rudaux.cli.pushing import (
        Pushing,
        go_on,
        lead_to_canvas,
        make_feedback,
        open_ends,
        push_grades,
    )
    from rudaux.cli.report import report_before_push
    from rudaux.cli.returning import Returning
    from rudaux.cli.session import tell_uncopied, writing
    from rudaux.cli.summary import finish
    from rudaux.cli.view import View
    from rudaux.config import find_assignment
    from rudaux.workflows.standings import read_standings, reread

    if as_json and not dry_run and View(no_prompt).attended:
        raise UsageError(
            "--json cannot ask: add --dry-run to see the plan, or --no-prompt to push."
        )
    pushing = Pushing(
        overwrite_edits, accept_zeros, accept_alarms, not no_feedback, full, dry_run, as_json
    )
    opened = writing(folder, no_prompt or as_json, f"submit {name}", dry_run, name=name)
    with opened as (ctx, view):
        settings = find_assignment(ctx.config, name)
        ctx.gradebook.check()
        standings = read_standings(ctx, settings)
        if not as_json:
            lead_to_canvas(ctx, view, standings)
            view.line(f"{heading(standings, ctx.config.course.timezone)}\n", "bold")
        outcomes: list[Outcome] = []
        if not dry_run:
            if not may_take_roster(ctx, view, standings.students, accept_roster):
                return
            tell_uncopied(ctx, view)
            if not no_feedback:
                outcomes += make_feedback(ctx, view, standings)
            report_before_push(ctx, view, standings)
        outcomes += push_grades(ctx, view, standings, pushing)
        if not no_feedback:
            outcomes += Returning(ctx, view, dry_run, as_json).run(reread(ctx, standings))
        if not dry_run:
            after = reread(ctx, standings)
            finish(outcomes, go_on(after), open_ends(after))
