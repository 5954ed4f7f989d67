"""Which assignments cron has to grade now."""

from __future__ import annotations

from collections.abc import Collection as Ids

from rudaux.config import AssignmentSettings
from rudaux.ports import Context
from rudaux.workflows import collect
from rudaux.workflows.standings import Standings, read_standings


def unfinished(ctx: Context, done: Ids[str] = ()) -> tuple[AssignmentSettings, ...]:
    """Find assignments with students past their deadline whose work is not at its end.

    The end is `pushed`; for an assignment marked by hand it is `graded`, where `rudaux submit`
    takes over. What a person must do first (`needs_manual`) is not unfinished, unless new work is
    to be collected: after an extension, or once late work is due. `done` names assignments that
    this run has dealt with.
    """
    students, existing = ctx.canvas.students(), ctx.canvas.assignments()
    return tuple(
        settings
        for settings in ctx.config.assignments
        if settings.name not in done
        and _has_work(ctx, read_standings(ctx, settings, students, existing))
    )


def _has_work(ctx: Context, standings: Standings) -> bool:
    ended = {"pushed", "needs_manual"}
    if standings.settings.manual:
        ended |= {"graded", "missing"}
    if any(s.due and s.state not in ended for s in standings.by_student):
        return True
    return bool(collect.outdated(ctx, standings))
