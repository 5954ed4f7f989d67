"""`rudaux git`: the instructor repository, and releasing to the student repository."""

from __future__ import annotations

import typer

from rudaux.cli.ask import Question
from rudaux.cli.describe.plans import release_rows
from rudaux.cli.init import may_replace_leftover, may_undo, undecided, up_to_date
from rudaux.cli.options import DryRun, Folder, Names, NoPrompt, Overwrite
from rudaux.cli.session import reading, writing
from rudaux.cli.summary import finish
from rudaux.domain.messages import counted
from rudaux.errors import GitFailure

app = typer.Typer(
    help="The instructor and student repositories.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def status(folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """Show whether the instructor repository is clean, and up to date with its remote."""
    from rudaux.workflows import repository

    with reading(folder, no_prompt) as (ctx, view):
        state = ctx.git.state(ctx.config.folder)
        if state.remote:
            try:
                state = repository.look(ctx)
            except GitFailure as error:
                view.notice(f"As of the last pull, because the remote did not answer: {error}.")
        view.line(f"branch   {state.branch or 'none (detached)'}")
        view.line(f"remote   {state.remote or 'none'}: {state.ahead} ahead, {state.behind} behind")
        view.line(f"changes  {len(state.dirty) or 'none'}")
        for name in state.dirty:
            view.line(f"         {name}")


@app.command()
def pull(dry_run: DryRun = False, folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """Pull the instructor repository."""
    from rudaux.workflows import repository

    with writing(folder, no_prompt, "git pull", dry_run) as (ctx, view):
        if dry_run:
            behind = repository.look(ctx).behind
            view.line(f"{counted(behind, 'new commit')} to pull." if behind else "Up to date.")
            return
        view.line(ctx.git.pull(ctx.config.folder) or "Already up to date.")


@app.command()
def release(
    names: Names = None,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Release assignments to both repositories, after a check that no solution goes out."""
    from rudaux.config import find_assignment
    from rudaux.workflows import release as workflow

    with writing(folder, no_prompt, "git release", dry_run) as (ctx, view):
        ctx = up_to_date(ctx, view, dry_run)
        wanted = [find_assignment(ctx.config, n).name for n in names] if names else None
        if not may_replace_leftover(ctx, view, overwrite):
            return
        with workflow.workspace(ctx) as clone:
            plan = may_undo(ctx, view, workflow.plan(ctx, clone, wanted), dry_run)
            view.rows(release_rows(plan, ctx.config))
            if not len(plan) and not plan.held:
                view.line("Both repositories are up to date: nothing to release.")
                return
            question = Question(f"Apply {counted(len(plan), 'change')}?", "yes")
            if dry_run or (len(plan) and not view.ask(question)):
                return
            outcomes = view.follow("Release", workflow.apply(ctx, plan), len(plan))
            finish(outcomes, undecided(view, "git release"))
