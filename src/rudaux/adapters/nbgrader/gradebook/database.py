"""The gradebook's database: one engine, nbgrader's schema, and its failures as sentences."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from nbgrader import api, dbutil
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from rudaux.config.private import PRIVATE, Rights, create_file
from rudaux.errors import GradebookFailure

BUSY_SECONDS = 5.0


class Database:
    """nbgrader's database at a SQLAlchemy URL; opened at the first use and then kept open."""

    def __init__(self, url: str, course_id: str, rights: Rights = PRIVATE) -> None:
        self.course_id = course_id
        self._rights = rights
        self._url = make_url(url)

    @property
    def file(self) -> Path | None:
        """The database's file; None for anything but SQLite."""
        if self._url.get_backend_name() != "sqlite" or not self._url.database:
            return None
        return Path(self._url.database)

    @property
    def name(self) -> str:
        """What to call it in a message: the file, or the URL without its password."""
        return str(self.file or self._url.render_as_string(hide_password=True))

    @cached_property
    def engine(self) -> Any:
        """The engine; makes the tables where there are none, and insists on nbgrader's schema."""
        with self._failures():
            if self.file:
                with suppress(OSError):  # SQLite says what is wrong with it
                    create_file(self.file, self._rights)
            options = {"connect_args": {"timeout": BUSY_SECONDS}} if self.file else {}
            engine = create_engine(self._url, **options)
            tables = set(inspect(engine).get_table_names())
            if not tables:
                self._create(engine)
            elif problem := self._schema_problem(engine, tables):
                engine.dispose()
                raise GradebookFailure(problem)
            return engine

    @contextmanager
    def session(self, alone: bool = False) -> Iterator[Any]:
        """Give a session that commits at the end, or rolls back on any exception.

        `alone`: nobody else writes from its first question on; else from its first change on.
        """
        engine = self.engine
        with self._failures(), Session(engine) as session, session.begin():
            if alone and self.file:
                session.execute(text("BEGIN IMMEDIATE"))
            yield session

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Give a session to read with: a database that is not there is empty, and is not made."""
        if self.file is None or self.file.exists():
            with self.session() as session:
                yield session
            return
        engine = create_engine("sqlite://")
        self._create(engine)
        with Session(engine) as session:
            yield session
        engine.dispose()

    def check(self) -> None:
        """Raise `GradebookFailure` unless it can be read and written now."""
        if self.file is not None and not self.file.exists():
            return
        engine = self.engine
        with self._failures(), engine.connect() as connection:
            if self.file:
                connection.execute(text("BEGIN IMMEDIATE"))
            connection.execute(text("SELECT count(*) FROM assignment")).scalar_one()
            connection.rollback()

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        engine = self.__dict__.pop("engine", None)
        if engine is not None:
            engine.dispose()

    def _create(self, engine: Any) -> None:
        # nbgrader's own Gradebook starts a program, `alembic`, by name for this; cron has no PATH.
        with engine.begin() as connection:
            if (
                self.file
            ):  # else each table is there for good at once: a kill would leave half of them
                connection.execute(text("BEGIN IMMEDIATE"))
            api.Base.metadata.create_all(bind=connection)
            connection.execute(
                text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            )
            connection.execute(
                text("INSERT INTO alembic_version (version_num) VALUES (:head)"),
                {"head": schema_head()},
            )

    def _schema_problem(self, engine: Any, tables: set[str]) -> str:
        found = None
        if "alembic_version" in tables:
            with engine.connect() as connection:
                found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found == schema_head():
            return ""
        if found and found not in _revisions():
            return (
                f"The gradebook {self.name} was made by a newer nbgrader than the one installed "
                "here: upgrade nbgrader."
            )
        return (
            f"The gradebook {self.name} was made by an older nbgrader: run `nbgrader db upgrade` "
            "after `rudaux gradebook backup`."
        )

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as failure:
            raise GradebookFailure(self._sentence(str(failure.orig))) from failure
        except SQLAlchemyError as failure:
            raise GradebookFailure(
                f"The gradebook {self.name} failed: {type(failure).__name__}; "
                "`rudaux gradebook restore` puts a backup back."
            ) from failure

    def _sentence(self, cause: str) -> str:
        if "locked" in cause or "busy" in cause:
            return (
                f"The gradebook {self.name} is locked by another program: close what is writing "
                "to it (formgrader, another nbgrader command), then run this again."
            )
        if "unable to open" in cause:
            return (
                f"The gradebook {self.name} cannot be opened ({cause}): check that its folder is "
                "there and that you may write to it."
            )
        return f"The gradebook {self.name} failed: {cause}."


@cache
def _revisions() -> dict[str, str | None]:
    """Give the revisions of nbgrader's schema with the one that each is based on.

    Read from the text of the migrations: alembic's own reader imports them, which takes seconds.
    """
    found: dict[str, str | None] = {}
    for file in Path(dbutil.ALEMBIC_DIR, "versions").glob("*.py"):
        names: dict[str, Any] = {}
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names.update(
                    (t.id, node.value.value) for t in node.targets if isinstance(t, ast.Name)
                )
        if "revision" in names:
            found[names["revision"]] = names.get("down_revision")
    return found


def schema_head() -> str:
    """Give the schema revision that the installed nbgrader works with."""
    revisions = _revisions()
    (head,) = set(revisions) - set(revisions.values())
    return head
