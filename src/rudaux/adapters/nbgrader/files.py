"""Copying an assignment's files: never through a student's symbolic link, never half a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timezone
from fnmatch import fnmatch
from pathlib import Path

from nbgrader.utils import parse_utc

from rudaux.config.private import Rights, create_file, make_folder
from rudaux.domain.collection import TIME_FILE


def walk(root: Path, ignore: Collection[str], follow: bool = False) -> Iterator[Path]:
    """Yield the regular files under `root`, relative and sorted, without notebooks and `ignore`.

    Links to files are included only with `follow`, links to folders never.
    """
    for folder, names, files in os.walk(root):
        # A folder with such a name would be where a notebook has to be written.
        names[:] = sorted(n for n in names if not (n.endswith(".ipynb") or _matches(n, ignore)))
        for name in sorted(files):
            path = Path(folder, name)
            if name.endswith(".ipynb") or _matches(name, ignore):
                continue
            if path.is_file() and (follow or not path.is_symlink()):
                yield path.relative_to(root)


def copy_tree(
    root: Path,
    into: Path,
    ignore: Collection[str],
    follow: bool = False,
    skip: Collection[str] = (),
) -> tuple[str, ...]:
    """Copy the data files of `root`; what is in their way in `into` is replaced.

    `skip` has relative paths to leave out. Returns the relative paths that were copied.
    """
    copied = []
    for relative in walk(root, ignore, follow):
        if relative.as_posix() in skip:
            continue
        target = into / relative
        _clear_way(into, relative)
        make_folder(target.parent)
        create_file(target)
        shutil.copyfile(root / relative, target)
        copied.append(relative.as_posix())
    return tuple(copied)


def replace_folder(
    target: Path, fill: Callable[[Path], None], rights: Rights
) -> Callable[[], None]:
    """Fill a sibling of `target` now; return the function that replaces `target` with it."""
    make_folder(target.parent, rights)
    fresh = target.with_name(f".{target.name}.new")
    old = target.with_name(f".{target.name}.old")
    for left in (fresh, old):
        remove(left)
    make_folder(fresh)
    fill(fresh)
    for path in (fresh, *fresh.rglob("*")):
        path.chmod(rights.folder if path.is_dir() else rights.file)

    def swap() -> None:
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        remove(old)

    return swap


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def keep_copy(folder: Path, kept: Path) -> None:
    """Copy a folder, links as links, and replace an earlier copy."""
    remove(kept)
    make_folder(kept.parent)
    shutil.copytree(folder, kept, symlinks=True)


def read_timestamp(submitted: Path) -> datetime | None:
    """Read when a submission was handed in, from the file that `nbgrader collect` adds to it."""
    try:
        text = (submitted / TIME_FILE).read_text(encoding="utf-8").strip()
        moment = parse_utc(text) if text else None
    except (OSError, ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=timezone.utc) if moment else None


def write_atomically(path: Path, content: bytes, rights: Rights) -> None:
    """Write a file atomically."""
    make_folder(path.parent, rights)
    fresh = path.with_name(f".{path.name}.new")
    create_file(fresh)
    fresh.write_bytes(content)
    fresh.chmod(rights.file)
    fresh.replace(path)


def _clear_way(into: Path, relative: Path) -> None:
    """Remove a student's file where a folder must be, or a folder where a file must be."""
    for part in [*reversed(relative.parents), relative]:
        there = into / part
        wrong_kind = there.exists() and there.is_dir() == (part == relative)
        if there != into and (there.is_symlink() or wrong_kind):
            remove(there)


def _matches(name: str, globs: Collection[str]) -> bool:
    return any(fnmatch(name, glob) for glob in globs)
