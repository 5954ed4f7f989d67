"""What a message may say about an assignment after a run: counts, and no grade with a name."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from statistics import median

from rudaux.domain.messages import Digest
from rudaux.domain.submissions import count_shown
from rudaux.errors import RudauxError
from rudaux.ports import Context
from rudaux.workflows import posting, submit
from rudaux.workflows.standings import Standings


def digest(ctx: Context, before: Standings, after: Standings, stopped: str = "") -> Digest:
    """Sum up what a run did, from where everybody stood before it and stands now.

    Edited and hidden grades are read from Canvas if anybody wants to know; what Canvas does not say
    is left out.
    """
    wanted = ctx.config.notify is not None and "todo" in ctx.config.notify.on
    names, name = {s.id: s.name for s in after.students}, after.settings.name
    complete = [after.targets[sid] for sid in after.complete(ctx.gradebook.submissions(name))]
    counts = count_shown(s.shown for s in after.by_student)
    failed: dict[str, list[str]] = {}
    for standing in after.by_student:
        if standing.state == "failed":
            failed.setdefault(standing.reason, []).append(names[standing.student_id])
    return Digest(
        name,
        counts,
        after.settings.points,
        len(complete),
        median(complete) if complete else None,
        failed,
        _edited(ctx, after) if wanted and not stopped else (),
        _hidden(ctx, after) if wanted else 0,
        stopped,
        (before.by_student, before.targets) != (after.by_student, after.targets),
        str(ctx.pages.find(name) or ""),
    )


def _edited(ctx: Context, standings: Standings) -> Sequence[str]:
    with suppress(RudauxError):
        plan = submit.plan(ctx, standings, feedback=False)
        return [plan.names[x.student_id] for x in plan.lines if x.kind == "conflict"]
    return ()


def _hidden(ctx: Context, standings: Standings) -> int:
    if standings.canvas is not None and standings.canvas.post_manually:
        with suppress(RudauxError):
            return len(posting.plan(ctx, standings.settings))
    return 0
