"""What other accounts of the machine may read of a course, whatever the umask: nothing."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rudaux.config.private import (
    Rights,
    create_file,
    make_folder,
    make_rudaux_folder,
    others_can_enter,
    set_right,
)
from tests.course import SmallCourse
from tests.kept import CourseAfter

KEPT = (".rudaux", "submitted", "autograded", "feedback", "logs", "gradebook.db")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_to_others(folder: Path) -> list[str]:
    """Name what others may read or enter of what is to be private; the clone of git is not."""
    found = []
    for path in (p for name in KEPT for p in (folder / name, *(folder / name).rglob("*"))):
        if path.is_relative_to(folder / ".rudaux" / "release" / "practice-course"):
            continue
        if mode(path) & 0o077:
            found.append(f"{path.relative_to(folder)} {mode(path):o}")
    return found


@pytest.mark.usefixtures("umask")
class TestMade:
    def test_a_folder_and_those_above_it_are_closed(self, tmp_path: Path) -> None:
        for _ in range(2):
            make_folder(tmp_path / "a" / "b" / "c")
        assert [mode(tmp_path / p) for p in ("a", "a/b", "a/b/c")] == [0o700] * 3

    def test_a_shared_folder_is_shared_all_the_way(self, tmp_path: Path) -> None:
        make_folder(tmp_path / "a" / "b", Rights(0o2770, 0o664))
        assert [mode(tmp_path / p) for p in ("a", "a/b")] == [0o2770] * 2

    def test_a_file_keeps_its_mode_when_it_is_written(self, tmp_path: Path) -> None:
        create_file(tmp_path / "private")
        create_file(tmp_path / "shared", Rights(0o2770, 0o664))
        for name in ("private", "shared"):
            (tmp_path / name).write_text("10 points")
        assert [mode(tmp_path / n) for n in ("private", "shared")] == [0o600, 0o664]

    def test_files_beside_a_database_are_as_closed_as_it_is(self, tmp_path: Path) -> None:
        for journal in ("WAL", "DELETE"):
            file = tmp_path / f"{journal}.db"
            create_file(file)
            with closing(sqlite3.connect(file)) as db:
                db.execute(f"PRAGMA journal_mode = {journal}")
                db.execute("CREATE TABLE grades (points)")
                db.commit()
                db.execute("INSERT INTO grades VALUES (10)")
                beside = [p for p in tmp_path.iterdir() if p.name.startswith(f"{journal}.db-")]
                assert beside
                assert {mode(p) for p in (file, *beside)} == {0o600}


class TestSetRight:
    def test_an_open_folder_is_closed_with_all_that_is_in_it(self, tmp_path: Path) -> None:
        top, elsewhere = tmp_path / "submitted", tmp_path / "elsewhere"
        (top / "11" / "ps1").mkdir(parents=True)
        for file in (top / "11" / "ps1" / "a.ipynb", elsewhere):
            file.write_text("{}")
            file.chmod(0o644)
        (top / "11" / "link").symlink_to(elsewhere)
        for folder in (top, top / "11", top / "11" / "ps1"):
            folder.chmod(0o755)
        for _ in range(2):
            set_right(top)
            assert [mode(p) for p in (top, top / "11", top / "11" / "ps1")] == [0o700] * 3
            assert mode(top / "11" / "ps1" / "a.ipynb") == 0o600
            assert mode(elsewhere) == 0o644

    def test_what_a_closed_folder_holds_is_not_walked_through_again(self, tmp_path: Path) -> None:
        make_folder(tmp_path / "submitted" / "11")
        (tmp_path / "submitted" / "11").chmod(0o755)
        set_right(tmp_path / "submitted")
        assert mode(tmp_path / "submitted" / "11") == 0o755

    def test_read_only_files_stay_read_only_and_programs_programs(self, tmp_path: Path) -> None:
        for name, before in (("autograded.ipynb", 0o444), ("hook", 0o755)):
            (tmp_path / name).write_text("")
            (tmp_path / name).chmod(before)
        tmp_path.chmod(0o755)
        set_right(tmp_path)
        assert [mode(tmp_path / n) for n in ("autograded.ipynb", "hook")] == [0o400, 0o700]

    def test_a_folder_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        set_right(tmp_path / "feedback")
        assert not (tmp_path / "feedback").exists()

    def test_the_ledger_is_closed_where_only_its_folder_was(self, tmp_path: Path) -> None:
        folder = make_rudaux_folder(tmp_path / ".rudaux")
        (folder / "ledger.db").write_text("")
        (folder / "ledger.db").chmod(0o644)
        make_rudaux_folder(folder)
        assert {mode(p) for p in folder.iterdir()} == {0o600}


def test_a_course_folder_is_open_only_where_the_folders_above_it_are() -> None:
    above = Path(tempfile.mkdtemp(prefix="rudaux-open-"))
    course = above / "course"
    course.mkdir()
    try:
        for upper, lower, entered in (
            (0o755, 0o755, True),
            (0o711, 0o711, True),
            (0o755, 0o750, False),
            (0o700, 0o755, False),
        ):
            above.chmod(upper)
            course.chmod(lower)
            assert others_can_enter(course) is entered, (oct(upper), oct(lower))
    finally:
        shutil.rmtree(above)


# --- A course from init to grades -------------------------------------------------------------


TWO: dict[str, Any] = {"kinds": ("right", "partly")}


@pytest.fixture
def course(course_after: CourseAfter) -> SmallCourse:
    return course_after(**TWO)


def test_nothing_that_rudaux_keeps_is_open_to_others(course: SmallCourse, tmp_path: Path) -> None:
    before = os.umask(0)  # under any other, less is open
    try:
        _nothing_is_open(course, tmp_path)
    finally:
        os.umask(before)


def _nothing_is_open(course: SmallCourse, tmp_path: Path) -> None:
    course.rudaux("init")
    run_as_cron(course)
    course.rudaux("gradebook", "backup")
    file = tmp_path / "grades.csv"
    for _ in range(2):
        course.rudaux("gradebook", "export", "homework_1", "--output", str(file), "--overwrite")
    assert {p.name for p in (course.folder / "feedback").iterdir()}
    assert open_to_others(course.folder) == []
    assert [mode(p) for p in (file, file.with_name("grades.csv.old"))] == [0o600] * 2


def test_what_an_earlier_version_left_open_is_closed_by_the_next_run(
    course_after: CourseAfter,
) -> None:
    course = course_after(("init",), run_as_cron, ("gradebook", "backup"), **TWO)
    subprocess.run(["chmod", "-R", "go+rX", *KEPT], cwd=course.folder, check=True)
    assert open_to_others(course.folder)
    for _ in range(2):
        course.rudaux("grade", "--auto")
        assert open_to_others(course.folder) == []
    assert course.grades() == course.practice.expected("homework_1")


def test_logs_elsewhere_are_closed_and_their_folder_stays(
    course: SmallCourse, tmp_path: Path
) -> None:
    logs = tmp_path / "everybodys-logs"
    logs.mkdir()
    (logs / "other.log").write_text("")
    for path, before in ((logs, 0o755), (logs / "other.log", 0o644)):
        path.chmod(before)
    course.edit("[grading]", f'[schedule]\nlog_dir = "{logs}"\n\n[grading]')
    course.rudaux("init")
    run_as_cron(course)
    [log] = logs.glob("grade-*.log")
    assert [mode(p) for p in (logs, logs / "other.log", log)] == [0o755, 0o644, 0o600]


def test_init_tells_of_an_open_course_folder_once_and_goes_on(
    course: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rudaux.workflows.init.others_can_enter", lambda folder: True)
    remedy = f"chmod o-rx {shlex.quote(str(course.folder))}"
    for _ in range(2):
        told = course.rudaux("init").out
        assert "".join(told.split()).count("".join(remedy.split())) == 1


def run_as_cron(course: SmallCourse) -> None:
    """Run the course's entry in a shell with cron's usual umask."""
    line = next(x for x in course.crontab.read_text().splitlines() if "rudaux grade" in x)
    command = line.partition("&& ")[2].replace("\\%", "%")
    bare = {"HOME": "/", "LOGNAME": "root", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    shell = ["/bin/sh", "-c", f"umask 022; {command}"]
    subprocess.run(shell, env=bare, cwd="/", check=True)
