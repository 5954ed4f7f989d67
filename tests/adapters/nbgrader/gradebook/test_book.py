from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import create_engine, event, text

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook, database
from rudaux.config import BackupSettings
from rudaux.domain.roster import Student
from rudaux.errors import ConfigError, GradebookFailure, UsageError
from tests.adapters.nbgrader.course import BIN, RIGHT, Course, name_database, sql

IO = Student("11", "Io Jupiter", "Jupiter, Io", "io@example.edu")
TITAN = Student("12", "Titan Saturn", "Saturn, Titan")
DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)


@pytest.fixture
def theirs(gradebook: NbgraderGradebook, tmp_path: Path, db_url: str) -> Iterator[Gradebook]:
    """nbgrader's own view of the same database."""
    gradebook.save_students([])  # nbgrader would start alembic to make it
    with Gradebook(db_url or f"sqlite:///{tmp_path / 'gradebook.db'}") as opened:
        yield opened


def test_looking_into_a_gradebook_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    gradebook = NbgraderGradebook(tmp_path)
    gradebook.check()
    assert gradebook.students() == ()
    assert gradebook.assignments() == ()
    assert gradebook.submissions("ps1") == {}
    assert list(tmp_path.iterdir()) == []


def test_a_gradebook_that_cannot_be_looked_at_is_not_an_empty_one(tmp_path: Path) -> None:
    name_database(tmp_path, f"sqlite:///{tmp_path}/{'x' * 300}/gradebook.db")
    with pytest.raises(OSError, match="too long"):
        NbgraderGradebook(tmp_path).students()


def test_a_new_database_is_one_that_nbgrader_made_itself(tmp_path: Path) -> None:
    NbgraderGradebook(tmp_path).save_students([])
    own = f"sqlite:///{tmp_path / 'own.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(BIN), prepend=":")
        Gradebook(own).close()
    with (
        closing(sqlite3.connect(tmp_path / "gradebook.db")) as ours,
        closing(sqlite3.connect(tmp_path / "own.db")) as nbgraders,
    ):
        for query in (
            "SELECT name, sql FROM sqlite_master ORDER BY name",
            "SELECT version_num FROM alembic_version",
        ):
            assert ours.execute(query).fetchall() == nbgraders.execute(query).fetchall()


def test_students_are_added_and_renamed_and_keep_their_email(
    gradebook: NbgraderGradebook, theirs: Gradebook
) -> None:
    gradebook.save_students([IO, TITAN])
    gradebook.save_students([Student("11", "Io J", "J, Io")])
    known = {s.id: (s.first_name, s.last_name, s.email) for s in gradebook.students()}
    assert known == {"11": ("Io", "J", "io@example.edu"), "12": ("Titan", "Saturn", None)}
    assert [s.email for s in theirs.students] == ["io@example.edu", None]


def test_saving_students_twice_changes_nothing(gradebook: NbgraderGradebook) -> None:
    gradebook.save_students([IO, TITAN])
    before = gradebook.students()
    gradebook.save_students([IO, TITAN])
    assert gradebook.students() == before


def test_two_thousand_students_take_a_handful_of_statements(gradebook: NbgraderGradebook) -> None:
    gradebook.check()
    statements: list[str] = []
    event.listen(
        gradebook.database.engine,
        "before_cursor_execute",
        lambda *args: statements.append(args[2]),
    )
    gradebook.save_students(Student(str(n), f"Moon {n}", f"Moon, {n}") for n in range(2000))
    assert len(gradebook.students()) == 2000
    assert len(statements) <= 8


def test_a_due_date_is_stored_as_utc_without_a_zone(
    gradebook: NbgraderGradebook, theirs: Gradebook
) -> None:
    gradebook.save_assignment("ps1", DUE.astimezone(timezone(timedelta(hours=-7))))
    assert theirs.find_assignment("ps1").duedate == DUE.replace(tzinfo=None)
    (assignment,) = gradebook.assignments()
    assert (assignment.name, assignment.due_at, assignment.submissions) == ("ps1", DUE, 0)


def test_the_maximum_comes_from_the_source(course: Course) -> None:
    course.grader.record_source("ps1")
    (assignment,) = course.gradebook.assignments()
    assert assignment.max_score == Decimal("13.0")


def test_a_recorded_submission_is_what_nbgrader_would_make(course: Course, db_url: str) -> None:
    course.gradebook.save_students([IO, TITAN])
    course.gradebook.record_submission("ps1", "11", DUE)
    url = db_url or f"sqlite:///{course.folder / 'gradebook.db'}"
    with Gradebook(url, "course") as theirs:
        theirs.add_submission("ps1", "12")
        ours, own = (theirs.find_submission("ps1", student) for student in ("11", "12"))
        assert ours.timestamp == DUE.replace(tzinfo=None)
        for one, other in zip(ours.notebooks, own.notebooks, strict=True):
            assert one.name == other.name
            assert {(g.name, g.needs_manual_grade) for g in one.grades} == {
                (g.name, g.needs_manual_grade) for g in other.grades
            }
            assert {c.name for c in one.comments} == {c.name for c in other.comments}


def test_a_submission_is_recorded_once(course: Course) -> None:
    for hours in (0, 5):
        course.gradebook.record_submission("ps1", "11", DUE + timedelta(hours=hours))
    found = course.gradebook.submissions("ps1")
    assert [(s, x.submitted_at) for s, x in found.items()] == [("11", DUE + timedelta(hours=5))]
    assert not found["11"].autograded
    assert course.gradebook.students()[0].submissions == 1


def test_removing_a_student_takes_their_submissions_and_nobody_elses(course: Course) -> None:
    for student in ("11", "12"):
        course.hand_in(student, RIGHT)
        course.grade(student)
    kept = course.gradebook.submissions("ps1")["12"]
    course.gradebook.remove_students(["11"])
    assert [s.id for s in course.gradebook.students()] == ["12"]
    assert course.gradebook.submissions("ps1") == {"12": kept}
    lost = "SELECT 1 FROM grade WHERE notebook_id NOT IN (SELECT id FROM submitted_notebook)"
    assert course.sql(lost) == []


def test_removing_an_assignment_leaves_no_row_of_it(course: Course) -> None:
    course.gradebook.save_assignment("ps2", DUE)
    course.gradebook.record_submission("ps1", "11", DUE)
    course.gradebook.remove_assignments(["ps1", "nothing"])
    assert [a.name for a in course.gradebook.assignments()] == ["ps2"]
    for table in ("notebook", "base_cell", "grade_cells", "source_cell", "grade", "comment"):
        assert course.sql(f"SELECT 1 FROM {table}") == []


def test_a_late_penalty_never_makes_a_score_negative(course: Course) -> None:
    course.hand_in("11", RIGHT)
    course.grade("11")
    course.sql("UPDATE submitted_notebook SET late_submission_penalty = 1000")
    assert course.score("11") == "0"


def test_a_locked_database_is_a_failure_that_says_what_to_close(
    gradebook: NbgraderGradebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    gradebook.save_students([IO])
    with NbgraderGradebook(tmp_path).database.engine.connect() as other:
        if gradebook.database.file:
            other.execute(text("BEGIN EXCLUSIVE"))
        else:
            other.execute(text("LOCK TABLE grade"))
        with pytest.raises(GradebookFailure, match="locked by another program: close"):
            gradebook.check()
        other.rollback()
    gradebook.check()


def test_an_older_schema_is_refused_with_the_command_to_run(
    gradebook: NbgraderGradebook, tmp_path: Path
) -> None:
    gradebook.save_students([])
    sql(gradebook, "UPDATE alembic_version SET version_num = '724cde206c17'")
    with pytest.raises(GradebookFailure, match="gradebook backup`, then `nbgrader db upgrade`"):
        NbgraderGradebook(tmp_path).students()
    assert NbgraderGradebook(tmp_path).backup("before upgrade").is_file()


def test_a_newer_schema_is_refused(gradebook: NbgraderGradebook, tmp_path: Path) -> None:
    gradebook.save_students([])
    sql(gradebook, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    with pytest.raises(GradebookFailure, match="upgrade nbgrader"):
        NbgraderGradebook(tmp_path).check()
    with pytest.raises(GradebookFailure, match="upgrade nbgrader"):
        NbgraderGradebook(tmp_path).save_students([IO])


def test_a_file_that_is_no_database_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "gradebook.db").write_text("not a database" * 100)
    with pytest.raises(GradebookFailure, match="not a database"):
        NbgraderGradebook(tmp_path).save_students([])


def test_a_backup_can_be_restored_and_what_was_there_is_kept(gradebook: NbgraderGradebook) -> None:
    gradebook.save_students([IO])
    copy = gradebook.backup("Before the Sync")
    gradebook.save_students([TITAN])
    kept = gradebook.restore(copy)
    assert kept is not None
    assert [s.id for s in gradebook.students()] == ["11"]
    gradebook.restore(kept)
    assert [s.id for s in gradebook.students()] == ["11", "12"]
    assert copy.parent.name == "backups"
    assert copy.stem.endswith("Z-before-the-sync")
    assert {stat.S_IMODE(p.stat().st_mode) for p in (copy, kept)} == {0o600}


def test_a_backup_waits_for_no_lock_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rudaux.adapters.nbgrader.gradebook.sqlite.BUSY_SECONDS", 0.1)
    gradebook = NbgraderGradebook(tmp_path)
    gradebook.save_students([])
    with closing(sqlite3.connect(tmp_path / "gradebook.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(GradebookFailure, match="locked"):
            gradebook.backup("now")


def test_a_ruined_gradebook_is_replaced_by_a_backup(tmp_path: Path) -> None:
    gradebook = NbgraderGradebook(tmp_path)
    gradebook.save_students([IO])
    copy = gradebook.backup("good")
    gradebook.database.close()
    (tmp_path / "gradebook.db").write_text("ruined" * 1000)
    kept = gradebook.restore(copy)
    assert kept is not None
    assert [s.id for s in gradebook.students()] == ["11"]
    assert kept.read_text().startswith("ruined")


@pytest.mark.timeout(60)
def test_the_gradebook_is_not_restored_from_itself(tmp_path: Path) -> None:
    gradebook = NbgraderGradebook(tmp_path)
    gradebook.save_students([IO])
    (tmp_path / "link.db").symlink_to(tmp_path / "gradebook.db")
    for same in (tmp_path / "gradebook.db", tmp_path / "link.db"):
        with pytest.raises(UsageError, match="is the gradebook itself"):
            gradebook.restore(same)


def test_only_a_gradebook_is_restored(gradebook: NbgraderGradebook, tmp_path: Path) -> None:
    gradebook.save_students([IO])
    (tmp_path / "notes.txt").write_text("notes")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, other:
        other.execute("CREATE TABLE cheese (name TEXT)")
    whole = gradebook.backup("whole")
    (tmp_path / "half.db").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    for name in ("notes.txt", "other.db", "absent.db", "half.db"):
        with pytest.raises(UsageError):
            gradebook.restore(tmp_path / name)
    assert [s.id for s in gradebook.students()] == ["11"]


def test_a_database_of_another_kind_keeps_its_own_backups(tmp_path: Path) -> None:
    name_database(tmp_path, "mysql://me:pa55@db/grades?passwd=pa55")
    gradebook = NbgraderGradebook(tmp_path)
    with pytest.raises(GradebookFailure, match="database's own tools") as failure:
        gradebook.backup("now")
    assert gradebook.uncopied() == str(failure.value)
    gradebook.keep(1, BackupSettings())
    with pytest.raises(GradebookFailure, match="the Python package MySQLdb") as driver:
        gradebook.check()
    assert "pa55" not in f"{failure.value}{driver.value}"


def test_the_course_folder_is_the_root_wherever_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.root = '/somewhere'\n"
        "c.CourseDirectory.db_url = 'sqlite:///marks.db'\n"
    )
    monkeypatch.chdir(tmp_path)
    NbgraderGradebook(Path("course")).save_students([])
    assert (tmp_path / "course" / "marks.db").is_file()


def test_a_broken_nbgrader_config_is_named(tmp_path: Path) -> None:
    (tmp_path / "nbgrader_config.py").write_text("c = get_config(\n")
    with pytest.raises(ConfigError, match=r"nbgrader_config\.py cannot be read \(SyntaxError"):
        NbgraderGradebook(tmp_path)


def kept(folder: Path) -> list[str]:
    """The copies made for runs, without their stamps."""
    found = sorted((folder / ".rudaux" / "backups").glob("gradebook-*-run-*"))
    return [p.stem.partition("Z-")[2] for p in found]


def test_a_run_copies_the_gradebook_only_if_it_changed(
    gradebook: NbgraderGradebook, tmp_path: Path
) -> None:
    gradebook.keep(1, BackupSettings())
    assert kept(tmp_path) == []
    gradebook.save_students([IO])
    for run in (1, 1, 2):
        gradebook.keep(run, BackupSettings())
    assert kept(tmp_path) == ["run-1"]
    gradebook.save_students([TITAN])
    gradebook.keep(3, BackupSettings())
    assert kept(tmp_path) == ["run-1", "run-3"]


def test_copies_stay_for_so_many_runs_and_the_last_of_each_of_so_many_days(
    gradebook: NbgraderGradebook, tmp_path: Path
) -> None:
    gradebook.save_students([IO])
    asked = gradebook.backup("asked")
    folder = asked.parent
    for run, stamp in enumerate(
        ("01T080000", "02T080000", "02T090000", "03T080000", "04T080000", "04T090000"), 1
    ):
        (folder / f"gradebook-202610{stamp}Z-run-{run}{asked.suffix}").write_bytes(
            asked.read_bytes()
        )
    gradebook.save_students([TITAN])
    gradebook.keep(7, BackupSettings(runs=2, days=3))
    # Of the days the newest three: today's, the 4th's and the 3rd's.
    assert kept(tmp_path) == ["run-4", "run-6", "run-7"]
    assert asked.exists()


def test_the_newest_backup_that_holds_more_is_found(
    gradebook: NbgraderGradebook, tmp_path: Path
) -> None:
    gradebook.record_submission("hw", "11", DUE)
    gradebook.record_submission("hw", "12", DUE)
    full = gradebook.backup("two")
    gradebook.remove_students(["12"])
    gradebook.backup("one")
    (full.parent / f"gradebook-29990101T000000Z-spoilt{full.suffix}").write_text("spoilt")
    assert gradebook.submitted() == {("hw", "11")}
    assert gradebook.fuller_backup() == full
    gradebook.restore(full)
    assert gradebook.submitted() == {("hw", "11"), ("hw", "12")}
    assert gradebook.fuller_backup() is None


def test_a_backup_is_restored_where_no_gradebook_is_left(
    gradebook: NbgraderGradebook, tmp_path: Path
) -> None:
    gradebook.save_students([IO])
    copy = gradebook.backup("good")
    if gradebook.database.file:
        gradebook.database.close()
        assert not gradebook.gone
        (tmp_path / "gradebook.db").unlink()
        assert gradebook.gone
    else:
        sql(gradebook, "DROP SCHEMA public CASCADE")
        sql(gradebook, "CREATE SCHEMA public")
        gradebook.database.close()
    assert gradebook.restore(copy) is None
    assert [s.id for s in gradebook.students()] == ["11"]


def test_a_gradebook_whose_making_was_cut_short_is_made_anew(
    gradebook: NbgraderGradebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed() -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(database, "schema_head", killed)
        with pytest.raises(KeyboardInterrupt):
            gradebook.save_students([IO])
    again = NbgraderGradebook(tmp_path)
    again.save_students([IO])
    again.check()
    assert [s.id for s in again.students()] == ["11"]


def test_another_program_that_has_it_open_is_named(
    gradebook: NbgraderGradebook, db_url: str
) -> None:
    gradebook.save_students([IO])
    assert gradebook.holders() == ()
    file = gradebook.database.file
    if file is None:
        other = create_engine(db_url)
        with other.connect():
            [name] = gradebook.holders()
            assert name.startswith("a program of ")
        other.dispose()
        return
    with subprocess.Popen(
        [sys.executable, "-c", f"held = open({str(file)!r}); print(1, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as program:
        assert program.stdout
        assert program.stdout.readline()
        [name] = gradebook.holders()
        assert name.endswith(f"(process {program.pid})")
        program.communicate(b"\n")
    assert gradebook.holders() == ()
