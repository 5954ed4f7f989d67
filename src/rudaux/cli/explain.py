"""`rudaux explain`: where a student's grade comes from, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rudaux.cli.describe.explain import (
    PUSH_HEADER,
    canvas_rows,
    headline,
    push_lines,
    score_rows,
    tests,
    work_rows,
)
from rudaux.cli.describe.plans import Row
from rudaux.cli.options import Folder, Json, Name, NoPrompt
from rudaux.cli.session import reading

if TYPE_CHECKING:
    from datetime import tzinfo

    from rudaux.cli.view import View
    from rudaux.domain.explanation import Explanation

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

    with reading(folder, no_prompt, whole=False) as (ctx, view):
        settings, zone = find_assignment(ctx.config, name), ctx.config.course.timezone
        ctx.gradebook.check()
        found = workflow.explain(ctx, settings, student)
        if as_json:
            view.json(workflow.as_json(found, zone))
        else:
            _show(view, found, zone)


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
