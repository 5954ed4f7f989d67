"""Running git, and turning its errors into sentences."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rudaux.adapters.git.words import redact, sentence
from rudaux.errors import GitFailure

# On a machine without git this makes the first command fail and not the import.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from git import Git as Command
from git import GitCommandNotFound, InvalidGitRepositoryError, NoSuchPathError, Repo

_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15"


@dataclass(frozen=True)
class Said:
    """How a git command ended, and what it wrote."""

    code: int
    out: str
    err: str


class Calls:
    """Run git commands in a folder; each is ended after `timeout` seconds."""

    def __init__(self, timeout: float = 300.0) -> None:
        self._timeout = timeout

    def _open(self, folder: Path) -> Path:
        """Return the git directory that a folder belongs to; raise `GitFailure` if there is none.

        A folder inside a checkout counts if git tracks something in it, as in a repository with
        several courses. Any other folder may be there by chance.
        """
        try:
            with Repo(folder, search_parent_directories=True) as repo:
                bare, git_dir, top = repo.bare, Path(repo.git_dir), repo.working_tree_dir
        except (InvalidGitRepositoryError, NoSuchPathError) as error:
            raise _no_checkout(folder) from error
        if bare:
            raise GitFailure(
                f"{folder} is a bare git repository, without files: clone it and work there"
            )
        if not top or not Path(top).samefile(folder):
            tracked = self._run(folder, "ls-files", "-z", "--", ".")
            if tracked.code:
                raise self._failure(GitFailure, folder, f"read {folder}", tracked)
            if not tracked.out:
                raise _no_checkout(folder, top)
        return git_dir

    def _must(self, folder: Path, doing: str, *arguments: str) -> str:
        said = self._run(folder, *arguments)
        if said.code:
            raise self._failure(GitFailure, folder, doing, said)
        return said.out

    def _run(self, folder: Path, *arguments: str, given: BinaryIO | None = None) -> Said:
        try:
            code, out, err = Command(folder).execute(
                ["git", "-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60", *arguments],
                istream=given,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=True,
                env=dict(_environment(folder)),
                kill_after_timeout=self._timeout,
            )
        except GitCommandNotFound as error:
            raise GitFailure(
                "git is not installed on this machine: install it (apt install git)"
            ) from error
        return Said(code, str(out), str(err))

    def _failure(self, kind: type[GitFailure], folder: Path, doing: str, said: Said) -> GitFailure:
        """Return the error; its cause is redacted, as a traceback may end up in a log."""
        failure = kind(sentence(doing, folder, f"{said.err}\n{said.out}", self._timeout))
        failure.__cause__ = subprocess.CalledProcessError(
            said.code, "git", redact(said.out), redact(said.err)
        )
        return failure


def _no_checkout(folder: Path, top: object = None) -> GitFailure:
    if top:
        return GitFailure(
            f"{folder} is not a git repository of its own, and the one in {top} tracks no file in "
            "it: commit the course's files there first, or clone the course's repository"
        )
    return GitFailure(
        f"{folder} is not a git repository: clone the course's repository there, "
        "or name its folder with --dir"
    )


def _environment(folder: Path) -> Mapping[str, str]:
    """Return variables that keep git from asking questions, and make it speak English."""
    asked = {"GIT_TERMINAL_PROMPT": "0", "SSH_ASKPASS": "", "GIT_EDITOR": "true", "LC_ALL": "C"}
    theirs = "GIT_SSH_COMMAND" in os.environ or "GIT_SSH" in os.environ
    if not theirs and not _ssh_configured(folder):
        asked["GIT_SSH_COMMAND"] = _SSH
    return asked


def _ssh_configured(folder: Path) -> bool:
    """Return whether the user's git configuration sets the ssh command; ours would override it."""
    return bool(
        Command(folder).execute(
            ["git", "config", "--get", "core.sshCommand"], with_exceptions=False
        )
    )
