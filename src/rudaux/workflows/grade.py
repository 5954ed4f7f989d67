"""Which assignments cron has to grade now."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Sequence
from contextlib import suppress

from rudaux.config import AssignmentSettings
from rudaux.domain.submissions import Standing
from rudaux.errors import RudauxError
from rudaux.ports import Context
from rudaux.workflows import collect
from rudaux.workflows.standings import Standings, read_standings


def unfinished(ctx: Context, done: Ids[str] = ()) -> tuple[AssignmentSettings, ...]:
    """Find assignments with students past their deadline whose work is not finished.

    Finished means `pushed` or excused in Canvas; for an assignment marked by hand it means
    `graded`, because `rudaux submit` does the rest. Work that waits for a person (`needs_manual`)
    counts as finished, and so do students who joined after the deadline, unless there is new work
    to collect: after an extension, or once late work is due. `done` names assignments that this
    run has already dealt with.
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
    left = [s for s in standings.by_student if s.due and s.state not in ended and not s.asks]
    if left and not _excused(ctx, standings, left):
        return True
    return bool(collect.outdated(ctx, standings))


def _excused(ctx: Context, standings: Standings, left: Sequence[Standing]) -> bool:
    """Return whether Canvas excuses all of these from the assignment: they never get a grade."""
    if standings.canvas is None or any(s.state not in {"graded", "missing"} for s in left):
        return False
    with suppress(RudauxError):  # the run itself will report it
        rows = ctx.canvas.submissions(standings.canvas.id)
        return {s.student_id for s in left} <= {row.student_id for row in rows if row.excused}
    return False
