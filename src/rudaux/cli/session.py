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
def reading(folder: Path | None, no_prompt: bool = False) -> Iterator[tuple[Context, View]]:
    """Open the course for a command that only reads."""
    yield open_context(folder), View(no_prompt)


@contextmanager
def writing(
    folder: Path | None, no_prompt: bool, command: str, dry_run: bool = False
) -> Iterator[tuple[Context, View]]:
    """Open the course for a command that writes: one at a time, each run in the ledger."""
    ctx, view = open_context(folder), View(no_prompt)
    if dry_run:
        yield ctx, view
        return
    from rudaux.workflows.run import recorded

    with recorded(ctx, command):
        yield ctx, view
