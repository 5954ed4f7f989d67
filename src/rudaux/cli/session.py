"""A command at work: the course it is about, its screen, the lock and the ledger's run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rudaux.cli.view import View
from rudaux.config import find_course_folder

if TYPE_CHECKING:
    from rudaux.ports import Context


def open_context(folder: Path | None) -> Context:
    """Read the course at `folder`, or at the nearest parent of the working folder."""
    from rudaux.wiring import open_course

    return open_course(find_course_folder(folder or Path.cwd()))


@contextmanager
def reading(
    folder: Path | None, no_prompt: bool = False, whole: bool = True
) -> Iterator[tuple[Context, View]]:
    """Open the course for a command that only reads; `whole` as in `workflows.run.recorded`."""
    ctx = open_context(folder)
    if whole:
        require_whole(ctx)
    yield ctx, View(no_prompt)


@contextmanager
def writing(
    folder: Path | None,
    no_prompt: bool,
    command: str,
    dry_run: bool = False,
    whole: bool = True,
) -> Iterator[tuple[Context, View]]:
    """Open the course for a command that writes: one at a time, each run in the ledger."""
    ctx, view = open_context(folder), View(no_prompt)
    if dry_run:
        if whole:
            require_whole(ctx)
        yield ctx, view
        return
    from rudaux.workflows.run import recorded

    with recorded(ctx, command, whole):
        yield ctx, view


def require_whole(ctx: Context) -> None:
    """Raise `GradebookFailure` where the gradebook is not the one that it was."""
    from rudaux.workflows import gradebook

    gradebook.require_whole(ctx)


def tell_uncopied(ctx: Context, view: View) -> None:
    """Say where a run that writes grades makes no copy of the gradebook, and why."""
    if reason := ctx.gradebook.uncopied():
        view.notice(f"This run makes no copy of the gradebook. {reason}")
