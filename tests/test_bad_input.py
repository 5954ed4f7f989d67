"""What users get wrong, and what fails under them: one sentence, the right code, no change."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest

from tests.course import SmallCourse, git
from tests.kept import CourseAfter

INIT = ("init",)
GRADE = ("grade", "homework_1")


@pytest.fixture
def course(course_after: CourseAfter) -> SmallCourse:
    return course_after()


def refused(course: SmallCourse, command: tuple[str, ...], code: int, *words: str) -> str:
    """Run a command that is refused with these words and changes nothing; give the message."""
    before = course.fingerprint()
    result = course.rudaux(*command, code=code)
    for word in words:
        assert word in result.err, result.err
    assert course.fingerprint() == before
    assert result.err.splitlines()[-1].startswith("rudaux: ")
    return result.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[course]", "[course", ("not valid TOML", "line")),
        ('name = "practice"', 'nam = "practice"', ("course.nam", "name")),
        ("America/Vancouver", "America/Vancouvr", ("time zone", "America/Vancouver")),
        ("token_file = ", "token = ", ("token",)),
        ("points = 10", 'points = "ten"', ("points", "number")),
    ],
)
def test_a_wrong_rudaux_toml(
    course: SmallCourse, old: str, new: str, words: tuple[str, ...]
) -> None:
    course.edit(old, new)
    refused(course, INIT, 3, *words)


def test_an_engine_that_does_not_answer(
    course: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{course.folder}/nothing.sock")
    course.edit('executor = "process"', 'executor = "docker"')
    course.rudaux("init")
    refused(course, GRADE, 5, "Docker does not answer", "DOCKER_HOST")


def test_a_due_date_that_the_clocks_skip(course: SmallCourse) -> None:
    due = course.practice.due["homework_3"].replace(tzinfo=None).isoformat()
    course.edit(due, "2026-03-08T02:30:00")
    refused(course, INIT, 3, "2026-03-08", "America/Vancouver")


def test_all_mistakes_come_at_once(course: SmallCourse) -> None:
    course.edit("points = 10", "points = -1")
    course.edit("course_id = 12345", 'course_id = "x"')
    refused(course, INIT, 3, "points", "course_id")


def test_no_rudaux_toml(course: SmallCourse) -> None:
    (course.folder / "rudaux.toml").rename(course.folder / "elsewhere.toml")
    refused(course, INIT, 3, "rudaux new")


def test_an_unknown_assignment(course: SmallCourse) -> None:
    refused(course, ("grade", "homwork_1"), 2, "homwork_1", "Did you mean homework_1?")
    refused(course, ("submit", "x"), 2, '"x"')


def test_no_source_folder(course: SmallCourse) -> None:
    shutil.rmtree(course.folder / "source" / "homework_1")
    course.commit()
    refused(course, INIT, 3, "source/homework_1")


def test_a_source_without_a_notebook(course: SmallCourse) -> None:
    (course.folder / "source" / "homework_1" / "homework_1.ipynb").unlink()
    course.commit()
    refused(course, INIT, 3, "homework_1", "notebook")


def test_no_token(course: SmallCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CANVAS_TOKEN", raising=False)
    (course.practice.folder / "canvas-token").unlink()
    refused(course, INIT, 3, "CANVAS_TOKEN")


def test_a_refused_token_and_a_missing_permission_are_told_apart(course: SmallCourse) -> None:
    tokens = dict(course.world.tokens)
    course.world.tokens.clear()
    refused(course, INIT, 5, "refused the access token")
    course.world.tokens.update(tokens)
    dialects: tuple[Literal[401, 403], ...] = (401, 403)
    for dialect in dialects:
        course.canvas.switches.permission_status = dialect
        course.canvas.switches.may_read_roster = False
        refused(course, INIT, 5, "does not allow", "Canvas administrator")


def test_an_unknown_course(course: SmallCourse) -> None:
    course.edit("course_id = 12345", "course_id = 54321")
    refused(course, INIT, 5, "54321", "canvas.course_id")


def test_a_missing_or_ambiguous_tool(course: SmallCourse) -> None:
    course.world.add_tool("course", "Jupyter", url="https://other.example.edu")
    refused(course, INIT, 3, "2 external tools", "Jupyter")
    course.world.tools.clear()
    refused(course, INIT, 3, "external_tool_name")


def test_two_canvas_assignments_of_one_name(course: SmallCourse) -> None:
    for _ in range(2):
        course.world.add_assignment("homework_1")
    refused(course, INIT, 5, "2 assignments named", "homework_1")


def test_no_storage_root(course: SmallCourse) -> None:
    course.rudaux("init")
    course.practice.homes.rename(course.practice.folder / "elsewhere")
    refused(course, GRADE, 5, "homes")


def test_an_unreachable_remote(course: SmallCourse) -> None:
    remote = course.practice.folder / "remotes" / "practice-course.git"
    before = course.writes()
    remote.rename(remote.with_name("gone.git"))
    result = course.rudaux("init", code=5)
    assert "practice-course" in result.err
    assert course.writes() == before


def test_a_refused_push_leaves_canvas_alone(course: SmallCourse) -> None:
    hook = course.practice.folder / "remotes" / "practice-course.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho no pushing today >&2\nexit 1\n")
    hook.chmod(0o755)
    before, writes = course.head("practice-course"), course.writes()
    result = course.rudaux("init", code=5)
    assert "no pushing today" in result.err or "refused" in result.err
    assert (course.head("practice-course"), course.writes()) == (before, writes)
    hook.unlink()
    course.rudaux("init")
    assert course.head("practice-course") != before


def test_a_locked_gradebook(course: SmallCourse) -> None:
    course.rudaux("init")
    with closing(sqlite3.connect(course.folder / "gradebook.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        result = course.rudaux("grade", "homework_1", code=5)
        assert "locked" in result.err


def test_a_gradebook_of_an_older_nbgrader(course: SmallCourse) -> None:
    course.rudaux("init")
    with closing(sqlite3.connect(course.folder / "gradebook.db")) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '724cde206c17'")
    refused(course, GRADE, 5, "nbgrader db upgrade")


def test_no_crontab_program(course: SmallCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = course.practice.folder / "few"
    folder.mkdir()
    for name in ("git", "sh", "cat", "cp"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    refused(course, INIT, 5, "crontab")


def test_canvas_that_cannot_be_reached(course: SmallCourse) -> None:
    course.edit(course.canvas.url, "http://127.0.0.1:9")
    refused(course, ("canvas", "students"), 5, "127.0.0.1")


def test_a_second_run_says_who_holds_the_course(
    course: SmallCourse, lock_elsewhere: Callable[[Path], None]
) -> None:
    lock_elsewhere(course.folder)
    refused(course, INIT, 4, "grade --auto")


@pytest.fixture
def lock_elsewhere() -> Iterator[Callable[[Path], None]]:
    """Hold a course's lock in another process, until the test ends."""
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from rudaux.adapters.ledger import SqliteLedger\n"
        "with SqliteLedger(Path(sys.argv[1]) / '.rudaux' / 'ledger.db').lock('grade --auto'):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    held = []

    def hold(folder: Path) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        held.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"

    yield hold
    for process in held:
        process.communicate("")


def test_a_leak_stops_the_release(course: SmallCourse) -> None:
    source = course.folder / "source" / "homework_1"
    (source / "helper.py").write_text("### BEGIN SOLUTION\nanswer = 42\n### END SOLUTION\n")
    course.commit()
    refused(course, INIT, 3, "helper.py", "nothing was released")
    assert "helper.py" not in git(
        course.practice.folder / "remotes" / "practice-course.git", "ls-tree", "-r", "main"
    )
