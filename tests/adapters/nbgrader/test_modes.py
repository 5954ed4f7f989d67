"""Who may read students' work and the gradebook, as nbgrader's own options have it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from rudaux.adapters.nbgrader.settings import load_course
from rudaux.adapters.storage import Homes
from rudaux.config import GitSettings, HubSettings
from rudaux.domain.collection import Located
from rudaux.domain.roster import Student
from rudaux.errors import ConfigError
from tests.adapters.nbgrader.course import Course, make_course

SHARED = "c.CourseDirectory.groupshared = True\n"


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def graded(folder: Path, options: str = "") -> Course:
    """A course with these options whose student 11 was collected, graded and got feedback."""
    made = make_course(folder)
    (folder / "gradebook.db").chmod(0o644)
    config = folder / "nbgrader_config.py"
    config.write_text(config.read_text() + "\n" + options)
    course = Course(folder)
    home = made.hand_in("11", {}).rename(folder / "home")
    (folder / "submitted" / "11").rmdir()
    (folder / "submitted").rmdir()
    collect(folder, home)
    course.gradebook.save_students([Student("11", "Io Jupiter", "Jupiter, Io")])
    course.grade("11")
    course.grader.feedback("ps1", "11")
    return course


def collect(folder: Path, home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "own.csv").write_text("1,2\n")
    hub = HubSettings("https://hub.example.edu", folder, work_path="{student_id}")
    rights = load_course(folder).rights("submitted")
    storage = Homes(hub, GitSettings("", "https://example.edu/r.git"), rights=rights)
    storage.copy(Located(home), folder / "submitted" / "11" / "ps1")


def modes(folder: Path, step: str) -> tuple[set[str], set[str]]:
    """Give the modes of a step's folders and of its files."""
    paths = [folder / step, *(folder / step).rglob("*")]
    assert any(p.is_file() for p in paths)
    return (
        {f"{mode(p):o}" for p in paths if p.is_dir()},
        {f"{mode(p):o}" for p in paths if p.is_file()},
    )


def test_students_work_and_grades_are_private_unless_options_share_them(tmp_path: Path) -> None:
    course = graded(tmp_path / "course")
    assert modes(course.folder, "submitted") == ({"700"}, {"600"})
    assert modes(course.folder, "autograded") == ({"700"}, {"400"})
    assert modes(course.folder, "feedback") == ({"700"}, {"600"})
    assert mode(course.folder / "gradebook.db") == 0o600


def test_a_group_that_shares_the_course_reads_and_writes_as_with_nbgrader(tmp_path: Path) -> None:
    course = graded(tmp_path / "course", SHARED)
    assert modes(course.folder, "submitted") == ({"2770"}, {"660"})
    assert modes(course.folder, "autograded") == ({"2770"}, {"664"})
    assert modes(course.folder, "feedback") == ({"2770"}, {"664"})
    assert mode(course.folder / "gradebook.db") == 0o660


def test_permissions_of_a_converter_hold_for_its_files_and_folders(tmp_path: Path) -> None:
    options = "c.Autograde.permissions = 440\nc.BaseConverter.permissions = 644\n"
    course = graded(tmp_path / "course", options)
    assert modes(course.folder, "submitted") == ({"700"}, {"600"})
    assert modes(course.folder, "autograded") == ({"750"}, {"440"})
    assert modes(course.folder, "feedback") == ({"755"}, {"644"})


def test_a_new_gradebook_is_private_with_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    gradebook = Course(tmp_path).gradebook
    gradebook.save_students([Student("11", "Io Jupiter", "Jupiter, Io")])
    with gradebook.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE student SET first_name = 'Io'")
        assert {mode(p) for p in tmp_path.glob("gradebook.db*")} == {0o600}
    copy = gradebook.backup("now")
    assert [mode(p) for p in (copy.parent.parent, copy.parent, copy)] == [0o700, 0o700, 0o600]


def test_work_that_is_laid_out_to_be_executed_is_private(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    course.hand_in("11", {})
    folder = course.job("11").folder
    paths = [folder, *folder.parents[:3], *folder.rglob("*")]
    assert course.folder / ".rudaux" / "scratch" in paths
    assert {f"{mode(p):o}" for p in paths} == {"700", "600"}


def test_checking_the_gradebook_closes_what_an_earlier_version_left_open(tmp_path: Path) -> None:
    course = graded(tmp_path / "course")
    os.system(f"chmod -R go+rX {course.folder}/*")
    for _ in range(2):
        Course(course.folder).gradebook.check()
        for step, file in (("submitted", "600"), ("autograded", "400"), ("feedback", "600")):
            assert modes(course.folder, step) == ({"700"}, {file})
        assert mode(course.folder / "gradebook.db") == 0o600
        assert mode(course.folder / "source") & 0o055 == 0o055


def test_a_course_that_becomes_shared_is_shared_by_the_next_run(tmp_path: Path) -> None:
    course = graded(tmp_path / "course")
    config = course.folder / "nbgrader_config.py"
    config.write_text(config.read_text() + SHARED)
    for _ in range(2):
        Course(course.folder).gradebook.check()
        assert modes(course.folder, "submitted") == ({"2770"}, {"660"})
        assert modes(course.folder, "autograded") == ({"2770"}, {"664"})


def test_a_folder_that_holds_the_course_is_never_closed(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    folder.chmod(0o755)
    for directory in (".", "..", str(tmp_path)):
        (folder / "nbgrader_config.py").write_text(
            f"c = get_config()\nc.CourseDirectory.submitted_directory = {directory!r}\n"
        )
        load_course(folder).set_right()
        assert mode(folder) == 0o755


@pytest.mark.parametrize("value", [888, 0o644 * 10, "'rw-r-----'"])
def test_permissions_that_are_no_mode_are_said(tmp_path: Path, value: object) -> None:
    (tmp_path / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Autograde.permissions = {value}\n"
    )
    with pytest.raises(ConfigError, match=r"Autograde.permissions .* such as 640"):
        load_course(tmp_path).rights("autograded")
