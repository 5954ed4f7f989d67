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
