"""`rudaux check`: a dress rehearsal, of the whole set-up or of an assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rudaux.cli.describe.checks import as_json as document
from rudaux.cli.describe.checks import conclude
from rudaux.cli.describe.words import when
from rudaux.cli.options import Folder, Json, NoPrompt, OptionalName
from rudaux.cli.session import reading
from rudaux.cli.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rudaux.domain.checks import Check
    from rudaux.ports import Context

Again = Annotated[
    bool, typer.Option("--again", help="With NAME: run it even though nothing has changed since.")
]


def check(
    name: OptionalName = None,
    as_json: Json = False,
    again: Again = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Check the whole set-up; with NAME, check one assignment before students get it."""
    with reading(folder, no_prompt, whole=False, name=name) as (ctx, view):
        found = _assignment(ctx, view, name, again) if name else _setup(ctx, view, as_json)
        if as_json:
            view.json(document(found))
        elif name:
            view.checks(found)
    conclude(found, "." if name else "; `rudaux check NAME` checks one assignment.")


def _setup(ctx: Context, view: View, as_json: bool) -> Sequence[Check]:
    from rudaux.wiring import look_around
    from rudaux.workflows.check import check_setup

    found: list[Check] = []
    shown = len(found)
    for one in check_setup(ctx, look_around()):
        if found and one.system != found[-1].system and not as_json:
            view.checks(found[shown:])
            shown = len(found)
        found.append(one)
    if not as_json:
        view.checks(found[shown:])
    return found


def _assignment(ctx: Context, view: View, name: str, again: bool) -> Sequence[Check]:
    from rudaux.errors import ExecutorFailure
    from rudaux.workflows.check import recall, rehearse, unchecked

    with ctx.ledger.lock(f"check {name}"):
        try:
            if not again and (before := recall(ctx, name)):
                at = when(before.at.astimezone(ctx.config.course.timezone))
                view.notice(f"Found on {at}; nothing has changed since, but --again runs it again.")
                return before.checks
            view.notice(f"Running {name}: its solution three times, its release once ...")
            return rehearse(ctx, name).checks
        except ExecutorFailure as error:
            return [unchecked(name, error)]
