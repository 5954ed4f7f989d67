"""A command at work: the course it is about, its screen, the lock and the ledger's run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from rudaux.cli.unattended import Facts, telling
from rudaux.cli.view import View
from rudaux.config import find_assignment, find_course_folder, seconds

if TYPE_CHECKING:
    from rudaux.ports import Context


def open_context(folder: Path | None, view: View | None = None, name: str | None = None) -> Context:
    """Read the course at `folder`, or at the nearest parent of the working folder.

    A person at the `view` is told what is waited for. Raises `UsageError` if there is no assignment
    `name`, before anything slow is opened.
    """
    from rudaux.wiring import open_course

    tell = view.notice if view and view.attended else None
    ctx = open_course(find_course_folder(folder or Path.cwd()), tell)
    if name:
        find_assignment(ctx.config, name)
    return ctx


@contextmanager
def reading(
    folder: Path | None,
    no_prompt: bool = False,
    whole: bool = True,
    name: str | None = None,
) -> Iterator[tuple[Context, View]]:
    """Open the course for a command that only reads, about the assignment `name` if any.

    `whole` as in `workflows.run.recorded`.
    """
    from rudaux.workflows.gradebook import require_whole

    view = View(no_prompt)
    ctx = open_context(folder, view, name)
    if whole:
        require_whole(ctx)
    yield ctx, view


@contextmanager
def writing(
    folder: Path | None,
    no_prompt: bool,
    command: str,
    dry_run: bool = False,
    whole: bool = True,
    facts: Facts | None = None,
    alone: bool = True,
    name: str | None = None,
) -> Iterator[tuple[Context, View]]:
    """Open the course for a command that writes: one at a time, each run in the ledger.

    `name` is the assignment it is about, if any.

    How it ended is told where nobody watches; `facts` are what the command can say about it. A run
    that has them waits for another one to end, as `schedule.wait` says.
    """
    if dry_run:
        with reading(folder, no_prompt, whole, name) as opened:
            yield opened
        return
    view = View(no_prompt)
    from rudaux.workflows.run import recorded

    with nullcontext() if view.watched else telling(folder, command, facts or Facts()):
        ctx = open_context(folder, view, name)
        unwatched = facts is not None and not view.attended
        wait = seconds(ctx.config.schedule.wait) if unwatched else 0
        with recorded(ctx, command, whole, wait, alone):
            yield ctx, view


def tell_uncopied(ctx: Context, view: View) -> None:
    """Say where a run that writes grades makes no copy of the gradebook, and why."""
    if reason := ctx.gradebook.uncopied():
        view.notice(f"This run does not back up the gradebook: {reason}")
