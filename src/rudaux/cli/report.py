"""`rudaux report`: what to look at before grades are released; also written before a push."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rudaux.cli.describe.report import (
    error_rows,
    flag_rows,
    histogram_rows,
    summary_lines,
    term_rows,
    waiting_rows,
)
from rudaux.cli.links import file_link
from rudaux.cli.options import Folder, Json, NoPrompt, OptionalName
from rudaux.cli.session import reading
from rudaux.cli.view import View
from rudaux.domain.statistics import FEW

if TYPE_CHECKING:
    from pathlib import Path

    from rudaux.domain.report import AssignmentReport, TermReport
    from rudaux.ports import Context
    from rudaux.workflows.standings import Standings

Anonymous = Annotated[
    bool, typer.Option("--anonymous", help="Write no name, id or e-mail address into the file.")
]
Open = Annotated[bool, typer.Option("--open", help="Open the report in a browser.")]


def report(
    name: OptionalName = None,
    anonymous: Anonymous = False,
    open_page: Open = False,
    as_json: Json = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Show what to look at before grades go out; without NAME, for the whole term."""
    from rudaux.config import find_assignment
    from rudaux.workflows import report as workflow
    from rudaux.workflows.standings import read_standings

    with reading(folder, no_prompt, name=name) as (ctx, view):
        if name:
            settings = find_assignment(ctx.config, name)
            ctx.gradebook.check()
            read = workflow.read_report(ctx, read_standings(ctx, settings))
            page = ctx.pages.write(read, anonymous)
            if as_json:
                view.json(workflow.as_json(read, page))
            else:
                _show(view, read, page, anonymous)
        else:
            ctx.gradebook.check()
            term = workflow.read_term(ctx)
            page, pages = workflow.write_term(ctx, term, anonymous)
            if as_json:
                view.json(workflow.term_as_json(term, page, pages))
            else:
                _show_term(view, term, page)
        _tell_kept(ctx, view)
        if open_page and not ctx.pages.show(page):
            view.notice(f"This machine has no browser: copy {page} to one that has one.")


def report_before_push(ctx: Context, view: View, standings: Standings) -> None:
    """Write the report of an assignment and say where; what goes wrong here stops no push."""
    from rudaux.workflows import report as workflow

    try:
        page = ctx.pages.write(workflow.read_report(ctx, standings))
    except Exception as error:
        view.notice(f"  No report was written ({type(error).__name__}: {error}).")
    else:
        view.link(file_link(page))
        view.notice(f"  Report: {page}\n")
        _tell_kept(ctx, view)


def _tell_kept(ctx: Context, view: View) -> None:
    for copy in ctx.pages.kept:
        view.notice(f"Somebody may have edited the report that was there: it is kept as {copy}.")


def _show(view: View, read: AssignmentReport, page: Path, anonymous: bool) -> None:
    view.link(file_link(page))
    head, middle = summary_lines(read)
    view.line(head, "bold")
    view.line(middle)
    if read.summary:
        view.line()
        view.table(("points", "", "students"), histogram_rows(read))
    if read.flagged:
        view.line("\nTests to look at", "bold")
        view.table(("test", "notebook", "passed", "why"), flag_rows(read))
    elif read.tests:
        view.line("\nNo test stands out.")
    if 0 < read.students < FEW:
        view.line(f"Fewer than {FEW} submissions: discrimination would be chance.")
    if read.failures:
        view.line("\nWhat went wrong most", "bold")
        view.table(("students", "error", "tests"), error_rows(read, anonymous))
    if waiting := waiting_rows(read, anonymous):
        view.line("\nNot graded", "bold")
        view.table(("students", "state", "who", "why")[: len(waiting[0])], waiting)
    if read.late:
        view.line(f"\n{read.late} handed in after their own deadline.")
    view.line(f"\nReport: {page}")
    if any({"all_fail", "not_reached", "negative_discrimination"} & {*t.flags} for t in read.tests):
        view.notice(f"Next: fix a wrong test, then run `rudaux regrade {read.name} --what-if`.")


def _show_term(view: View, term: TermReport, page: Path) -> None:
    view.link(file_link(page))
    view.line(f"{term.course} · {len(term.assignments)} assignments\n", "bold")
    header = (
        "assignment",
        "graded",
        "missing",
        "waiting",
        "median %",
        "middle half %",
        "tests to look at",
    )
    view.table(header, term_rows(term))
    view.line(f"\nReport: {page}")
    flagged = [r.name for r in term.assignments if r.flagged]
    if flagged:
        view.notice(f"Next: `rudaux report {flagged[-1]}` shows which tests to look at.")
