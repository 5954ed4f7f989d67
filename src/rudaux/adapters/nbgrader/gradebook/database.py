"""The gradebook's database: one engine, nbgrader's schema, and errors as sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from nbgrader import api
from sqlalchemy import create_engine, event, insert, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from rudaux.adapters.nbgrader.gradebook.schema import revisions, schema_head
from rudaux.config.private import PRIVATE, Rights, create_file, exists
from rudaux.errors import ConfigError, GradebookFailure

BUSY_SECONDS = 5.0
DEFAULT_COURSE = "default_course"
"""The course that nbgrader's `Gradebook` makes if the options name none."""
_SERVER_GONE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""libpq's options: a server that no longer answers must not block a run for hours."""
_LOCK = "LOCK TABLE grade, comment IN SHARE ROW EXCLUSIVE MODE"
"""The equivalent of SQLite's BEGIN IMMEDIATE: many readers, one writer."""


class Database:
    """nbgrader's database at a SQLAlchemy URL, opened at the first use and kept open."""

    def __init__(self, url: str, course_id: str, rights: Rights = PRIVATE) -> None:
        self.course_id = course_id or DEFAULT_COURSE
        self._rights = rights
        self._adopted = False
        try:
            self._url = make_url(url)
        except (SQLAlchemyError, ValueError):  # their text shows the password
            raise ConfigError(
                "db_url in nbgrader_config.py is not a database address: it should look like "
                "sqlite:///gradebook.db or postgresql://user@host/database"
            ) from None

    @property
    def file(self) -> Path | None:
        """The database's file; None if it is not SQLite."""
        if self.kind != "sqlite" or not self._url.database:
            return None
        return Path(self._url.database)

    @property
    def kind(self) -> str:
        """The kind of database: sqlite, postgresql, ..."""
        return str(self._url.get_backend_name())

    @property
    def name(self) -> str:
        """The database's name in messages: the file, or the URL without its secrets."""
        return str(self.file or self._url.set(query={}).render_as_string(hide_password=True))

    @cached_property
    def engine(self) -> Any:
        """The engine; makes missing tables, and requires nbgrader's current schema."""
        with self._failures():
            if self.file:
                with suppress(OSError):  # SQLite will report what is wrong
                    create_file(self.file, self._rights)
            tables = self.tables()
            if not tables:
                self._create(self._opened)
            elif problem := self._schema_problem(self._opened, tables):
                self.close()
                raise GradebookFailure(problem)
            return self._opened

    @contextmanager
    def session(self, alone: bool = False) -> Iterator[Any]:
        """Yield a session that commits at the end, or rolls back on any exception.

        With `alone`, nobody else can write from its first query on; without, in SQLite, from its
        first change on.
        """
        with self._session() as session:
            if self.file and alone:
                session.execute(text("BEGIN IMMEDIATE"))
            elif self.kind == "postgresql":
                session.execute(text(_LOCK))
            if not self._adopted:
                self._adopt(session)
            yield session
        self._adopted = True

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Yield a session for reading; a database that does not exist is read as an empty one."""
        if self._there:
            with self._session() as session:
                yield session
            return
        engine = create_engine("sqlite://")
        self._create(engine)
        with Session(engine) as session:
            yield session
        engine.dispose()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Yield a connection, whatever is in the database; nothing is committed."""
        with self._failures(), self._opened.connect() as connection:
            yield connection

    def tables(self) -> frozenset[str]:
        """Return the names of the database's tables."""
        with self.connection() as connection:
            return frozenset(inspect(connection).get_table_names())

    def server_version(self) -> int:
        """Return the server's major version."""
        with self.connection() as connection:
            return int(connection.dialect.server_version_info[0])

    def address(self) -> tuple[str, dict[str, str]]:
        """Return libpq's connection string, and environment variables with the password."""
        words = {
            **self._url.translate_connect_args(username="user", database="dbname"),
            **self._url.query,
        }
        words.pop("sslpassword", None)  # a program's arguments are no place for a secret
        password = words.pop("password", None)
        shown = (
            f"{key}='" + re.sub(r"(['\\])", r"\\\1", _one(value)) + "'"
            for key, value in words.items()
        )
        return " ".join(shown), {"PGPASSWORD": _one(password)} if password else {}

    def check(self) -> None:
        """Raise `GradebookFailure` unless the gradebook can be read and written now."""
        if not self._there:
            return
        engine = self.engine
        with self._failures(), engine.connect() as connection:
            if self.file:
                connection.execute(text("BEGIN IMMEDIATE"))
            elif self.kind == "postgresql":
                connection.execute(text(_LOCK))
            connection.execute(text("SELECT count(*) FROM assignment")).scalar_one()
            connection.rollback()

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        self.__dict__.pop("engine", None)
        opened = self.__dict__.pop("_opened", None)
        if opened is not None:
            opened.dispose()

    @property
    def _there(self) -> bool:
        if self.file is not None:
            return exists(self.file)
        return "engine" in self.__dict__ or bool(self.tables())

    @cached_property
    def _opened(self) -> Any:
        options: dict[str, Any] = {"pool_pre_ping": True}
        if self.file:
            options = {"connect_args": {"timeout": BUSY_SECONDS}}
        elif self.kind == "postgresql":
            given = self._url.query
            options["connect_args"] = {k: v for k, v in _SERVER_GONE.items() if k not in given}
            if self._url.get_driver_name() == "psycopg2":  # else a round trip for each row
                options["executemany_mode"] = "values_plus_batch"
        try:
            engine = create_engine(self._url, **options)
        except ImportError as missing:
            extra = "'rudaux[postgres]'" if self.kind == "postgresql" else str(missing.name)
            raise GradebookFailure(
                f"the gradebook {self.name} needs the Python package {missing.name}, which is not "
                f"installed: run `pip install {extra}` in rudaux's environment"
            ) from missing
        if self.kind == "postgresql":
            event.listen(engine, "connect", _wait_so_long)
        return engine

    @contextmanager
    def _session(self) -> Iterator[Any]:
        engine = self.engine
        with self._failures(), Session(engine) as session, session.begin():
            yield session

    def _adopt(self, session: Any) -> None:
        """Add missing rows of courses, as nbgrader does whenever it opens a gradebook.

        An assignment without a course, which only SQLite allows, is put into this course.
        """
        course, assignment = api.Course.__table__, api.Assignment.__table__
        known = set(session.scalars(select(course.c.id)))
        used = set(session.scalars(select(assignment.c.course_id).distinct()))
        lacking = {self.course_id, *used} - known - {""}
        if lacking:
            session.execute(insert(course), [{"id": name} for name in sorted(lacking)])
        if "" in used - known:
            mine = assignment.c.course_id == ""
            session.execute(update(assignment).where(mine).values(course_id=self.course_id))

    def _create(self, engine: Any) -> None:
        # nbgrader's own Gradebook runs `alembic` for this, which is not on cron's PATH.
        with engine.begin() as connection:
            if self.file:
                # Otherwise each table is committed by itself: a kill would leave only some of them.
                connection.execute(text("BEGIN IMMEDIATE"))
            api.Base.metadata.create_all(bind=connection)
            connection.execute(
                text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            )
            connection.execute(
                text("INSERT INTO alembic_version (version_num) VALUES (:head)"),
                {"head": schema_head()},
            )

    def _schema_problem(self, engine: Any, tables: frozenset[str]) -> str:
        if "submitted_assignment" not in tables and self.file is None:
            return (
                f"the database {self.name} contains tables, but no gradebook: create an empty "
                "database for the gradebook, and set db_url in nbgrader_config.py to it"
            )
        found = None
        if "alembic_version" in tables:
            with engine.connect() as connection:
                found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found == schema_head():
            return ""
        if found and found not in revisions():
            return (
                f"the gradebook {self.name} was made by a newer nbgrader than the one installed "
                "here: upgrade nbgrader"
            )
        return (
            f"the gradebook {self.name} was made by an older nbgrader: run `rudaux gradebook "
            "backup`, then `nbgrader db upgrade`"
        )

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as failure:
            raise GradebookFailure(self._sentence(failure)) from failure
        except SQLAlchemyError as failure:
            raise GradebookFailure(
                f"the gradebook {self.name} failed ({type(failure).__name__}): run this again, and "
                "if that does not help restore a backup with `rudaux gradebook restore`"
            ) from failure

    def _sentence(self, failure: DBAPIError) -> str:
        cause, code = _cause(failure.orig), _code(failure.orig)
        if code in {"55P03", "40P01"} or "locked" in cause or "busy" in cause:
            return (
                f"the gradebook {self.name} is locked by another program: close what is writing "
                "to it (formgrader, another nbgrader command), then run this again"
            )
        if "unable to open" in cause:
            return (
                f"the gradebook {self.name} cannot be opened ({cause}): check that its folder "
                "exists and that you may write to it"
            )
        lost = isinstance(failure, OperationalError) and code[:2] in {"", "08", "57"}
        if self.file is None and (lost or failure.connection_invalidated):
            return (
                f"the gradebook {self.name} cannot be reached ({cause}): check that its server "
                "is running and that db_url in nbgrader_config.py is right, then run this again, "
                "which goes on where it stopped"
            )
        return (
            f"the gradebook {self.name} failed ({cause}): run this again, and if that does not "
            "help restore a backup with `rudaux gradebook restore`"
        )


def _cause(error: BaseException | None) -> str:
    """Return the first line of a driver's error."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _code(error: object) -> str:
    """Return PostgreSQL's code of an error; "" if it has none."""
    return getattr(error, "pgcode", None) or getattr(error, "sqlstate", None) or ""


def _one(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _wait_so_long(connection: Any, _: object) -> None:
    """Make a new connection to PostgreSQL wait for locks as long as one to SQLite."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {int(BUSY_SECONDS * 1000)}")
    connection.commit()
