"""Whether the gradebook still has its grades, and copies of it: what a run may rely on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rudaux.domain.messages import counted, listed
from rudaux.errors import GradebookFailure, RudauxError
from rudaux.ports import Context

Submissions = frozenset[tuple[str, str]]
"""Pairs of assignment and student id."""

Cells = frozenset[tuple[str, str, str]]
"""Assignment, notebook and cell."""


def lacking(ctx: Context) -> Submissions:
    """Return the submissions that rudaux has graded or pushed and the gradebook does not have."""
    graded = ctx.ledger.graded()
    return graded - ctx.gradebook.submitted() if graded else graded


def lacking_cells(ctx: Context) -> Cells:
    """Return the cells that graded submissions have marks for and the gradebook does not have.

    One that the source does not have either was removed on purpose: nbgrader's own
    `generate_assignment`, also formgrader's, updates the gradebook from a changed source.
    """
    known = ctx.ledger.graded_cells()
    lost = known - ctx.gradebook.graded_cells() if known else known
    graded = {name for name, _ in ctx.ledger.graded() & ctx.gradebook.submitted()} if lost else ()
    names = {name for name, *_ in lost if name in graded}
    return frozenset().union(*(_in_source(ctx, n, [c for c in lost if c[0] == n]) for n in names))


def _in_source(ctx: Context, assignment: str, cells: Iterable[tuple[str, str, str]]) -> Cells:
    """Return which of these cells the source has; all of them if it cannot be read."""
    try:
        there = {(Path(file).stem, cell) for file, cell in ctx.grader.cells(assignment)}
    except RudauxError:
        return frozenset(cells)
    return frozenset(cell for cell in cells if cell[1:] in there)


def require_whole(ctx: Context) -> None:
    """Raise `GradebookFailure` if the gradebook lacks what rudaux has graded or pushed.

    A gradebook that is empty, new or another course's would look like a course without grades.
    """
    if why := trouble(ctx):
        raise GradebookFailure(why)


def trouble(ctx: Context) -> str:
    """Return what is missing, and what to do about it, in a few sentences; "" if nothing is."""
    if lost := lacking(ctx):
        return _without_submissions(ctx, lost)
    if cells := lacking_cells(ctx):
        return _without_cells(ctx, cells)
    return ""


def _without_submissions(ctx: Context, lost: Submissions) -> str:
    verb = "is gone, and with it" if ctx.gradebook.gone else "lacks"
    return (
        f"The gradebook {ctx.gradebook.name} {verb} {counted(len(lost), 'submission')} that "
        f"rudaux has graded or pushed ({by_assignment(lost)}): nothing is done until it has them "
        "again. If its disk is not mounted, or db_url in nbgrader_config.py names another one, "
        f"fix that; {_restorable(ctx)}; to go on without these grades, run `rudaux gradebook sync "
        "--start-over`."
    )


def _without_cells(ctx: Context, lost: Cells) -> str:
    names = [f"{cell} in {name}/{notebook}.ipynb" for name, notebook, cell in sorted(lost)]
    what, back, them = f"{len(names)} cells ({listed(names)})", "they are", "them"
    if len(names) == 1:
        what, back, them = f"the cell {names[0]},", "it is", "it"
    return (
        f"The gradebook {ctx.gradebook.name} lacks {what} by which students were graded: nothing "
        f"is done until {back} back, because every score would be scaled wrongly. `rudaux "
        f"gradebook sync --start-over` takes {them} from the source, for the class to be graded "
        f"again, and keeps all other marks; {_restorable(ctx, cells=True)}."
    )


def _restorable(ctx: Context, cells: bool = False) -> str:
    backup = ctx.gradebook.fuller_backup(cells)
    if backup is None:
        return "no backup in .rudaux/backups holds more"
    ours = backup.is_relative_to(ctx.config.folder)
    short = backup.relative_to(ctx.config.folder) if ours else backup
    return f"`rudaux gradebook restore {short}` restores the newest backup that has more"


def by_assignment(lost: Iterable[tuple[str, ...]]) -> str:
    """Count submissions or cells per assignment, in words."""
    counts = Counter(name for name, *_ in lost)
    return ", ".join(f"{name}: {number}" for name, number in sorted(counts.items()))


def go_on_without(ctx: Context, submissions: Submissions, cells: Cells) -> None:
    """Forget submissions that are lost, and take cells that are lost from the source again."""
    ctx.ledger.disown(submissions)
    for name in sorted({name for name, *_ in cells}):
        ctx.ledger.record_graded_cells(name, ())
        if name in {a.name for a in ctx.config.assignments}:
            record_source(ctx, name)


def record_source(ctx: Context, assignment: str) -> bool:
    """Update the gradebook's cells from the source; return whether any changed."""
    with changing_cells(ctx, assignment):
        return ctx.grader.record_source(assignment)


def remember_cells(ctx: Context, assignment: str) -> None:
    """Remember which cells students were graded by, unless that is known."""
    if not any(name == assignment for name, *_ in ctx.ledger.graded_cells()):
        with changing_cells(ctx, assignment):
            pass


@contextmanager
def changing_cells(ctx: Context, assignment: str) -> Iterator[None]:
    """Remember which cells the gradebook has after a change of them.

    If killed meanwhile, nothing is known of them, so none is taken for lost.
    """
    ctx.ledger.record_graded_cells(assignment, ())
    try:
        yield
    finally:
        now = ctx.gradebook.graded_cells()
        ctx.ledger.record_graded_cells(assignment, (c[1:] for c in now if c[0] == assignment))


def keep(ctx: Context) -> None:
    """Back up the gradebook for the current run, unless it has not changed since the last copy."""
    runs = ctx.ledger.run_records()
    ctx.gradebook.keep(runs[-1].id if runs else 0, ctx.config.backups)
