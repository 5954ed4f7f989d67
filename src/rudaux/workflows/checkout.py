"""The instructor repository at the course folder: is it clean, and is it up to date?"""

from __future__ import annotations

from rudaux.domain.repository import RepoState
from rudaux.ports import Context


def inspect(ctx: Context) -> RepoState:
    """Read the checkout's state; raise `GitFailure` if the course folder is not a checkout."""
    return ctx.git.state(ctx.config.folder)


def ready(ctx: Context) -> RepoState:
    """Read the state of a checkout that can be committed and pushed; raise `GitFailure` if not."""
    ctx.git.check(ctx.config.folder)
    return inspect(ctx)


def look(ctx: Context) -> RepoState:
    """Read the state after asking the remote what is new; raise `GitFailure` as `inspect` does."""
    ctx.git.fetch(ctx.config.folder)
    return inspect(ctx)


def pull(ctx: Context) -> str:
    """Pull what others pushed; return a clause about it, empty if there was nothing.

    The configuration may have changed with it: read it again afterwards.
    """
    return ctx.git.pull(ctx.config.folder)
