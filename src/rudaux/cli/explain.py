"""`rudaux explain`: where a student's grade comes from, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rudaux.cli.describe.explain import (
    PUSH_HEADER,
    attached,
    canvas_rows,
    headline,
    push_lines,
    score_rows,
    tests,
    work_rows,
)
from rudaux.cli.describe.plans import Row
from rudaux.cli.links import assignment_links, student_links
from rudaux.cli.options import Folder, Json, Name, NoPrompt
from rudaux.cli.session import reading

if TYPE_CHECKING:
    from datetime import tzinfo

    from rudaux.cli.view import View
    from rudaux.domain.explanation import Explanation
    from rudaux.ports import Context

Student = Annotated[
    str,
    typer.Argument(metavar="STUDENT", help="An id, a login, an e-mail address, or a name."),
]


def explain(
    student: Student,
    name: Name,
    as_json: Json = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Show step by step where a student's grade comes from."""
    from rudaux.config import find_assignment
    from rudaux.workflows import explain as workflow

    with reading(folder, no_prompt, whole=False, name=name) as (ctx, view):
        settings, zone = find_assignment(ctx.config, name), ctx.config.course.timezone
        ctx.gradebook.check()
        found = workflow.explain(ctx, settings, student)
        if as_json:
            view.json(workflow.as_json(found, zone))
        else:
            _lead(ctx, view, found)
            _show(view, found, zone)


def _lead(ctx: Context, view: View, found: Explanation) -> None:
    """Make links of what is in Canvas, and of answers that wait for marks in formgrader."""
    from rudaux.workflows.lists import mark_links

    view.link(assignment_links(ctx.config, {found.assignment: found.canvas_id}))
    people = student_links(ctx.config, found.canvas_id, [found.student])
    view.link(people)
    view.link({attached(found): to for to in people.values()})
    if any(mark.waits for mark in found.marks):
        view.link(mark_links(ctx, found.assignment, found.student.id))


def _show(view: View, found: Explanation, zone: tzinfo) -> None:
    view.line(f"{headline(found)}\n", "bold")
    _rows(view, work_rows(found, zone))
    for notebook, rows in tests(found):
        view.table((notebook, "points", "of", "result"), rows, indent=2)
        view.line()
    _rows(view, score_rows(found))
    if found.pushes:
        view.table(PUSH_HEADER, push_lines(found, zone), whole=("when",), indent=2)
        view.line()
    _rows(view, canvas_rows(found, zone))


def _rows(view: View, rows: list[Row]) -> None:
    if rows:
        view.rows(rows)
        view.line()
