"""`rudaux snapshot`: take the file server's snapshots that deadlines need."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from rudaux.cli.ask import Question
from rudaux.cli.describe.plans import Row
from rudaux.cli.describe.words import when
from rudaux.cli.options import DryRun, Folder, Log, NoPrompt
from rudaux.cli.session import writing
from rudaux.cli.steadiness import trust_clock
from rudaux.cli.unattended import Facts
from rudaux.domain.messages import counted
from rudaux.errors import CanvasFailure, ConfigError

if TYPE_CHECKING:
    from rudaux.ports import Context
    from rudaux.workflows.snapshots import NeedLine, SnapshotPlan


def snapshot(
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
    log: Log = False,  # the guard has seen to it
) -> None:
    """Take the snapshots that deadlines need, and check that they are there."""
    from rudaux.workflows import snapshots

    facts = Facts()
    opened = writing(folder, no_prompt, "snapshot", dry_run, False, facts, alone=False)
    with opened as (ctx, view):
        snapshots.settings_of(ctx)
        with suppress(CanvasFailure, ConfigError):  # told once the snapshot is there
            trust_clock(ctx, view)
        plan = snapshots.plan(ctx)
        view.rows([_row(ctx, line, plan) for line in plan.lines])
        if not plan.lines:
            view.line(
                f"Every deadline so far has its snapshot: {counted(plan.passed, 'deadline')}."
            )
        elif not dry_run and len(plan) and view.ask(_question(plan)):
            for outcome in snapshots.apply(ctx, plan):
                view.notice(f"{outcome.item}: {outcome.reason} is there.")
        if plan.unsure:
            raise plan.unsure
        facts.through = True


def _question(plan: SnapshotPlan) -> Question:
    return Question(f"Take the snapshot {plan.name}?", "yes")


def _row(ctx: Context, line: NeedLine, plan: SnapshotPlan) -> Row:
    zone = ctx.config.course.timezone
    who = f"due {when(line.deadline.astimezone(zone))}, {counted(len(line.students), 'student')}"
    item = ", ".join(line.assignments)
    if line.waits_until:
        until = when(line.waits_until.astimezone(zone))
        return Row(
            "Snapshot",
            "!",
            item,
            f"{who}: not before {until}, or two snapshots would have one name",
        )
    return Row("Snapshot", "+", item, f"{who}: {plan.name}")
