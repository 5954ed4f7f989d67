"""What only a server has: an address with a password, other tables, programs, an end in mid-run."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import text

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook, database
from rudaux.config import BackupSettings
from rudaux.domain.roster import Student
from rudaux.errors import ConfigError, GradebookFailure, UsageError
from tests.adapters.nbgrader.course import BIN, RIGHT, make_course, name_database, sql
from tests.postgres import PASSWORD, Server

IO = Student("11", "Io Jupiter", "Jupiter, Io", "io@example.edu")
DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)
TITAN = Student("12", "Titan Saturn", "Saturn, Titan")


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.database()


@pytest.fixture
def gradebook(tmp_path: Path, url: str) -> NbgraderGradebook:
    name_database(tmp_path, url)
    return NbgraderGradebook(tmp_path)


def name_course(folder: Path, course_id: str) -> None:
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.course_id = {course_id!r}\n")


def courses(gradebook: NbgraderGradebook) -> tuple[list[str], list[str]]:
    """The courses that are there, and those that assignments are of."""
    there, used = "SELECT id FROM course ORDER BY id", "SELECT course_id FROM assignment ORDER BY 1"
    return tuple([str(row[0]) for row in sql(gradebook, query)] for query in (there, used))  # type: ignore[return-value]


def test_looking_makes_no_table(gradebook: NbgraderGradebook, tmp_path: Path) -> None:
    gradebook.check()
    assert gradebook.students() == ()
    assert gradebook.submissions("ps1") == {}
    gradebook.keep(1, BackupSettings())
    assert gradebook.database.tables() == frozenset()
    assert not (tmp_path / ".rudaux").exists()
    with pytest.raises(GradebookFailure, match="no gradebook postgresql://"):
        gradebook.backup("asked")
    with pytest.raises(UsageError, match="is still empty"):
        gradebook.contents()


@pytest.mark.parametrize("course_id", ["", "moons"])
def test_the_course_is_the_one_that_nbgrader_makes(
    gradebook: NbgraderGradebook,
    tmp_path: Path,
    postgres: Server,
    course_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name_course(tmp_path, course_id)
    ours = NbgraderGradebook(tmp_path)
    ours.save_assignment("ps1", DUE)
    monkeypatch.setenv("PATH", str(BIN), prepend=":")
    url = postgres.database()
    with Gradebook(url, *([course_id] if course_id else [])) as theirs:
        theirs.add_assignment("ps1")
    name_database(tmp_path, url)
    assert courses(ours) == courses(NbgraderGradebook(tmp_path))


def test_an_sqlite_gradebook_of_an_earlier_run_gets_its_course(tmp_path: Path) -> None:
    gradebook = NbgraderGradebook(tmp_path)
    gradebook.save_assignment("ps1", DUE)
    sql(gradebook, "DELETE FROM course")
    sql(gradebook, "UPDATE assignment SET course_id = ''")
    again = NbgraderGradebook(tmp_path)
    again.check()
    assert again.assignments()[0].name == "ps1"
    assert courses(again) == ([], [""])
    again.save_students([IO])
    assert courses(again) == (["default_course"], ["default_course"])
    assert sql(again, "PRAGMA foreign_key_check") == []


def test_a_course_that_the_options_name_later_leaves_assignments_where_they_are(
    gradebook: NbgraderGradebook, tmp_path: Path
) -> None:
    gradebook.save_assignment("ps1", DUE)
    name_course(tmp_path, "moons")
    NbgraderGradebook(tmp_path).save_assignment("ps2", DUE)
    assert courses(gradebook) == (["default_course", "moons"], ["default_course", "moons"])


def test_a_mark_that_formgrader_writes_waits_for_a_score_and_is_kept(
    tmp_path: Path, url: str, postgres: Server
) -> None:
    course = make_course(tmp_path / "course", url)
    course.hand_in("11", RIGHT)
    course.grade("11")
    other = Thread(target=postgres.sql, args=("UPDATE grade SET manual_score = 1", url))
    with course.gradebook.database.session() as session:
        other.start()
        other.join(0.3)
        assert other.is_alive()
        session.execute(text("UPDATE grade SET auto_score = 0"))
    other.join()
    assert set(course.sql("SELECT auto_score, manual_score FROM grade")) == {(0.0, 1.0)}


def test_restoring_is_all_or_nothing(
    gradebook: NbgraderGradebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradebook.save_students([IO])
    copy = gradebook.backup("good")
    gradebook.save_students([TITAN])
    sql(gradebook, "CREATE VIEW names AS SELECT id, email FROM student")
    with pytest.raises(GradebookFailure, match="nothing was changed"):
        gradebook.restore(copy)
    assert [s.id for s in gradebook.students()] == ["11", "12"]
    sql(gradebook, "DROP VIEW names")
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with NbgraderGradebook(tmp_path).database.engine.connect() as formgrader:
        formgrader.execute(text("SELECT * FROM student"))
        with pytest.raises(GradebookFailure, match="locked by another program: close"):
            gradebook.restore(copy)
    gradebook.restore(copy)
    assert [s.id for s in gradebook.students()] == ["11"]


def test_tables_that_are_not_the_gradebooks_are_left_alone(
    gradebook: NbgraderGradebook, url: str, postgres: Server, tmp_path: Path
) -> None:
    postgres.sql("CREATE TABLE cheese (name TEXT)", url)
    with pytest.raises(GradebookFailure, match="contains tables, but no gradebook"):
        gradebook.save_students([IO])
    postgres.sql("DROP TABLE cheese", url)
    gradebook.save_students([IO])
    copy = gradebook.backup("good")
    postgres.sql("CREATE SCHEMA hub", url)
    postgres.sql("CREATE TABLE hub.cheese (name TEXT)", url)
    with pytest.raises(GradebookFailure, match=r"not the gradebook's \(cheese\)"):
        gradebook.restore(copy)


def test_without_its_programs_nothing_is_copied_and_nothing_goes(
    gradebook: NbgraderGradebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradebook.save_students([IO])
    copy = gradebook.backup("good")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no pg_dump on this machine; install" in gradebook.uncopied()
    gradebook.keep(1, BackupSettings())
    assert gradebook.fuller_backup() is None
    with pytest.raises(GradebookFailure, match="postgresql-client"):
        gradebook.backup("asked")
    with pytest.raises(GradebookFailure, match="postgresql-client"):
        gradebook.restore(copy)
    assert list(copy.parent.iterdir()) == [copy]


def test_programs_older_than_the_server_are_named(
    gradebook: NbgraderGradebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradebook.save_students([IO])
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert "is version 9; install postgresql-client-" in gradebook.uncopied()


def test_the_password_is_in_no_argument_of_a_program(
    gradebook: NbgraderGradebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradebook.save_students([IO])
    argv, run = [], subprocess.run

    def seen(command: list[str], **options: object) -> object:
        argv.append(" ".join(command))
        return run(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", seen)
    gradebook.restore(gradebook.backup("good"))
    assert any("pg_restore --no-password" in line for line in argv)
    assert PASSWORD not in "".join(argv)
    assert quote(PASSWORD, safe="") not in "".join(argv)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_server_that_goes_away_and_comes_back_costs_a_sentence(
    postgres: Server, url: str, tmp_path: Path, driver: str
) -> None:
    name_database(tmp_path, url.replace("postgresql", f"postgresql+{driver}"))
    gradebook = NbgraderGradebook(tmp_path)
    gradebook.save_students([IO])
    copy = gradebook.backup("good")

    def lose_an_email() -> None:
        with gradebook.database.session() as session:
            session.execute(text("UPDATE student SET email = 'lost'"))
            postgres.stop()

    with pytest.raises(GradebookFailure, match="cannot be reached") as cut:
        lose_an_email()
    try:
        with pytest.raises(GradebookFailure, match="check that its server is running") as down:
            gradebook.students()
        with pytest.raises(GradebookFailure):
            gradebook.restore(copy)
    finally:
        postgres.start()
    for failure in (cut, down):
        assert "\n" not in str(failure.value)
        assert quote(PASSWORD, safe="") not in str(failure.value)
    assert [s.email for s in gradebook.students()] == ["io@example.edu"]
    assert gradebook.restore(copy) is not None


def test_whatever_is_wrong_with_the_address_shows_no_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, said = quote(PASSWORD, safe=""), []
    wrong = (
        url.replace("?host", "_absent?host"),
        url.replace(secret, "wrong-secret"),
        url.replace(f":{secret}@", "@") + "&password=wrong-secret&sslpassword=wrong-secret",
        url.replace("@/", "@nowhere.invalid/").partition("?")[0],
        url.replace("@/", "@db:port/"),
        url.replace("postgresql", "postgres"),
        url.replace("postgresql://", "postgresql:/"),
    )
    for number, address in enumerate(wrong):
        folder = tmp_path / str(number)
        folder.mkdir()
        name_database(folder, address)
        with pytest.raises((GradebookFailure, ConfigError)) as failure:
            NbgraderGradebook(folder).check()
        said.append(str(failure.value))
    assert secret not in "".join(said)
    assert PASSWORD not in "".join(said)
    assert "wrong-secret" not in "".join(said)
    assert [line for line in said if "\n" in line] == []
    assert "does not exist" in said[0]
    assert os.environ.get("PGPASSWORD") is None


def test_a_missing_driver_names_the_package(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name_database(tmp_path, url.replace("postgresql", "postgresql+psycopg2"))
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(GradebookFailure, match=r"pip install 'rudaux\[postgres\]'"):
        NbgraderGradebook(tmp_path).check()
