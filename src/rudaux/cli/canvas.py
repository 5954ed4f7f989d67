"""`rudaux canvas`: what Canvas has, keeping assignments up to date, and what was written there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rudaux.cli import extensions
from rudaux.cli.ask import Question
from rudaux.cli.describe.plans import assignment_rows
from rudaux.cli.describe.words import number, when
from rudaux.cli.describe.writes import LOG_HEADER, log_parts, run_line, undo_counts, undo_rows
from rudaux.cli.init import may_move
from rudaux.cli.options import DryRun, Folder, Json, Name, NoPrompt, OptionalName, OptionalRun, Yes
from rudaux.cli.session import reading, writing
from rudaux.cli.summary import finish
from rudaux.domain.messages import counted
from rudaux.domain.naming import find_students
from rudaux.errors import CanvasFailure

if TYPE_CHECKING:
    from rudaux.cli.view import View
    from rudaux.ports import Context
    from rudaux.workflows.undo import UndoPlan

app = typer.Typer(
    help="Students, tools, assignments and grades in Canvas.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def students(folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """List the students who count: active and invited ones, without the Test Student."""
    with reading(folder, no_prompt) as (ctx, view):
        roster = sorted(ctx.canvas.students(), key=lambda s: s.sortable_name)
        if ctx.config.jupyterhub.student_id == "canvas":
            view.table(("id", "student", "e-mail"), [(s.id, s.name, s.email) for s in roster])
        else:
            rows = [(s.id, s.canvas_id, s.name, s.email) for s in roster]
            view.table(("id", "Canvas id", "student", "e-mail"), rows)


@app.command()
def tools(
    all_levels: Annotated[
        bool,
        typer.Option("--all", help="List every level, not only the configured one."),
    ] = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """List external tools, to find the name and the level of the hub's tool."""
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
    """List all assignments in Canvas, and say which are in rudaux.toml."""
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
        if not dry_run and may_move(ctx, view, plan):
            plan = workflow.plan(ctx, replace_dates=True)
        view.rows(assignment_rows(plan, ctx.config))
        if not len(plan):
            if not plan.moved:
                view.line("Canvas is up to date: nothing to change.")
            if not dry_run:
                list(workflow.apply(ctx, plan))  # which dates are rudaux's
        elif not dry_run and view.ask(Question(f"Apply {counted(len(plan), 'change')}?", "yes")):
            outcomes = view.follow("Canvas", workflow.apply(ctx, plan), len(plan))
            view.troubles(outcomes)
            if not any(outcome.ok for outcome in outcomes):
                raise CanvasFailure("nothing was changed: Canvas refused all of it, see above.")
            finish(outcomes, "`rudaux canvas push` tries again.")


app.command()(extensions.extend)
app.command()(extensions.extensions)


@app.command()
def post(
    name: Name,
    yes: Yes = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Let students see the grades and feedback that Canvas still hides from them."""
    from rudaux.config import find_assignment
    from rudaux.workflows import posting

    command = f"canvas post {name}"
    with writing(folder, no_prompt, command, dry_run, name=name) as (ctx, view):
        plan = posting.plan(ctx, find_assignment(ctx.config, name))
        if not len(plan):
            view.line(f"{name}: no grade is hidden, so there is nothing to post.")
            return
        view.line(f"{name}: {counted(len(plan), 'student')} will see their grade and feedback.")
        text = f"Post {counted(len(plan), 'grade')} of {name}?"
        if dry_run or not _agreed(view, text, yes):
            return
        outcomes = view.follow("Post", posting.apply(ctx, plan), len(plan))
        view.troubles(outcomes)
        finish(outcomes, f"`rudaux canvas post {name}` tries again.")


@app.command()
def log(
    name: OptionalName = None,
    student: Annotated[
        str | None,
        typer.Option(
            "--student",
            metavar="STUDENT",
            help="Only what was written for this student.",
        ),
    ] = None,
    as_json: Json = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Show what rudaux wrote to Canvas: when, who ran it, the old grade, and what was read back."""
    from rudaux.workflows import log as workflow
    from rudaux.workflows.students import everybody, recorded, the_student

    with reading(folder, no_prompt) as (ctx, view):
        entries = workflow.read_log(ctx, name, student)
        if student and not entries:
            people = recorded(ctx)
            people = people if find_students(people, student) else everybody(ctx)
            entries = workflow.read_log(ctx, name, the_student(people, student).id)
        if as_json:
            view.json(workflow.as_json(entries))
            return
        for head, rows in log_parts(entries, ctx.config.course.timezone):
            view.line(head, "bold")
            view.table(LOG_HEADER, rows, whole=("when",), indent=2)
        if not entries:
            view.line("rudaux has written no such grade or feedback to Canvas.")


@app.command()
def undo(
    run: OptionalRun = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Give Canvas back the grades that it had before a run pushed its own."""
    from rudaux.workflows import undo as workflow

    command = "canvas undo" if run is None else f"canvas undo {run}"
    with writing(folder, no_prompt, command, dry_run) as (ctx, view):
        plan = workflow.plan(ctx, run)
        _show_undo(ctx, view, plan)
        text = f"Restore {counted(len(plan), 'grade')} to what Canvas had before run {plan.run.id}?"
        if dry_run or (len(plan) and not _agreed(view, text, yes)):
            return
        steps = workflow.apply(ctx, plan)
        outcomes = view.follow("Undo", steps, len(plan)) if len(plan) else [*steps]
        view.troubles(outcomes)
        finish(outcomes, f"`rudaux canvas undo {plan.run.id}` tries them again.")
        if len(plan):
            own = ctx.ledger.run_records()[-1].id
            view.notice(f"Done. `rudaux canvas undo {own}` takes that back.")


def _show_undo(ctx: Context, view: View, plan: UndoPlan) -> None:
    view.line(run_line(plan.run, ctx.config.course.timezone))
    view.line(undo_counts(plan))
    rows = undo_rows(plan)
    if rows:
        view.table(("assignment", "student", "Canvas", "restored", "why"), rows)
    if plan.feedback:
        verb = "stays" if plan.feedback == 1 else "stay"
        view.line(f"{counted(plan.feedback, 'feedback file')} of that run {verb} in Canvas.")
    if not len(plan):
        view.line("There is nothing to restore.")


def _agreed(view: View, text: str, yes: bool) -> bool:
    if yes or view.ask(Question(text, "refuse", "--yes", default=False)):
        return True
    view.notice("Nothing was changed.")
    return False
