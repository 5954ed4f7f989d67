"""Whether the gradebook still has its grades, and copies of it: what a run may rely on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rudaux.domain.messages import counted
from rudaux.errors import GradebookFailure
from rudaux.ports import Context


def lacking(ctx: Context) -> frozenset[tuple[str, str]]:
    """Return (assignment, student id) of what rudaux graded or pushed and the gradebook lacks."""
    graded = ctx.ledger.graded()
    return graded - ctx.gradebook.submitted() if graded else graded


def require_whole(ctx: Context) -> None:
    """Raise `GradebookFailure` if the gradebook lacks what rudaux has graded or pushed.

    A gradebook that is empty, new or another course's would look like a course without grades.
    """
    if why := trouble(ctx):
        raise GradebookFailure(why)


def trouble(ctx: Context) -> str:
    """Return what is missing, and what to do about it, as a sentence; "" if nothing is."""
    lost = lacking(ctx)
    if not lost:
        return ""
    backup = ctx.gradebook.fuller_backup()
    remedy = "no backup in .rudaux/backups holds more"
    if backup is not None:
        ours = backup.is_relative_to(ctx.config.folder)
        short = backup.relative_to(ctx.config.folder) if ours else backup
        remedy = f"`rudaux gradebook restore {short}` restores the newest backup that has more"
    verb = "is gone, and with it" if ctx.gradebook.gone else "lacks"
    return (
        f"The gradebook {ctx.gradebook.name} {verb} {counted(len(lost), 'submission')} that "
        f"rudaux has graded or pushed ({by_assignment(lost)}): nothing is done until it has them "
        "again. If its disk is not mounted, or db_url in nbgrader_config.py names another one, "
        f"fix that; {remedy}; to go on without these grades, run `rudaux gradebook sync "
        "--start-over`."
    )


def by_assignment(submissions: Iterable[tuple[str, str]]) -> str:
    """Count submissions per assignment, in words."""
    counts = Counter(name for name, _ in submissions)
    return ", ".join(f"{name}: {number}" for name, number in sorted(counts.items()))


def keep(ctx: Context) -> None:
    """Back up the gradebook for the current run, unless it has not changed since the last copy."""
    runs = ctx.ledger.run_records()
    ctx.gradebook.keep(runs[-1].id if runs else 0, ctx.config.backups)
