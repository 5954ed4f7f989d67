"""Whether the gradebook is the one that it was, and its copies: what a run may rely on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rudaux.errors import GradebookFailure
from rudaux.ports import Context

Submissions = frozenset[tuple[str, str]]
"""Pairs of assignment and student id."""


def lacking(ctx: Context) -> Submissions:
    """Return what rudaux has graded or pushed, and the gradebook has no submission of."""
    graded = ctx.ledger.graded()
    return graded - ctx.gradebook.submitted() if graded else graded


def require_whole(ctx: Context) -> None:
    """Raise `GradebookFailure` where the gradebook lacks what rudaux has graded or pushed.

    Empty, new or another course's, it would be taken for a course in which nobody has a grade.
    """
    lost = lacking(ctx)
    if lost:
        raise GradebookFailure(describe(ctx, lost))


def describe(ctx: Context, lost: Submissions) -> str:
    """Say what is lacking, and what to do about it."""
    backup = ctx.gradebook.fuller_backup()
    remedy = "no backup in .rudaux/backups holds more"
    if backup is not None:
        remedy = f"`rudaux gradebook restore {backup}` puts the newest fuller backup back"
    return (
        f"The gradebook {ctx.gradebook.name} lacks {_count(lost)} that rudaux has graded or "
        f"pushed ({by_assignment(lost)}): nothing is done until it has them again. If its disk is "
        "not mounted, or db_url in nbgrader_config.py names another one, fix that; "
        f"{remedy}; to go on without these grades, run `rudaux gradebook sync --start-over`."
    )


def by_assignment(submissions: Iterable[tuple[str, str]]) -> str:
    """Count submissions per assignment, in words."""
    counts = Counter(name for name, _ in submissions)
    return ", ".join(f"{name}: {number}" for name, number in sorted(counts.items()))


def keep(ctx: Context) -> None:
    """Copy the gradebook for the run under way, unless it is what was copied last."""
    runs = ctx.ledger.run_records()
    ctx.gradebook.keep(runs[-1].id if runs else 0, ctx.config.backups)


def _count(submissions: Submissions) -> str:
    return f"{len(submissions)} submission" + ("s" if len(submissions) > 1 else "")
