"""A PostgreSQL server of our own, as Debian installs it, on a socket in a folder."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, text

PASSWORD = "pa55 w:rd@'\\"
"""A password that an address or a shell might trip over; no message may show it."""


@dataclass(frozen=True)
class Server:
    """A server with its data and its socket in `folder`."""

    folder: Path
    programs: Path

    def url(self, database: str) -> str:
        """Return the address of a database for nbgrader_config.py."""
        return f"postgresql://rudaux:{quote(PASSWORD, safe='')}@/{database}?host={self.folder}"

    def database(self) -> str:
        """Create an empty database; return its address."""
        name = f"course_{secrets.token_hex(6)}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def sql(self, statement: str, url: str = "") -> list[tuple[object, ...]]:
        """Run a statement in autocommit mode; return its rows."""
        engine = create_engine(url or self.url("postgres"), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                done = connection.execute(text(statement))
                return [tuple(row) for row in done] if done.returns_rows else []
        finally:
            engine.dispose()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "--wait", "-D", self._data, "-l", log, "-o", options)

    def stop(self) -> None:
        """Stop the server; all connections are closed."""
        self._run("pg_ctl", "stop", "--wait", "-D", self._data, "--mode", "fast")

    def make(self) -> None:
        """Create the data folder, with one account that has a password."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres")
        self._run(
            "initdb", "-D", self._data, "--username=rudaux", "--auth=scram-sha-256",
            f"--pwfile={secret}", "--no-sync", "--encoding=UTF8", "--locale=C",
        )  # fmt: skip

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        # The server refuses to run as root.
        account = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*account, str(self.programs / program), *arguments], cwd=self.folder, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def running() -> Iterator[Server | None]:
    """Run a server until the block ends; yield None if PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        yield None
        return
    # The path of a socket may have 107 characters: pytest's folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="rudaux-pg-"))
    server = Server(folder, found[-1].parent)
    try:
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
