"""`rudaux gradebook share`: who marks what by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rudaux.cli.ask import Question
from rudaux.cli.describe.plans import Row
from rudaux.cli.links import list_links
from rudaux.cli.options import DryRun, Folder, Name, NoPrompt
from rudaux.cli.session import writing
from rudaux.domain.messages import counted, listed
from rudaux.domain.outcome import Outcome
from rudaux.errors import PartlyDone, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rudaux.cli.view import View
    from rudaux.domain.sharing import Progress
    from rudaux.ports import Context
    from rudaux.workflows.sharing import SharePlan

By = Annotated[
    Literal["submission", "question"] | None,
    typer.Option("--by", help="Give out whole submissions (the default) or whole questions."),
]
Anew = Annotated[bool, typer.Option("--anew", help="Divide everything that still waits again.")]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="GRADER", help="With --to: whose marking is taken over."),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="GRADER", help="With --from: who takes it over.")
]


def share(
    name: Name,
    by: By = None,
    anew: Anew = False,
    from_grader: From = None,
    to_grader: To = None,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Divide the marking by hand among the graders, and write each of them a list of links."""
    from rudaux.config import find_assignment
    from rudaux.workflows import sharing

    hand = (from_grader, to_grader) if from_grader and to_grader else None
    if (from_grader or to_grader) and (not hand or by or anew):
        raise UsageError("use --from and --to together, and without --by and --anew.")
    command = f"gradebook share {name}"
    with writing(folder, no_prompt, command, dry_run, name=name) as (ctx, view):
        settings = find_assignment(ctx.config, name)
        ctx.gradebook.check()
        plan = sharing.plan(ctx, settings, by, anew, hand)
        view.line(_head(plan))
        view.link(list_links(ctx.config, name, [one.grader for one in plan.shares]))
        view.rows(_rows(plan))
        if dry_run:
            _tell_whom(ctx, view, plan)
            return
        if not len(plan):
            view.line("  Everybody's list is up to date.")
        elif view.ask(Question(_question(plan), "yes")):
            outcomes = view.follow("  Lists", sharing.apply(ctx, plan), len(plan.lists))
            _told(ctx, view, plan, [*outcomes, *sharing.tell(ctx, plan)])
        _left_over(plan)


def progress_rows(progress: Sequence[Progress]) -> list[tuple[object, ...]]:
    """Return how far each grader is."""
    return [(p.grader, p.done, p.left, p.total) for p in progress]


PROGRESS_HEADER = ("grader", "marked", "waiting", "total")


def _head(plan: SharePlan) -> str:
    verb = "waits" if plan.waiting == 1 else "wait"
    waiting = f"{counted(plan.waiting, _unit(plan))} {verb} for marks by hand"
    return f"{plan.assignment} · {waiting} · divided by {plan.by}"


def _unit(plan: SharePlan) -> str:
    return "answer" if plan.by == "question" else "submission"


def _question(plan: SharePlan) -> str:
    if plan.given:
        return f"Give out {_what(plan)} and write the lists?"
    return "There is nothing new to give out. Write the lists again?"


def _what(plan: SharePlan) -> str:
    return counted(len(plan.given), _unit(plan))


def _rows(plan: SharePlan) -> list[Row]:
    rows = []
    width = max(len(str(one.left)) for one in plan.shares)
    for one in plan.shares:
        parts = [f"{one.new} new"] * bool(one.new) + [f"{one.taken} taken away"] * bool(one.taken)
        mark: Literal["+", "~", " "] = "+" if one.new else "~" if one.taken else " "
        detail = f"{one.left:>{width}} {_unit(plan)}{'s' * (one.left != 1)} to mark"
        rows.append(Row(one.grader, mark, detail, " · ".join(parts)))
    if plan.nobody:
        rows.append(Row("", "!", f"no grader may mark {listed(plan.nobody)}"))
    if plan.barred:
        rows.append(Row("", "!", f"stays where it is, because of `except`: {listed(plan.barred)}"))
    return rows


def _tell_whom(ctx: Context, view: View, plan: SharePlan) -> None:
    from rudaux.workflows import sharing

    for notice in sharing.notices(ctx, plan):
        view.line(f"  {notice.grader} would get a message: {notice.title}")


def _told(ctx: Context, view: View, plan: SharePlan, outcomes: Sequence[Outcome]) -> None:
    from rudaux.workflows.lists import list_file

    told = [o.item for o in outcomes if o.reason == "told"]
    for outcome in outcomes:
        if outcome.reason and outcome.item not in told:
            view.notice(f"  {outcome.item}: {outcome.reason}")
    if told:
        view.notice(f"  A message went to {listed(told)}.")
    files = list_file(ctx.config, plan.assignment, "NAME").relative_to(ctx.config.folder)
    view.notice(f"Next: send each grader their list, {files} or .csv.")
    view.notice(f"`rudaux status {plan.assignment}` shows how far they are.")


def _left_over(plan: SharePlan) -> None:
    if plan.nobody:
        raise PartlyDone(
            f"{listed(plan.nobody)} went to nobody: `except` keeps every grader of "
            f"{plan.assignment} from them, or weight 0: add a grader, or change rudaux.toml."
        )
