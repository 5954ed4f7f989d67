"""The instructor repository at the course folder: is it clean, and is it up to date?"""

from __future__ import annotations

from collections.abc import Sequence

from rudaux.domain.repository import RepoState
from rudaux.ports import Context

WORK = ("gradebook.db", "submitted/", "autograded/", "feedback/", "logs/")
"""What runs write into the checkout: students' work and grades, which are not for git."""


def ready(ctx: Context) -> RepoState:
    """Read the state of a checkout that can be committed and pushed; raise `GitFailure` if not."""
    ctx.git.check(ctx.config.folder)
    return ctx.git.state(ctx.config.folder)


def look(ctx: Context) -> RepoState:
    """Read the state after asking the remote what is new; raise `GitFailure` if it cannot."""
    ctx.git.fetch(ctx.config.folder)
    return ctx.git.state(ctx.config.folder)


def split(dirty: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell apart what people have changed and what runs have written that git does not ignore."""
    tops = {name.rstrip("/") for name in WORK}
    made = [name for name in dirty if name.partition("/")[0] in tops]
    return [name for name in dirty if name not in made], made
