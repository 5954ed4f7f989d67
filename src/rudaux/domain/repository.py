"""A git checkout."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RepoState:
    """A checkout: `dirty` names changed and untracked files; `branch` None means detached."""

    branch: str | None
    dirty: tuple[str, ...]
    ahead: int
    behind: int
    remote: str | None


@dataclass(frozen=True)
class Ignored:
    """A path that git ignores: the pattern, and the file and line it is in."""

    path: str
    pattern: str
    where: str
