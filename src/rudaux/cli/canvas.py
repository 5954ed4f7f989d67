"""`rudaux canvas`: what Canvas has, and bringing its assignments in step."""

from __future__ import annotations

from typing import Annotated

import typer

from rudaux.cli.ask import Question
from rudaux.cli.describe import assignment_rows, count, number, when
from rudaux.cli.options import DryRun, Folder, NoPrompt
from rudaux.cli.session import reading, writing

app = typer.Typer(
    help="Students, tools and assignments in Canvas.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def students(folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """List the students that count: active and invited, without the Test Student."""
    with reading(folder, no_prompt) as (ctx, view):
        roster = sorted(ctx.canvas.students(), key=lambda s: s.sortable_name)
        view.table(("id", "student", "e-mail"), [(s.id, s.name, s.email) for s in roster])


@app.command()
def tools(
    all_levels: Annotated[
        bool, typer.Option("--all", help="At every level, not just the configured one.")
    ] = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """List external tools, to find the name and level of the hub's."""
    from rudaux.config import LEVELS

    with reading(folder, no_prompt) as (ctx, view):
        levels = LEVELS if all_levels else (ctx.config.canvas.external_tool_level,)
        rows = [
            (level, t.id, t.name, t.url or t.domain)
            for level in levels
            for t in ctx.canvas.tools(level)
        ]
        view.table(("level", "id", "name", "address"), rows)


@app.command()
def assignments(folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """List the assignments in Canvas, rudaux's and others."""
    with reading(folder, no_prompt) as (ctx, view):
        ours, zone = {a.name for a in ctx.config.assignments}, ctx.config.course.timezone
        rows = [
            (
                a.id,
                a.name,
                when(a.due_at.astimezone(zone)) if a.due_at else None,
                number(a.points) if a.points is not None else None,
                "yes" if a.published else "no",
                "yes" if a.name in ours else "no",
            )
            for a in ctx.canvas.assignments()
        ]
        view.table(("id", "assignment", "due", "points", "published", "in rudaux.toml"), rows)


@app.command()
def push(dry_run: DryRun = False, folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """Create or update the configured assignments in Canvas, and nothing else."""
    from rudaux.workflows import assignments as workflow

    with writing(folder, no_prompt, "canvas push", dry_run) as (ctx, view):
        plan = workflow.plan(ctx)
        view.rows(assignment_rows(plan, ctx.config))
        if not len(plan):
            view.line("Canvas is in step: nothing to change.")
        elif not dry_run and view.ask(Question(f"Apply {count(len(plan), 'change')}?", "yes")):
            view.follow("Canvas", workflow.apply(ctx, plan), len(plan))
