"""A submission's time beside it, as nbgrader's own interface reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import text

from tests.adapters.nbgrader.course import BIN, RIGHT, Course, make_course

AT = datetime(2026, 10, 1, 23, 59, 59, 123456, timezone(timedelta(hours=-7)))
UTC = datetime(2026, 10, 2, 6, 59, 59, 123456)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setenv("PATH", str(BIN), prepend=":")
    made = make_course(tmp_path / "course")
    made.hand_in("io", RIGHT)
    return made


def note(course: Course, student: str = "io") -> Path:
    return course.folder / "submitted" / student / "ps1" / "timestamp.txt"


def as_nbgrader_sees(course: Course) -> NbGraderAPI:
    return NbGraderAPI(CourseDirectory(root=str(course.folder)))


def test_nbgrader_reads_the_time_and_takes_the_submission_for_autograded(course: Course) -> None:
    course.gradebook.record_submission("ps1", "io", AT)
    api = as_nbgrader_sees(course)
    assert api.get_submitted_timestamp("ps1", "io") == UTC
    assert api.get_autograded_students("ps1") == set()
    course.grade("io")
    assert api.get_autograded_students("ps1") == {"io"}
    again = course.folder / "autograded" / "io" / "ps1" / "timestamp.txt"
    assert again.read_text() == note(course).read_text() == "2026-10-02 06:59:59.123456 UTC"


@pytest.mark.parametrize(
    "theirs",
    [
        lambda path: path.write_text("when I felt like it"),
        lambda path: path.write_text("2026-09-01 00:00:00.000000 UTC"),
        lambda path: path.write_text(""),
        lambda path: (path / "below").mkdir(parents=True),
    ],
)
def test_a_file_or_folder_of_that_name_from_the_students_home_does_not_count(
    course: Course, theirs: Callable[[Path], object]
) -> None:
    theirs(note(course))
    course.gradebook.record_submission("ps1", "io", AT)
    assert as_nbgrader_sees(course).get_submitted_timestamp("ps1", "io") == UTC


def test_what_an_earlier_rudaux_left_without_a_time_gets_it_once(course: Course) -> None:
    course.gradebook.record_submission("ps1", "io", AT)
    course.grade("io")
    for said in (None, "", "rubbish", "31 Foctember"):
        if said is None:
            note(course).unlink()
        else:
            note(course).write_text(said)
        course.gradebook.note_times()
        assert as_nbgrader_sees(course).get_autograded_students("ps1") == {"io"}
    before = note(course).stat().st_mtime_ns
    course.gradebook.note_times()
    assert note(course).stat().st_mtime_ns == before


@pytest.mark.parametrize("newer", ["2026-10-05 12:00:00.000000 UTC", "2026-10-05 12:00 +0200"])
def test_work_that_nbgrader_has_collected_since_keeps_its_time(course: Course, newer: str) -> None:
    course.gradebook.record_submission("ps1", "io", AT)
    note(course).write_text(newer)
    course.gradebook.note_times()
    assert note(course).read_text() == newer


def test_a_submission_without_a_folder_or_without_a_time_gets_no_file(course: Course) -> None:
    course.gradebook.record_submission("ps1", "gone", AT)
    with course.gradebook.database.session() as session:
        session.execute(text("UPDATE submitted_assignment SET timestamp = NULL"))
    course.gradebook.note_times()
    assert not note(course, "gone").parent.exists()
    assert not note(course).exists()


def test_nobody_else_can_read_it(course: Course) -> None:
    course.gradebook.record_submission("ps1", "io", AT)
    assert note(course).stat().st_mode & 0o077 == 0


def test_an_unwritable_folder_of_another_account_stops_no_run(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.gradebook.record_submission("ps1", "io", AT)
    note(course).unlink()

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("rudaux.adapters.nbgrader.files.write_atomically", refuse)
    course.gradebook.note_times()
    assert not note(course).exists()
