"""Two Canvas courses in one repository, each in a folder of its own, over a shared file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rudaux.cli.app import app
from rudaux.demo.run import scores
from rudaux.demo.simulator.server import serve
from rudaux.demo.simulator.state import World
from rudaux.demo.students import Kind
from tests.course import TOKEN, SmallCourse, git, small_course

COURSES = ("day", "evening")


@dataclass(frozen=True)
class TwoCourses:
    """The small course as "day", and beside it "evening", which another Canvas holds."""

    small: SmallCourse
    evening: World

    @property
    def checkout(self) -> Path:
        """Return the instructor repository."""
        return self.small.practice.instructors

    def rudaux(self, course: str, *args: str, code: int = 0) -> str:
        """Run a command in a course's folder, unattended."""
        folder = str(self.checkout / course)
        done = CliRunner().invoke(app, [*args, "--no-prompt", "--dir", folder])
        assert done.exit_code == code, (args, done.output)
        return done.stdout + done.stderr

    def grades(self, course: str) -> list[Decimal]:
        """What that Canvas shows of homework_1, the lowest first."""
        world = self.small.world if course == "day" else self.evening
        return sorted(s for s in scores(world, "homework_1").values() if s is not None)


def split(checkout: Path, canvas: str) -> None:
    """Make one course two: its tables become common.toml, its files those of both."""
    shared = (checkout / "rudaux.toml").read_text()
    url = re.search(r'^url = "http://127.*"$', shared, flags=re.M)
    assert url is not None
    shared = shared.replace("course_id = 12345\n", "").replace(f"{url[0]}\n", "")
    (checkout / "common.toml").write_text(shared)
    (checkout / "rudaux.toml").unlink()
    for name, where, number in (("day", url[0], 12345), ("evening", f'url = "{canvas}"', 12346)):
        folder = checkout / name
        folder.mkdir()
        shutil.copy(checkout / "nbgrader_config.py", folder)
        (folder / "rudaux.toml").write_text(
            f'extends = "../common.toml"\n\n[course]\nname = "{name}"\n\n'
            f"[canvas]\n{where}\ncourse_id = {number}\n"
        )
    (checkout / "source").rename(checkout / "day" / "source")
    with (checkout / "evening" / "nbgrader_config.py").open("a") as config:
        config.write('c.CourseDirectory.source_directory = "../day/source"\n')


@pytest.fixture
def courses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoCourses]:
    evening = World.new(12346, "Evening", token=TOKEN)
    evening.add_tool("course", "Jupyter", url="https://hub.example.edu/jupyter/hub/lti/launch")
    evening.add_test_student()
    evening.add_student("Io Jupiter", "Jupiter, Io", "io@example.edu")
    kinds: tuple[Kind, ...] = ("right", "partly")
    with (
        small_course(tmp_path / "practice", monkeypatch, kinds=kinds) as small,
        serve(evening) as at,
    ):
        split(small.practice.instructors, at.url)
        small.commit()
        yield TwoCourses(small, evening)


def test_each_course_goes_its_own_way_from_one_repository(courses: TwoCourses) -> None:
    for name in COURSES:
        assert "homework_3" in courses.rudaux(name, "init")
    remotes = courses.small.practice.folder / "remotes"
    instructors = git(remotes / "instructors.git", "ls-tree", "-r", "--name-only", "main")
    for name in COURSES:
        assert f"{name}/release/homework_1/homework_1.ipynb" in instructors
        assert "Everything is up to date" in courses.rudaux(name, "init")

    courses.rudaux("evening", "grade", "--auto", "--accept-alarms")
    assert courses.grades("day") == []
    first = courses.grades("evening")
    assert first == [10]
    courses.rudaux("day", "grade", "--auto", "--accept-alarms")
    assert len(courses.grades("day")) == 2
    assert courses.grades("evening") == first

    for name, students in (("day", 2), ("evening", 1)):
        folder = courses.checkout / name
        assert (folder / "gradebook.db").exists()
        assert (folder / ".rudaux" / "ledger.db").exists()
        assert len(list((folder / "submitted").iterdir())) == students
        status = courses.rudaux(name, "status")
        assert status.startswith(f"{name} · course {12345 if name == 'day' else 12346}")
        assert f"{students} student" in status
    assert not (courses.checkout / ".rudaux").exists()
    assert git(courses.checkout, "status", "--porcelain") == ""

    table = courses.small.crontab.read_text()
    assert [table.count(f"# rudaux {courses.checkout / name} ") for name in COURSES] == [1, 1]
    courses.rudaux("evening", "schedule", "remove")
    left = courses.small.crontab.read_text()
    assert [left.count(f"# rudaux {courses.checkout / name} ") for name in COURSES] == [1, 0]


def test_one_course_at_work_holds_up_no_other(courses: TwoCourses) -> None:
    from rudaux.wiring import open_course

    with open_course(courses.checkout / "day").ledger.lock("grade"):
        assert "in use" in courses.rudaux("day", "gradebook", "sync", code=4)
        courses.rudaux("evening", "gradebook", "sync")


def test_a_mistake_in_the_shared_file_is_named_there_for_each_course(courses: TwoCourses) -> None:
    shared = courses.checkout / "common.toml"
    shared.write_text(shared.read_text().replace("jobs = 2", "jobs = -2"))
    for name in COURSES:
        assert "rudaux: ../common.toml: grading.jobs = -2" in courses.rudaux(name, "status", code=3)
    shared.unlink()
    assert "there is no such file" in courses.rudaux("evening", "status", code=3)
