"""A course whose gradebook is in PostgreSQL, from init to grades in Canvas, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from nbgrader.api import Gradebook

from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.domain.execution import Execution
from tests.course import Result, SmallCourse, small_course
from tests.postgres import PASSWORD, Server

NAME = "homework_1"
ROWS = ("student", "assignment", "submitted_assignment", "grade", "comment")


@dataclass(frozen=True)
class OnServer:
    """A practice course, and the database that its options name."""

    course: SmallCourse
    server: Server
    url: str

    def rudaux(self, *args: str, code: int | None = 0) -> Result:
        """Run a command; no message shows the password."""
        done = self.course.rudaux(*args, code=code)
        for secret in (PASSWORD, quote(PASSWORD, safe="")):
            assert secret not in done.out + done.err
        return done

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        return self.server.sql(statement, self.url)

    def fingerprint(self) -> tuple[object, ...]:
        """Everything that a run which does nothing leaves as it was."""
        rows = [self.sql(f"SELECT t::text FROM {table} t ORDER BY 1") for table in ROWS]
        return (*self.course.fingerprint(), rows)


@pytest.fixture
def practice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Server
) -> Iterator[OnServer]:
    with small_course(tmp_path / "practice", monkeypatch, (NAME,)) as course:
        url = postgres.database()
        with (course.folder / "nbgrader_config.py").open("a") as config:
            config.write(f"c.CourseDirectory.db_url = {url!r}\n")
        course.commit()
        yield OnServer(course, postgres, url)


def test_a_term(practice: OnServer) -> None:
    course = practice.course
    practice.rudaux("init", "--dry-run")
    assert practice.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
    practice.rudaux("init")
    before = practice.fingerprint()
    assert "Everything is up to date" in practice.rudaux("init").out
    assert practice.fingerprint() == before
    practice.rudaux("grade", NAME)
    assert course.grades() == course.practice.expected(NAME)
    before = practice.fingerprint()
    assert "Canvas is up to date" in practice.rudaux("grade", NAME).out
    assert practice.fingerprint() == before
    assert not (course.folder / "gradebook.db").exists()

    [sid] = [s for s, kind in course.practice.kinds.items() if kind == "partly"]
    mark(practice, sid)
    assert practice.rudaux("gradebook", "scores", NAME).out.count("graded") == 1
    practice.rudaux("submit", NAME)
    assert course.grades()[sid] == 10
    shown = json.loads(practice.rudaux("status", "--json").out)
    assert shown["assignments"][0]["counts"]["pushed"] == 7

    course.world.set_state(int(sid), "deleted")
    practice.rudaux("gradebook", "sync")
    assert practice.sql(f"SELECT id FROM student WHERE id = '{sid}'")
    practice.rudaux("gradebook", "sync", "--remove-dropped", "--accept-roster")
    assert not practice.sql(f"SELECT id FROM student WHERE id = '{sid}'")
    assert "lacks" not in practice.rudaux("status").out
    [copy] = (course.folder / ".rudaux" / "backups").glob("*before-removing.dump")
    practice.rudaux("gradebook", "restore", str(copy))
    assert practice.sql(f"SELECT id FROM student WHERE id = '{sid}'")


def mark(practice: OnServer, student_id: str) -> None:
    """Give full points by hand for all of a student's work, as formgrader does."""
    with Gradebook(practice.url) as theirs:
        submission = theirs.find_submission(NAME, student_id)
        for grade in (g for n in submission.notebooks for g in n.grades):
            grade.manual_score, grade.needs_manual_grade = grade.cell.max_score, False
        theirs.db.commit()


def test_a_lost_database_is_put_back_from_the_newest_copy(practice: OnServer) -> None:
    practice.rudaux("init")
    practice.rudaux("grade", NAME)
    before = practice.fingerprint()
    practice.sql("DROP SCHEMA public CASCADE")
    practice.sql("CREATE SCHEMA public")
    said = practice.rudaux("grade", "--auto", code=5).err
    assert "lacks 6 submissions" in said
    [command] = [part for part in said.split("`") if part.startswith("rudaux gradebook restore")]
    practice.rudaux(*command.split()[1:])
    assert practice.fingerprint() == before
    assert practice.rudaux("gradebook", "backup").out.strip().endswith("asked.dump")


def test_a_server_that_goes_away_in_the_middle_loses_nothing(
    practice: OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.rudaux("init")
    score, scored = NbgraderGrader.score, []

    def cut_off(self: NbgraderGrader, execution: Execution, late: float) -> tuple[str, ...]:
        scored.append(execution.job.student_id)
        if len(scored) == 3:
            practice.server.stop()
        return score(self, execution, late)

    monkeypatch.setattr(NbgraderGrader, "score", cut_off)
    try:
        said = practice.rudaux("grade", NAME, code=5).err
        assert "cannot be reached" in said
        assert "cannot be reached" in practice.rudaux("status", code=5).err
        assert "cannot be reached" in practice.rudaux("gradebook", "backup", code=5).err
    finally:
        practice.server.start()
    assert len(said.strip().splitlines()[-1].split(". ")) == 1
    assert practice.course.writes() == 1  # the assignment that init made
    practice.rudaux("grade", NAME)
    assert practice.course.grades() == practice.course.practice.expected(NAME)
    assert len(scored) == 3 + 4  # neither of the first two anew


def test_a_run_that_is_killed_goes_on(practice: OnServer) -> None:
    practice.rudaux("init")
    marked = "SELECT count(DISTINCT notebook_id) FROM grade WHERE auto_score IS NOT NULL"
    command = [sys.executable, "-m", "rudaux", "grade", NAME, "--no-prompt", "--dir"]
    for enough in (1, 3):
        run = subprocess.Popen(
            [*command, str(practice.course.folder)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        while run.poll() is None and practice.sql(marked) < [(enough,)]:
            time.sleep(0.02)
        assert run.poll() is None
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    practice.rudaux("grade", NAME)
    assert practice.course.grades() == practice.course.practice.expected(NAME)
    assert "Canvas is up to date" in practice.rudaux("grade", NAME).out


def test_where_no_copy_can_be_made_a_run_says_so_and_nothing_is_removed(
    practice: OnServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.rudaux("init")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh", "env", "nice"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{practice.course.practice.folder / 'bin'}:{programs}")
        said = practice.rudaux("grade", NAME).err
        assert said.count("does not back up the gradebook: the gradebook") == 1
        assert practice.course.grades() == practice.course.practice.expected(NAME)
        sid = next(s for s, k in practice.course.practice.kinds.items() if k == "right")
        practice.course.world.set_state(int(sid), "deleted")
        practice.rudaux("gradebook", "sync", "--remove-dropped", code=5)
        assert practice.sql(f"SELECT id FROM student WHERE id = '{sid}'")
        assert "postgresql-client" in practice.rudaux("gradebook", "backup", code=5).err


def test_a_newer_schema_is_a_sentence_before_anything_is_done(practice: OnServer) -> None:
    practice.rudaux("init")
    practice.sql("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    for command in (("status",), ("grade", NAME), ("init",), ("submit", NAME)):
        assert "upgrade nbgrader" in practice.rudaux(*command, code=5).err
    assert practice.course.writes() == 1
