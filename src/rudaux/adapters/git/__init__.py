"""Git repositories, and git's errors in words that help."""

from __future__ import annotations

from rudaux.adapters.git.repositories import GitRepositories, remote_of

__all__ = ["GitRepositories", "remote_of"]
