"""A small practice course for end-to-end tests: Canvas simulated, git remotes, homes, a crontab."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rudaux.cli.app import app
from rudaux.demo.course import PracticeCourse, build_course
from rudaux.demo.run import scores
from rudaux.demo.running import write_crontab_program
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.demo.students import Kind
from rudaux.domain.naming import StudentKey
from tests.documents import differences, example_for

TOKEN = "practice-token"
KINDS: tuple[Kind, ...] = ("right", "partly", "wrong", "missing", "right", "right", "right")
NAMES = ("Io", "Europa", "Ganymede", "Callisto", "Amalthea", "Himalia", "Thebe")


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class SmallCourse:
    """Everything a test looks at."""

    practice: PracticeCourse
    canvas: Simulator

    @property
    def folder(self) -> Path:
        """Return the course folder."""
        return self.practice.instructors

    @property
    def world(self) -> World:
        """Return what the simulated Canvas holds."""
        return self.canvas.world

    @property
    def crontab(self) -> Path:
        """Return the practice crontab."""
        return self.practice.folder / "crontab"

    def rudaux(self, *args: str, code: int | None = 0) -> Result:
        """Run a command in the course folder, unattended; with `code` None, any code will do."""
        if args[:1] == ("init",) and not {"--checked", "--no-check"} & set(args):
            args = (*args, "--no-check")  # a rehearsal in every test would take too long
        args = tuple(word for word in args if word != "--checked")
        done = CliRunner().invoke(app, [*args, "--no-prompt", "--dir", str(self.folder)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        result = Result(done.exit_code, done.stdout, done.stderr)
        assert code is None or result.code == code, (args, result)
        assert "Traceback" not in result.err, result.err
        assert TOKEN not in result.out + result.err
        if "--json" in args and result.out:
            assert list(differences(json.loads(result.out), example_for(args))) == [], args
        return result

    def edit(self, old: str, new: str, file: str = "rudaux.toml") -> None:
        """Change the configuration and commit it."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        self.commit()

    def commit(self) -> None:
        """Commit and push everything in the instructor checkout."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", "Change the course")
        git(self.folder, "push", "--quiet")

    def head(self, remote: str) -> str:
        """Return the newest commit of a remote."""
        return git(self.practice.folder / "remotes" / f"{remote}.git", "rev-parse", "main")

    def grades(self, assignment: str = "homework_1") -> dict[str, Decimal | None]:
        """Return the scores that Canvas shows."""
        shown = scores(self.world, assignment)
        return {sid: score for sid, score in shown.items() if sid in self.practice.kinds}

    def writes(self) -> int:
        """Return how many requests have changed something in Canvas."""
        return len(self.world.journal)

    def fingerprint(self) -> tuple[object, ...]:
        """Return everything that a run without anything to do leaves as it was."""
        gradebook = self.folder / "gradebook.db"
        return (
            self.writes(),
            self.head("instructors"),
            self.head("practice-course"),
            self.crontab.read_text() if self.crontab.exists() else None,
            dump(gradebook) if gradebook.exists() else None,
            git(self.folder, "status", "--porcelain"),
        )


def dump(database: Path) -> str:
    """Return a digest of a database's rows, whatever their order on disk."""
    with closing(sqlite3.connect(database)) as connection:
        rows = sorted(connection.iterdump())
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def git(folder: Path, *args: str) -> str:
    """Run git in a folder; return what it prints."""
    identity = ["-c", "user.name=Practice", "-c", "user.email=practice@example.edu"]
    done = subprocess.run(
        ["git", *identity, *args], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@contextmanager
def small_course(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    assignments: tuple[str, ...] = ("homework_1", "homework_3"),
    kinds: tuple[Kind, ...] = KINDS,
    hub_url: str = "https://hub.example.edu",
    student_id: StudentKey = "canvas",
) -> Iterator[SmallCourse]:
    """Build a course whose Canvas is served until the block ends.

    Homes are named after `student_id`; the SIS id of each student is the Canvas id of the next.
    """
    world = World.new(12345, "Practice course", token=TOKEN)
    world.add_tool("course", "Jupyter", url=f"{hub_url}/jupyter/hub/lti/launch")
    world.add_test_student()
    ids = [
        str(world.add_student(f"{moon} Jupiter", f"Jupiter, {moon}", f"{moon.lower()}@example.edu"))
        for moon in NAMES[: len(kinds)]
    ]
    world.backdate()
    if student_id == "sis":
        for sid, other in zip(ids, [*ids[1:], ids[0]], strict=True):
            world.users[int(sid)].sis_user_id = other
    if student_id != "canvas":
        people = [world.users[int(sid)] for sid in ids]
        ids = [str(p.login_id if student_id == "login" else p.sis_user_id) for p in people]
    with serve(world) as canvas:
        practice = build_course(
            folder, canvas.url, dict(zip(ids, kinds, strict=True)), datetime.now(timezone.utc),
            token=TOKEN, assignments=assignments, hub_url=hub_url,
        )  # fmt: skip
        write_crontab_program(folder)
        set_environment(monkeypatch, folder)
        course = SmallCourse(practice, canvas)
        if student_id != "canvas":
            course.edit("[jupyterhub]\n", f'[jupyterhub]\nstudent_id = "{student_id}"\n')
        yield course


def set_environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let commands find the practice crontab, and git a name for commits."""
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "Practice")
        monkeypatch.setenv(f"{name}_EMAIL", "practice@example.edu")
