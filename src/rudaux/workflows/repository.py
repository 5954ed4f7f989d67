"""The instructor repository at the course folder: is it clean, and is it up to date?"""

from __future__ import annotations

from rudaux.domain.repository import RepoState
from rudaux.ports import Context


def ready(ctx: Context) -> RepoState:
    """Read the state of a checkout that can be committed and pushed; raise `GitFailure` if not."""
    ctx.git.check(ctx.config.folder)
    return ctx.git.state(ctx.config.folder)


def look(ctx: Context) -> RepoState:
    """Read the state after asking the remote what is new; raise `GitFailure` if it cannot."""
    ctx.git.fetch(ctx.config.folder)
    return ctx.git.state(ctx.config.folder)
