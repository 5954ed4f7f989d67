"""A git checkout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MARK = "Released-by: rudaux"
"""The last line of the message of each commit that rudaux makes."""


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


@dataclass(frozen=True)
class Commit:
    """A commit: its author's name, when they made it (aware), and its whole message."""

    id: str
    author: str
    at: datetime
    message: str

    @property
    def marked(self) -> bool:
        """Whether rudaux made it: a revert or a squash has a message of its own."""
        return self.message.startswith("Release ") and self.message.rstrip().endswith(MARK)

    def releases(self, assignment: str) -> bool:
        """Return whether an earlier version of rudaux, which left no mark, released it so."""
        verb, _, names = self.message.strip().partition(" ")
        return verb == "Release" and assignment in names.split(", ")
