"""A course at a certain stage, put back to it before every trial, and what its Canvas shows."""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Switches
from tests.course import SmallCourse, small_course
from tests.dask import Cluster, cluster
from tests.kept import restore

NAME, BY_HAND = "homework_1", "homework_2"
CALM = Switches(throttling=False)
SNAPSHOTS = ".zfs/snapshot"
SOURCE = f"source/{NAME}/{NAME}.ipynb"


@dataclass(frozen=True)
class Stage:
    """What was there before the command under test: `reference` is the undisturbed end."""

    course: SmallCourse
    command: tuple[str, ...]
    saved: Path
    world: World
    reference: dict[str, Any]
    cluster: Cluster | None = None
    """Where its submissions run, if not here."""

    def restore(self) -> None:
        """Put the course's folder and its Canvas back."""
        restore(self.course, self.saved, self.world, CALM)


@contextmanager
def stages(folder: Path) -> Iterator[dict[str, Stage]]:
    """Build a course; give its stages before `init` and before `submit`."""
    with pytest.MonkeyPatch.context() as patch:
        place = folder / "course"
        with small_course(place, patch, assignments=(NAME,)) as course:
            course.canvas.switches.throttling = False
            course.edit("[grading]", "[return]\nsolution_share = 0.8\n\n[grading]")
            init = _stage(course, folder / "before-init", ("init", "--no-check"))
            course.rudaux("init")
            student = next(iter(course.practice.kinds))
            more = ("canvas", "extend", NAME, "--student", student, "--until", "2099-01-05")
            extend = _stage(course, folder / "before-extend", more)
            grade = _stage(course, folder / "before-grade", ("grade", NAME))
            course.rudaux("grade", NAME, "--manual", code=None)
            submit = _stage(course, folder / "graded", ("submit", NAME))
            course.rudaux("submit", NAME)
            for _ in range(2):  # squares_invalid_input then passes for everybody
                course.edit("raise AssertionError(", "print(", SOURCE)
            again = ("regrade", NAME, "--yes", "--accept-alarms")
            regrade = _stage(course, folder / "pushed", again)
            _join_late(course)
            joined = _stage(course, folder / "joined", ("grade", "--auto"))
            yield {
                "init": init, "extend": extend, "grade": grade, "submit": submit,
                "regrade": regrade, "joined": joined,
            }  # fmt: skip


@contextmanager
def stages_of_marking(folder: Path) -> Iterator[dict[str, Stage]]:
    """Build a course that is marked by hand; give its stages before `snapshot` and `share`."""
    with pytest.MonkeyPatch.context() as patch:
        place = folder / "course"
        with small_course(place, patch, assignments=(BY_HAND,)) as course:
            course.canvas.switches.throttling = False
            homes = course.practice.homes
            for found in sorted((homes / SNAPSHOTS).iterdir())[1:]:
                shutil.rmtree(found)
            copies = "mkdir -p new && cp -a [0-9]* new"
            take = f"cd {homes} && {copies} && mv new {SNAPSHOTS}/$1"
            table = "[jupyterhub.snapshots]\n"
            course.edit(table, f'{table}take = ["sh", "-c", "{take}", "sh", "{{name}}"]\n')
            graders = '[[graders]]\nname = "Ann"\n\n[[graders]]\nname = "Bo"\n\n[[assignments]]'
            course.edit("[[assignments]]", graders)
            course.rudaux("init")
            snapshot = _stage(course, folder / "before-snapshot", ("snapshot",))
            course.rudaux("snapshot")
            course.rudaux("grade", BY_HAND, "--manual", code=None)
            share = _stage(course, folder / "before-share", ("gradebook", "share", BY_HAND))
            yield {"snapshot": snapshot, "share": share}


@contextmanager
def stage_on_a_cluster(folder: Path) -> Iterator[dict[str, Stage]]:
    """Build a course whose submissions run on two workers; give its stage before `grade`."""
    with (
        pytest.MonkeyPatch.context() as patch,
        cluster() as workers,
        small_course(folder / "course", patch, assignments=(NAME,)) as course,
    ):
        course.canvas.switches.throttling = False
        course.edit("[grading]\n", f'[grading]\nscheduler = "{workers.address}"\n')
        course.rudaux("init")
        grade = _stage(course, folder / "before-grade", ("grade", NAME))
        yield {"cluster": replace(grade, cluster=workers)}


def _join_late(course: SmallCourse) -> None:
    """Let somebody join after everybody else is graded, who has more time by the rules."""
    due = course.practice.due[NAME]
    for enrollment in course.world.enrollments.values():
        enrollment.created_at = due - timedelta(days=30)
    course.world.add_student("Metis Jupiter", email="metis@example.edu")
    unlock = (due - timedelta(days=9)).replace(tzinfo=None)
    course.edit(f'name = "{NAME}"', f'name = "{NAME}"\nunlock = {unlock.isoformat()}')
    course.edit("[[assignments]]", "[late_registration]\ndays = 300\n\n[[assignments]]")


def _stage(course: SmallCourse, saved: Path, command: tuple[str, ...]) -> Stage:
    shutil.copytree(course.practice.folder, saved, symlinks=True)
    world = copy.deepcopy(course.world)
    course.rudaux(*command)
    reference = shown(course)
    restore(course, saved, world, CALM)
    return Stage(course, command, saved, world, reference)


def shown(course: SmallCourse) -> dict[str, Any]:
    """What people see in Canvas, gradebook, homes and lists, without ids and times."""
    world, homes = course.world, course.practice.homes
    names = {a.id: a.name for a in world.assignments.values() if not a.deleted}
    return {
        "gradebook": _marks(course),
        "pages": sorted(
            str(path.relative_to(homes))
            for folder in ("feedback", "solutions")
            for path in homes.glob(f"[0-9]*/{folder}/**/*")
        ),
        "snapshot since": _snapshots(course),
        "lists": {p.name: p.read_text() for p in course.folder.glob(f"marking/{BY_HAND}/*.csv")},
        "assignments": sorted(
            (a.name, a.points_possible, str(a.due_at), a.published, a.tool.url if a.tool else "")
            for a in world.assignments.values()
            if not a.deleted
        ),
        "overrides": sorted((o.student_ids, str(o.dates)) for o in world.overrides.values()),
        "schedule": course.crontab.read_text() if course.crontab.exists() else "",
        "scores": {
            (names[s.assignment_id], s.user_id): s.entered_score
            for s in world.submissions.values()
            if s.assignment_id in names and s.entered_score is not None
        },
        "comments": Counter(
            (names[s.assignment_id], s.user_id, world.files[file].name)
            for s in world.submissions.values()
            for comment in s.comments
            for file in comment.file_ids
        ),
    }


def _marks(course: SmallCourse) -> dict[str, tuple[str, bool, bool]]:
    gradebook = NbgraderGradebook(course.folder)
    names = (a for a in (NAME, BY_HAND) if a in course.practice.due)
    return {
        f"{name} {sid}": (str(row.score), row.autograded, row.needs_manual)
        for name in names
        for sid, row in gradebook.submissions(name).items()
    }


def _snapshots(course: SmallCourse) -> bool:
    """Whether a whole snapshot is there that was taken after the first one."""
    [_, *later] = sorted((course.practice.homes / SNAPSHOTS).iterdir())
    return any(set(course.practice.kinds) <= {p.name for p in found.iterdir()} for found in later)
