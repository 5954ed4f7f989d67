"""`rudaux canvas extend` and `extensions`, and the time that the rules give by themselves."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from rudaux.cli.ask import Question
from rudaux.cli.describe.deadlines import (
    EXTENSION_HEADER,
    change_rows,
    extension_rows,
    override_rows,
)
from rudaux.cli.describe.plans import schedule_rows
from rudaux.cli.describe.words import when
from rudaux.cli.options import DryRun, Folder, Json, Name, NoPrompt, OptionalName
from rudaux.cli.session import reading, writing
from rudaux.cli.summary import finish
from rudaux.domain.messages import counted
from rudaux.errors import CronFailure, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from rudaux.cli.view import View
    from rudaux.domain.extensions import Change
    from rudaux.domain.outcome import Outcome
    from rudaux.domain.roster import Student
    from rudaux.ports import Context
    from rudaux.workflows.extensions import ExtensionPlan
    from rudaux.workflows.schedule import SchedulePlan
    from rudaux.workflows.sync import SyncPlan

Chosen = Annotated[
    list[str],
    typer.Option("--student", metavar="ID", help="Who gets more time; repeat it for others."),
]
Until = Annotated[
    str,
    typer.Option(
        "--until",
        metavar="WHEN",
        help="Until when, in the course's time zone: 2026-10-05 (the end of that day), "
        "2026-10-05T18:00, or +2d, +36h, +1w after the present deadline.",
    ),
]
Reason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="Why; students do not see it."),
]
_SPAN = re.compile(r"\+(\d{1,4})\s*([wdhm])")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}


def extend(
    name: Name,
    student: Chosen,
    until: Until,
    reason: Reason = "",
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Give students more time for an assignment, as an override in Canvas; never less time."""
    from rudaux.config import find_assignment
    from rudaux.workflows import extensions

    command = f"canvas extend {name}"
    with writing(folder, no_prompt, command, dry_run, name=name) as (ctx, view):
        settings, zone = find_assignment(ctx.config, name), ctx.config.course.timezone
        moment, people = parse_until(until, zone), ctx.canvas.students()
        chosen = choose(people, student)
        plan = extensions.plan(ctx, settings, chosen, moment, reason.strip(), people)
        cron = _schedule(ctx, view, plan.coming)
        _show(ctx, view, plan, cron)
        if not (len(plan) or (cron and len(cron))) or dry_run:
            return
        text = f"Give {counted(len(plan), 'student')} more time for {name}?"
        if len(plan) and not view.ask(Question(text, "yes")):
            view.notice("Nothing was changed.")
            return
        outcomes = view.follow("Extend", extensions.apply(ctx, plan), len(plan))
        view.troubles(outcomes)
        if (cron and any(o.ok for o in outcomes)) or not len(plan):
            _install(ctx, view, cron)
        finish(outcomes, "the same command tries again.")


def _show(ctx: Context, view: View, plan: ExtensionPlan, cron: SchedulePlan | None) -> None:
    zone = ctx.config.course.timezone
    rows = change_rows(plan.changes, ctx.config)
    if cron and len(cron):
        rows += schedule_rows(cron, ctx.config, ctx.crontab.timezone())
    view.rows(rows)
    for student, has in plan.settled:
        due = when(has.astimezone(zone)) if has else "no deadline"
        view.line(f"{student.name} already has until {due}: nothing to change.")
    past = [c for c in plan.changes if c.due_at and c.due_at <= ctx.now()]
    if past:
        view.notice(
            f"That is in the past: run `rudaux grade {past[0].assignment}` to collect their work."
        )


def extensions(
    name: OptionalName = None,
    as_json: Json = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """List who has a deadline of their own, and which override in Canvas it comes from."""
    from rudaux.workflows import extensions as workflow

    with reading(folder, no_prompt, name=name) as (ctx, view):
        found = workflow.listing(ctx, [name] if name else None)
        if as_json:
            view.json(workflow.as_json(found))
            return
        if not found:
            where = name or "any assignment"
            view.line(f"Nobody has a deadline of their own for {where}.")
            return
        view.table(EXTENSION_HEADER, extension_rows(found, ctx.config.course.timezone))


def keep_up(
    ctx: Context, view: View, synced: SyncPlan, dry_run: bool, name: str | None = None
) -> tuple[list[Outcome], tuple[Change, ...]]:
    """Give the time that the rules give, before anything is collected; bring cron up to date.

    With the name of an assignment it is about that one, and cron stays as it is. Return how it
    went, and whose deadlines it is about.
    """
    from rudaux.workflows import overrides, schedule

    plan = overrides.plan(ctx, synced.students, synced.roster, only=name)
    view.rows(override_rows(plan, ctx.config))
    outcomes: list[Outcome] = []
    if not dry_run and len(plan):
        outcomes = view.follow("Deadlines", overrides.apply(ctx, plan), len(plan))
        view.troubles(outcomes)
    elif not dry_run:
        list(overrides.apply(ctx, plan))  # what is known of who joined
    if name is not None:
        return outcomes, plan.writes
    try:
        cron = schedule.plan_refresh(ctx, plan.coming)
    except CronFailure:
        return outcomes, plan.writes  # a machine without cron grades by other means
    if len(cron):
        view.rows(schedule_rows(cron, ctx.config, ctx.crontab.timezone()))
        if not dry_run:
            _install(ctx, view, cron)
    return outcomes, plan.writes


def _schedule(
    ctx: Context, view: View, coming: Mapping[str, Sequence[datetime]]
) -> SchedulePlan | None:
    from rudaux.workflows import schedule

    try:
        return schedule.plan(ctx, coming)
    except CronFailure as error:
        view.notice(f"Nothing was scheduled: {error}")
        return None


def _install(ctx: Context, view: View, cron: SchedulePlan | None) -> None:
    from rudaux.workflows import schedule

    if cron and len(cron):
        view.follow("Schedule", schedule.apply(ctx, cron), len(cron))


def choose(people: Iterable[Student], given: Sequence[str]) -> list[Student]:
    """Find the students that are named; raises `UsageError` for one that nobody is."""
    from rudaux.workflows.students import the_student

    everybody, found = tuple(people), []
    for one in given:
        student = the_student(everybody, one)
        found += [] if student in found else [student]
    return found


def parse_until(text: str, zone: ZoneInfo) -> datetime | timedelta:
    """Read a moment in the course's zone, or a span after "+"; raises `UsageError`."""
    from rudaux.config.checking import Wrong, local_time

    span = _SPAN.fullmatch(text.strip())
    if span:
        return timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        value = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        moment = local_time(zone, True)(value)
    except Wrong as wrong:
        raise UsageError(f"--until {text} {wrong}") from None
    except ValueError:
        raise UsageError(
            f'--until "{text}" is not a date: write 2026-10-05, 2026-10-05T18:00 or +2d.'
        ) from None
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return moment - timedelta(seconds=1)  # Canvas moves midnight to the end of the next day
    return moment
