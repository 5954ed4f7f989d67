"""Copies of a PostgreSQL gradebook, made by pg_dump and restored by pg_restore."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from nbgrader import api
from sqlalchemy import func, inspect, select, text

from rudaux.adapters.nbgrader.gradebook.backups import CELLS
from rudaux.adapters.nbgrader.gradebook.database import Database
from rudaux.domain.roster import GradebookContents
from rudaux.errors import GradebookFailure, UsageError

_COUNTED = ("student", "assignment", "submitted_assignment")
_COPY = re.compile(r'COPY (?:\S+\.)?"?(\w+)"? \(.*\) FROM stdin;$')
_OURS = frozenset({*api.Base.metadata.tables, "alembic_version"})


@dataclass(frozen=True)
class PostgresDump:
    """The `Copier` of a database on a server: files in pg_dump's custom format."""

    database: Database
    suffix: str = ".dump"

    @property
    def name(self) -> str:
        return self.database.name

    def there(self) -> bool:
        return bool(self.database.tables())

    def copy(self, target: Path) -> None:
        if reason := self.lacking():
            raise GradebookFailure(reason)
        self._run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", target)

    def put_back(self, backup: Path) -> None:
        self._require_alone()
        self._run(
            "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges",
            "--single-transaction", "--exit-on-error", backup.absolute(),
        )  # fmt: skip

    def damage(self, copy: Path) -> str:
        return ""  # pg_dump has read every row, and failed if it could not

    def contents(self, backup: Path | None = None) -> GradebookContents:
        if backup is None:
            return self._contents_now()
        if not backup.is_file():
            raise UsageError(
                f"there is no backup {backup}: look in .rudaux/backups in the course folder"
            )
        if reason := self.lacking():
            raise GradebookFailure(reason)
        counts = _rows(backup)
        if not counts.keys() >= set(_COUNTED):
            raise UsageError(
                f"{backup} is damaged or not a backup of a PostgreSQL gradebook, so nothing was "
                "restored: choose another one in .rudaux/backups"
            )
        students, assignments, submissions = (counts[table] for table in _COUNTED)
        cells = sum(counts.get(table, 0) for table in CELLS)
        return GradebookContents(students, assignments, submissions, cells)

    def lacking(self) -> str:
        """Return why no copies can be made on this machine; "" if they can."""
        version = _version()
        if not version:
            return (
                f"the gradebook {self.name} cannot be copied: there is no pg_dump on this machine; "
                "install PostgreSQL's client programs (on Debian and Ubuntu postgresql-client)"
            )
        server = self.database.server_version()
        if version < server:
            return (
                f"the gradebook {self.name} cannot be copied: its server is PostgreSQL {server}, "
                f"but pg_dump on this machine is version {version}; install "
                f"postgresql-client-{server}"
            )
        return ""

    def _contents_now(self) -> GradebookContents:
        if not self.database.tables() >= set(_COUNTED):
            raise UsageError(f"the gradebook {self.name} is still empty: run `rudaux init` first")
        tables = [api.Base.metadata.tables[name] for name in (*_COUNTED, *CELLS)]
        with self.database.connection() as there:
            counts = [there.scalar(select(func.count()).select_from(t)) for t in tables]
        students, assignments, submissions, *cells = counts
        return GradebookContents(students, assignments, submissions, sum(cells))

    def _require_alone(self) -> None:
        """Raise `GradebookFailure` unless all tables are the gradebook's and none is in use."""
        with self.database.connection() as there:
            asked = inspect(there)
            others = sorted(
                name
                for schema in asked.get_schema_names()
                if schema != "information_schema"
                for name in asked.get_table_names(schema)
                if name not in _OURS
            )
            if others:
                raise GradebookFailure(
                    f"the database {self.name} also contains tables that are not the gradebook's "
                    f"({', '.join(others[:3])}), and a restore would change them, too: move them "
                    "elsewhere, or create an empty database, set db_url to it and restore there"
                )
            mine = ", ".join(sorted(_OURS & set(asked.get_table_names())))
            if mine:  # pg_restore would wait for ever
                there.execute(text(f"LOCK TABLE {mine} IN ACCESS EXCLUSIVE MODE"))
                there.rollback()

    def _run(self, program: str, *options: str | Path) -> None:
        address, password = self.database.address()
        done = subprocess.run(
            [program, "--no-password", f"--dbname={address}", *map(str, options)],
            env={**os.environ, "LC_ALL": "C", **password}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        if done.returncode:
            said = re.search(rf"{program}: error: (.*)", done.stderr)
            raise GradebookFailure(
                f"{program} failed on the gradebook {self.name} "
                f"({said[1] if said else 'it does not say why'}): nothing was changed; try "
                f"{program} in a terminal"
            )


def _version() -> int:
    """Return the major version of pg_dump, which comes with pg_restore; 0 if there is none."""
    if shutil.which("pg_dump") is None:
        return 0
    said = subprocess.run(["pg_dump", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)", said.stdout)  # Debian's wrapper may only say what to install
    return int(found[1]) if found else 0


def _rows(backup: Path) -> dict[str, int]:
    """Count the rows of each table in a copy by reading all of it; {} if it is damaged."""
    counts: dict[str, int] = {}
    with subprocess.Popen(
        ["pg_restore", "--data-only", "--file=-", str(backup.absolute())],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace",
    ) as process:  # fmt: skip
        table = ""
        for line in process.stdout or ():
            if line == "\\.\n":
                table = ""
            elif table:
                counts[table] += 1
            elif found := _COPY.match(line):
                table = found[1]
                counts[table] = 0
    return counts if process.returncode == 0 else {}
