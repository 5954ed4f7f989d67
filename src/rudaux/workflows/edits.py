"""What persons changed in the student repository since rudaux released it."""

from __future__ import annotations

import filecmp
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rudaux.domain.artifacts import Release
from rudaux.domain.repository import Commit
from rudaux.ports import Context

_RELEASED = "student repository"
"""Whose the released files are in the ledger's list of what rudaux wrote."""
_SEEN = ("attachments", "outputs")
"""What students see of a cell beside its text."""


@dataclass(frozen=True)
class Edit:
    """A file of the student repository that a person changed since rudaux released it.

    `path` is its path there; with `gone`, the commit deleted it.
    """

    path: str
    commit: Commit
    gone: bool = False


def record(ctx: Context, clone: Path, place: Path, content: Path) -> None:
    """Remember what rudaux is about to write to a file of the student repository."""
    digest = ctx.git.stored(clone, place, content) or ""
    ctx.ledger.record_written(_RELEASED, str(place.relative_to(clone)), digest)


def edits(
    ctx: Context, release: Release, theirs: Path, clone: Path, files: Sequence[str]
) -> Iterator[Edit]:
    """Yield which of these files the last commit of a person changed or deleted.

    A commit is rudaux's if it has rudaux's mark and the file is as rudaux wrote it, or if the file
    is as in the course's own release: earlier versions of rudaux left no mark. What this course has
    not released may be gone, as where a person has cleared away last term's files.
    """
    if not files or ctx.git.last_commit(clone, theirs) is None:
        return
    written, own = ctx.ledger.written(_RELEASED), ctx.grader.release_folder(release.assignment)
    for file in files:
        target = theirs / file
        commit = ctx.git.last_commit(clone, target)
        if commit is None or same(ctx, clone, target, own / file):
            continue
        path, gone = str(target.relative_to(clone)), not target.is_file()
        known = written.get(path, ())
        new = gone and not known and not (own / file).is_file()
        if new or _reads_alike(target, release.folder / file):
            continue
        as_written = not known or gone or ctx.git.stored(clone, target, target) in known
        ours = commit.marked or (not known and commit.releases(release.assignment))
        if not (ours and as_written):
            yield Edit(path, commit, gone)


def _reads_alike(one: Path, other: Path) -> bool:
    """Return whether two notebooks show a student the same; an editor writes the rest anew."""
    try:
        first, second = (_shown(json.loads(path.read_bytes())) for path in (one, other))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return first == second


def _shown(notebook: Any) -> object:
    cells = [
        (c["cell_type"], "".join(c["source"]), *(c.get(key) or None for key in _SEEN))
        for c in notebook["cells"]
    ]
    return cells, notebook["metadata"].get("kernelspec", {}).get("name")


def same(ctx: Context, repo: Path, path: Path, other: Path) -> bool:
    """Return whether a file of a repository has another's content, as git stores it."""
    if not (path.is_file() and other.is_file()):
        return False
    if filecmp.cmp(path, other, shallow=False):
        return True
    stored = ctx.git.stored(repo, path, path)
    return stored is not None and stored == ctx.git.stored(repo, path, other)
