"""`rudaux schedule`: this course's crontab entries."""

from __future__ import annotations

from typing import Annotated

import typer

from rudaux.cli.ask import Question
from rudaux.cli.describe.plans import Row, run_time, schedule_rows
from rudaux.cli.init import may_take_roster
from rudaux.cli.options import AcceptRoster, DryRun, Folder, NoPrompt
from rudaux.cli.session import reading, writing
from rudaux.domain.messages import counted

app = typer.Typer(
    help="The crontab entries that grade after each deadline.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def show(folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """Show when cron grades what."""
    from rudaux.workflows import schedule

    with reading(folder, no_prompt) as (ctx, view):
        entries, machine = ctx.crontab.entries(schedule.owner(ctx)), ctx.crontab.timezone()
        rows = [(e.assignment, run_time(e, ctx.config, machine)) for e in sorted(entries)]
        view.table(("assignment", "runs at"), rows)
        view.line(f"\nThe runs write their logs to {schedule.log_folder(ctx)}.")


@app.command()
def install(
    save_token: Annotated[
        bool,
        typer.Option(
            "--save-token", help="Keep the Canvas token in a file that only you can read, for cron."
        ),
    ] = False,
    accept_roster: AcceptRoster = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Write a crontab entry for each deadline to come."""
    from rudaux.config import save_token as keep
    from rudaux.workflows import assignments, init, schedule, sync

    with writing(folder, no_prompt, "schedule install", dry_run) as (ctx, view):
        if save_token and not dry_run:
            view.notice(f"The Canvas token is in {keep(ctx.config)}, which only you can read.")
        synced = sync.plan(ctx)
        if dry_run and synced.roster.shrunk:
            view.rows([Row("Roster", "!", synced.roster.shrunk)])
        elif not dry_run and not may_take_roster(ctx, view, synced.students, accept_roster):
            return
        deadlines = init.coming_deadlines(ctx, assignments.plan(ctx), synced)
        plan = schedule.plan(ctx, deadlines)
        view.rows(schedule_rows(plan, ctx.config, ctx.crontab.timezone()))
        if not len(plan):
            if not synced.roster.shrunk:
                view.line("The crontab is up to date: nothing to change.")
        elif not dry_run and view.ask(Question(f"Apply {counted(len(plan), 'change')}?", "yes")):
            view.follow("Schedule", schedule.apply(ctx, plan), len(plan))


@app.command()
def remove(dry_run: DryRun = False, folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """Take the entries of this course out of the crontab, and nothing else."""
    from rudaux.workflows import schedule

    with writing(folder, no_prompt, "schedule remove", dry_run) as (ctx, view):
        plan = schedule.plan_removal(ctx)
        view.rows(schedule_rows(plan, ctx.config, ctx.crontab.timezone()))
        if not len(plan):
            view.line("The crontab has no entry of this course.")
        elif not dry_run and view.ask(Question("Remove them?", "yes")):
            view.follow("Schedule", schedule.apply(ctx, plan), len(plan))
