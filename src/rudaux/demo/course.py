"""The practice course on disk: git remotes, an instructor checkout, students' homes, snapshots."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from rudaux.config import ExecutorName
from rudaux.config.private import create_file
from rudaux.demo.material import expected_score, write_source, write_work
from rudaux.demo.students import Kind

ZONE = ZoneInfo("America/Vancouver")
POINTS = {"homework_1": Decimal(10), "homework_2": Decimal(13), "homework_3": Decimal(2)}
_DAYS = {"homework_1": -3, "homework_2": -2, "homework_3": 7}
_NOTEBOOKS = {"homework_2": 'notebook = "problem1.ipynb"\n'}
_STAMP = "%Y-%m-%d-%H%M"

_CONFIG = """\
# The practice course. Change what you like, and see what `rudaux init --dry-run` makes of it.

[course]
name = "practice"
timezone = "America/Vancouver"

[canvas]
url = "{canvas_url}"
course_id = {course_id}
token_file = "../canvas-token"
external_tool_name = "Jupyter"

[git]
instructor_repo = "{remotes}/instructors.git"
student_repo = "{remotes}/practice-course.git"
release_path = "materials"

[jupyterhub]
url = "{hub_url}"
base_url = "/jupyter"
storage_path = "{homes}"

[jupyterhub.snapshots]
path = ".zfs/snapshot"
pattern = '\\d{{4}}-\\d{{2}}-\\d{{2}}-\\d{{4}}'
format = "%Y-%m-%d-%H%M"
timezone = "UTC"

[grading]
executor = "{executor}"
jobs = 2
cell_timeout = 5            # seconds; Dione Saturn's loop never ends
"""
_ASSIGNMENT = """
[[assignments]]
name = "{name}"
due = {due}
points = {points}
{more}"""
_IGNORED = "gradebook.db\nsubmitted/\nautograded/\nfeedback/\nlogs/\n.rudaux/\n"


@dataclass(frozen=True)
class PracticeCourse:
    """Where everything is, and what Canvas should show at the end."""

    folder: Path
    kinds: Mapping[str, Kind]
    """What each student (by id) hands in."""
    due: Mapping[str, datetime]
    flawed: bool = False
    """Whether a test of homework_2 is wrong."""

    @property
    def instructors(self) -> Path:
        """The instructor checkout, the course folder."""
        return self.folder / "instructors"

    @property
    def homes(self) -> Path:
        """The storage root."""
        return self.folder / "homes"

    def expected(self, assignment: str) -> dict[str, Decimal | None]:
        """Return each student's score in Canvas points at the end; None: no grade may be there."""
        points = POINTS[assignment]
        return {
            sid: expected_score(assignment, kind, points, self.flawed)
            for sid, kind in self.kinds.items()
        }


def build_course(
    folder: Path,
    canvas_url: str,
    kinds: Mapping[str, Kind],
    now: datetime,
    course_id: int = 12345,
    token: str = "practice-token",  # noqa: S107 - opens nothing but the practice Canvas
    assignments: tuple[str, ...] = ("homework_1", "homework_2", "homework_3"),
    hub_url: str = "https://hub.example.edu",
    executor: ExecutorName = "process",
    flawed: bool = False,
    manual: Collection[str] = (),
) -> PracticeCourse:
    """Build everything under `folder`; due dates lie around `now` (aware).

    `manual`: assignments that a person marks before their grades go out.
    """
    due = {name: due_date(name, now) for name in assignments}
    course = PracticeCourse(folder, kinds, due, flawed)
    folder.mkdir(parents=True, exist_ok=True)
    create_file(folder / "canvas-token")
    (folder / "canvas-token").write_text(token + "\n")
    _make_remotes(folder)
    _fill_instructors(course, canvas_url, course_id, hub_url, executor, manual)
    _fill_homes(course)
    return course


def due_date(assignment: str, now: datetime) -> datetime:
    """Return 23:59:59 in the course's zone, some days before or after `now`."""
    day: date = now.astimezone(ZONE).date() + timedelta(days=_DAYS[assignment])
    return datetime.combine(day, time(23, 59, 59), ZONE)


def git(folder: Path, *args: str) -> None:
    """Run git without anybody's own settings."""
    identity = ["-c", "user.name=Practice", "-c", "user.email=practice@example.edu"]
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", *identity, "-c", "init.defaultBranch=main", *args]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=env)


def _make_remotes(folder: Path) -> None:
    remotes = folder / "remotes"
    for name in ("instructors", "practice-course"):
        remote = remotes / f"{name}.git"
        remote.mkdir(parents=True)
        git(remote, "init", "--bare")
    seed = folder / "seed"
    git(folder, "clone", str(remotes / "practice-course.git"), "seed")
    (seed / "README.md").write_text("# Practice course\n\nYour assignments are in materials/.\n")
    _commit(seed, "Start the student repository")
    shutil.rmtree(seed)


def _commit(checkout: Path, message: str) -> None:
    git(checkout, "add", "--all")
    git(checkout, "commit", "-m", message)
    git(checkout, "push", "--set-upstream", "origin", "HEAD")


def _fill_instructors(
    course: PracticeCourse,
    canvas_url: str,
    course_id: int,
    hub_url: str,
    executor: ExecutorName,
    manual: Collection[str],
) -> None:
    folder, checkout = course.folder, course.instructors
    git(folder, "clone", str(folder / "remotes" / "instructors.git"), checkout.name)
    text = _CONFIG.format(
        canvas_url=canvas_url,
        hub_url=hub_url,
        course_id=course_id,
        remotes=folder / "remotes",
        homes=course.homes,
        executor=executor,
    )
    for name, due in course.due.items():
        text += _ASSIGNMENT.format(
            name=name,
            due=due.replace(tzinfo=None).isoformat(),
            points=POINTS[name],
            more=_NOTEBOOKS.get(name, "") + "manual = true\n" * (name in manual),
        )
    (checkout / "rudaux.toml").write_text(text, encoding="utf-8")
    (checkout / ".gitignore").write_text(_IGNORED)
    (checkout / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = ""\n'
    )
    write_source(checkout, tuple(course.due), course.flawed)
    _commit(checkout, "Start the practice course")


def _fill_homes(course: PracticeCourse) -> None:
    """Fill every home with its work, with a snapshot before and after each deadline."""
    past = {n: d for n, d in course.due.items() if _DAYS[n] < 0}
    course.homes.mkdir()
    for sid, kind in course.kinds.items():
        if kind != "no_home":
            (course.homes / sid).mkdir()
    for name in sorted(past, key=lambda n: past[n]):
        _write_all(course, name, {"finished_late": "wrong"})
        _snapshot(course.homes, past[name] - timedelta(hours=2))
        _write_all(course, name, {})
        _snapshot(course.homes, past[name] + timedelta(minutes=5))
    for name in past:
        _write_all(course, name, {"edited_later": "wrong"})


def _write_all(course: PracticeCourse, name: str, instead: Mapping[str, Kind]) -> None:
    source = course.instructors / "source" / name
    for sid, kind in course.kinds.items():
        target = course.homes / sid / "practice-course" / "materials" / name
        shutil.rmtree(target, ignore_errors=True)
        write_work(source, target, instead.get(kind, kind))


def _snapshot(homes: Path, when: datetime) -> None:
    stamp = when.astimezone(timezone.utc).strftime(_STAMP)
    ignored = shutil.ignore_patterns(".zfs")
    shutil.copytree(homes, homes / ".zfs" / "snapshot" / stamp, ignore=ignored)
    moment = when.timestamp()
    for path in (homes / ".zfs" / "snapshot" / stamp).rglob("*"):
        # Work lies untouched for an hour before a snapshot, so that none counts as late.
        os.utime(path, (moment - 3600, moment - 3600))
