"""`rudaux gradebook`: nbgrader's database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rudaux.cli.ask import Question
from rudaux.cli.describe.plans import sync_rows
from rudaux.cli.describe.push import export_summary
from rudaux.cli.describe.words import number
from rudaux.cli.files import write_keeping
from rudaux.cli.init import may_sync, take_roster
from rudaux.cli.options import AcceptAlarms, AcceptRoster, DryRun, Folder, Name, NoPrompt
from rudaux.cli.session import reading, writing
from rudaux.cli.share import share
from rudaux.domain.messages import counted
from rudaux.errors import UsageError

if TYPE_CHECKING:
    from rudaux.cli.view import View
    from rudaux.domain.roster import GradebookContents
    from rudaux.ports import Context
    from rudaux.workflows.export import ExportPlan

app = typer.Typer(
    help="nbgrader's gradebook: sync, scores, share, export, backup, restore.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def sync(
    remove_dropped: Annotated[
        bool,
        typer.Option(
            "--remove-dropped",
            help="Also remove dropped students and assignments that have submissions.",
        ),
    ] = False,
    start_over: Annotated[
        bool,
        typer.Option(
            "--start-over",
            help="Go on without grades that the gradebook has lost: what is missing is collected "
            "and graded again.",
        ),
    ] = False,
    accept_roster: AcceptRoster = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Bring the gradebook up to date with the students in Canvas and with rudaux.toml."""
    from rudaux.workflows import sync as workflow

    whole = not start_over
    with writing(folder, no_prompt, "gradebook sync", dry_run, whole) as (ctx, view):
        if start_over and not _start_over(ctx, view, dry_run):
            return
        plan = workflow.plan(ctx, remove_dropped)
        view.rows(sync_rows(plan))
        if not len(plan) and not plan.roster.shrunk:
            view.line("The gradebook is up to date: nothing to change.")
            return
        if dry_run or not may_sync(view, plan.roster, accept_roster):
            return
        if not len(plan):
            take_roster(ctx, view, plan)
            return
        if view.ask(Question(f"Apply {counted(len(plan), 'change')}?", "yes")):
            view.follow("Gradebook", workflow.apply(ctx, plan), len(plan))


def _start_over(ctx: Context, view: View, dry_run: bool) -> bool:
    """Ask whether to forget what the gradebook has lost; return whether to go on."""
    from rudaux.workflows.gradebook import by_assignment, go_on_without, lacking, lacking_cells

    lost, cells = lacking(ctx), lacking_cells(ctx)
    if not lost and not cells:
        view.line("The gradebook has everything that was graded.")
        return True
    gone = []
    if lost:
        gone.append(counted(len(lost), "submission"))
        view.line(f"To be collected and graded again: {by_assignment(lost)}")
    if cells:
        gone.append(counted(len(cells), "cell"))
        view.line(f"Cells to be taken from the source again: {by_assignment(cells)}")
    if dry_run:
        return True
    text = f"Go on without the {' and the '.join(gone)} that the gradebook has lost?"
    if not view.ask(Question(text, "yes", default=False)):
        return False
    go_on_without(ctx, lost, cells)
    return True


@app.command()
def scores(name: Name, folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """Show every student's score: nbgrader's, and the points in Canvas."""
    from rudaux.config import find_assignment
    from rudaux.workflows.standings import read_standings

    with reading(folder, no_prompt, name=name) as (ctx, view):
        settings = find_assignment(ctx.config, name)
        ctx.gradebook.check()
        standings, rows = read_standings(ctx, settings), []
        submissions = ctx.gradebook.submissions(name)
        names = {s.id: s.name for s in standings.students}
        for standing in standings.by_student:
            sid, graded = standing.student_id, standing.state in {"graded", "pushed"}
            raw = submissions[sid].score if graded and sid in submissions else None
            points = number(standings.targets[sid]) if graded else None
            rows.append((sid, names[sid], standing.state, raw, points))
        of = f"of {standings.maximum}" if standings.maximum is not None else ""
        header = ("id", "student", "state", f"nbgrader {of}".strip(), "points")
        view.table((*header[:-1], f"points of {number(settings.points)}"), rows)


app.command()(share)


@app.command()
def export(
    name: Name,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="The file to write (default: NAME.csv)."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask Canvas anything, even with a token.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file; the old one is kept beside it.")
    ] = False,
    accept_alarms: AcceptAlarms = False,
    accept_roster: AcceptRoster = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Write scores to a file that Canvas's gradebook imports, where no token is allowed."""
    from rudaux.config import find_assignment, has_token
    from rudaux.workflows import export as workflow

    file = (output or Path(f"{name}.csv")).expanduser().resolve()
    if file.exists() and not file.is_file():
        raise UsageError(f"{file} is a folder or a device: name a file to write to with --output")
    with reading(folder, no_prompt, name=name) as (ctx, view):
        settings = find_assignment(ctx.config, name)
        ctx.gradebook.check()
        canvas = not offline and has_token(ctx.config)
        plan = workflow.plan(ctx, settings, canvas)
        view.notice(export_summary(plan, canvas))
        if dry_run or not _may_export(view, plan, accept_alarms, accept_roster):
            return
        if file.exists() and not overwrite:
            text = f"{file.name} exists. Replace it? The old one is kept beside it."
            if not view.ask(Question(text, "refuse", "--overwrite", default=False)):
                return
        kept = write_keeping(file, workflow.as_csv(plan), private=True)
        view.line(f"Wrote {file}." + (f" The old one is {kept}." if kept else ""))
        view.notice("Next: in Canvas, Grades > Import, choose this file, and look at what it says.")


def _may_export(view: View, plan: ExportPlan, accepted: bool, roster: bool) -> bool:
    if plan.shrunk and not roster:
        text = f"{plan.shrunk}. Write the file anyway?"
        if not view.ask(Question(text, "refuse", "--accept-roster", default=False)):
            return False
    if accepted or not plan.alarms or not len(plan):
        return True
    text = f"{plan.settings.name}: {'; '.join(a.text for a in plan.alarms)}. Write the file anyway?"
    return view.ask(Question(text, "refuse", "--accept-alarms", default=False))


@app.command()
def backup(dry_run: DryRun = False, folder: Folder = None, no_prompt: NoPrompt = False) -> None:
    """Copy the gradebook to .rudaux/backups."""
    with writing(folder, no_prompt, "gradebook backup", dry_run) as (ctx, view):
        if dry_run:
            view.line(f"would copy  {_held(ctx)}")
            return
        view.line(str(ctx.gradebook.backup("asked")))


@app.command()
def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A copy made by `backup`, as in .rudaux/backups.")
    ],
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Put a backup in place of the gradebook, which is copied first."""
    from rudaux.workflows.gradebook import trouble

    with writing(folder, no_prompt, "gradebook restore", dry_run, whole=False) as (ctx, view):
        if not file.exists():
            file = ctx.config.folder / file
        view.line(f"backup  {_words(ctx.gradebook.contents(file))}")
        view.line(f"now     {_held(ctx)}")
        if dry_run:
            return
        text = f"Replace the gradebook with {file}? A present one is copied to .rudaux/backups."
        if view.ask(Question(text, "yes", default=False)):
            kept = ctx.gradebook.restore(file)
            view.line("Restored." + (f" The old gradebook is now {kept}." if kept else ""))
            if still := trouble(ctx):
                view.notice(still)


def _held(ctx: Context) -> str:
    """Return what the gradebook contains, damaged or not."""
    try:
        return _words(ctx.gradebook.contents())
    except UsageError:
        return "no gradebook that can be read"


def _words(held: GradebookContents) -> str:
    return (
        f"{counted(held.students, 'student')} · {counted(held.assignments, 'assignment')} · "
        f"{counted(held.submissions, 'submission')}"
    )
