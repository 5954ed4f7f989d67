"""Which other programs have the gradebook open, as far as this account can see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text

from rudaux.adapters.nbgrader.gradebook.database import Database


def holders(database: Database) -> tuple[str, ...]:
    """Return the names of the other programs that have the gradebook open."""
    if database.file is not None:
        return tuple(sorted(set(_with_file(database.file))))
    if database.kind == "postgresql":
        query = (
            "SELECT DISTINCT coalesce(nullif(application_name, ''), 'a program') || ' of ' || "
            "usename FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
        with database.connection() as connection:
            return tuple(sorted(str(one) for one in connection.execute(text(query)).scalars()))
    return ()


def _with_file(file: Path) -> Iterator[str]:
    """Yield the processes with the file open; those of other accounts are hidden."""
    wanted = os.path.realpath(file)
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with suppress(OSError):
            if any(os.path.realpath(fd) == wanted for fd in (process / "fd").iterdir()):
                yield f"{_program(process)} (process {process.name})"


def _program(process: Path) -> str:
    """Return the name of the script that a process runs, else of its program."""
    words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    names = [Path(word).name for word in words[:3] if word and not word.startswith("-")]
    scripts = [n for n in names[1:] if n.startswith(("jupyter", "nbgrader", "rudaux"))]
    return (scripts or names or ["a program"])[0]
