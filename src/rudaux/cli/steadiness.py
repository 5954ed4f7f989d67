"""What a run sees to before it works: the machine's clock, and its own old logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rudaux.cli.ask import Question
from rudaux.cli.view import View
from rudaux.domain.messages import counted
from rudaux.errors import NeedsPersonError

if TYPE_CHECKING:
    from rudaux.ports import Context


def trust_clock(ctx: Context, view: View) -> None:
    """Ask whether to go on by a wrong clock; unattended it stops the run with `ClockWrong`."""
    from rudaux.workflows.clock import clock_trouble, require_clock

    if not view.attended:
        require_clock(ctx)
    elif trouble := clock_trouble(ctx):
        view.notice(f"{trouble[0].upper()}{trouble[1:]}.")
        if not view.ask(Question("Go on anyway?", "refuse", default=False)):
            raise NeedsPersonError("nothing was done: set the clock right first.")


def clear_logs(ctx: Context, view: View, dry_run: bool) -> None:
    """Remove the logs of unattended runs that are past their time."""
    from rudaux.workflows.schedule import old_logs, remove_logs

    if found := old_logs(ctx):
        days = f"older than {ctx.config.schedule.keep_logs} days"
        view.notice(
            f"{'Would remove' if dry_run else 'Removed'} {counted(len(found), 'log')} {days}."
        )
        if not dry_run:
            remove_logs(found)
