"""`rudaux check` on a whole course: real nbgrader, executors and git, Canvas over HTTP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from rudaux import Assignment, Course
from rudaux.adapters.cron import CronTable
from rudaux.adapters.hub import ask, look_at_hub
from rudaux.domain.links import Hub
from tests.course import SmallCourse, dump
from tests.kept import CourseAfter

Found = dict[str, dict[str, str]]


def code(source: str, name: str = "", points: float | None = None, **meta: bool) -> dict[str, Any]:
    """A code cell; with points a test, with `solution` an answer."""
    nbgrader: dict[str, Any] = {
        "schema_version": 3, "grade_id": name, "locked": points is not None,
        "grade": points is not None, "solution": False, "task": False, **meta,
    }  # fmt: skip
    if points is not None:
        nbgrader["points"] = points
    metadata = {"nbgrader": nbgrader} if name else {}
    cell = {"cell_type": "code", "metadata": metadata, "source": source}
    return {**cell, "execution_count": None, "outputs": []}


def answer(source: str, name: str) -> dict[str, Any]:
    """An answer with a solution region."""
    return code(f"### BEGIN SOLUTION\n{source}\n### END SOLUTION", name, solution=True)


def write(course: SmallCourse, *cells: dict[str, Any]) -> None:
    """Make these cells the source of homework_1."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": list(cells), "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 4,
    }  # fmt: skip
    file = course.folder / "source" / "homework_1" / "homework_1.ipynb"
    file.write_text(json.dumps(notebook))
    course.commit()


FLAWED = (
    answer("def double(x):\n    return 2 * x", "double"),
    code("assert double(2) == 4", "right", 1),
    code("assert double(2) == 5", "wrong", 1),
    code("assert 1 + 1 == 2", "for_nothing", 1),
    code("import time\ntime.sleep(3)\nassert double(1) == 2", "slow", 1),
    code("assert open('kept-back.csv').read()", "reads", 1),
    code(
        "import socket\ntry:\n    socket.create_connection(('203.0.113.7', 9), 0.05)\n"
        "except OSError:\n    pass\nassert double(1) == 2",
        "calls_out", 1,
    ),
    {
        "cell_type": "markdown", "source": "Explain.",
        "metadata": {"nbgrader": {
            "schema_version": 3, "grade_id": "essay", "locked": False, "grade": True,
            "solution": True, "task": False, "points": 0,
        }},
    },
)  # fmt: skip


@pytest.fixture
def course(course_after: CourseAfter) -> SmallCourse:
    return course_after(assignments=("homework_1",))


def found(course: SmallCourse, *args: str, code: int | None = None) -> Found:
    """What a check says, by name."""
    result = course.rudaux("check", *args, "--json", code=code)
    return {c["name"]: c for c in json.loads(result.out)["checks"]}


def test_every_flaw_of_an_assignment_is_named_with_its_remedy(course: SmallCourse) -> None:
    course.rudaux("init")
    before = dump(course.folder / "gradebook.db")
    write(course, *FLAWED)
    checks = found(course, "homework_1", code=3)
    amiss = {name: c for name, c in checks.items() if c["result"] != "ok"}
    assert all(c["remedy"] for c in amiss.values())
    assert set(amiss) == {
        "solution", "untouched", "time", "network", "files", "points", "marks by hand",
    }  # fmt: skip
    assert "for_nothing" in amiss["untouched"]["text"]
    assert "slow" in amiss["time"]["text"]
    assert "calls_out uses the network (203.0.113.7)" in amiss["network"]["text"]
    assert amiss["files"]["text"] == "reads reads kept-back.csv, which is not released"
    assert "the cells add up to 6, but Canvas shows 10" in amiss["points"]["text"]
    assert amiss["marks by hand"]["text"] == "essay is marked by hand but has no points"
    assert dump(course.folder / "gradebook.db") == before
    assert not (course.folder / "submitted" / "solution-0").exists()
    assert list((course.folder / ".rudaux" / "scratch").iterdir()) == []


def test_a_test_that_differs_from_run_to_run_is_flaky(course: SmallCourse, tmp_path: Path) -> None:
    # In a file of this machine, for the executor that hides none: each run is another one.
    turn = tmp_path / "turn"
    write(
        course,
        answer("x = 1", "x"),
        code(f"open({str(turn)!r}, 'a').write('.')", "seed", 0),
        code(f"import os\nassert x == 1 and os.path.getsize({str(turn)!r}) != 2", "turns", 1),
    )
    course.edit("jobs = 2", "jobs = 1")
    checks = found(course, "homework_1", code=3)
    flaky = checks["flaky"]
    assert flaky["text"].startswith("turns: the solution passed in 2 of 3 runs (AssertionError")
    assert "seed" in flaky["remedy"]
    assert "solution" not in checks


@pytest.mark.parametrize("executor", ["process", "sandbox"])
def test_a_sound_assignment_is_found_sound_where_it_is_graded(
    course: SmallCourse, executor: str
) -> None:
    course.edit("points = 10", "points = 3")
    if executor != "process":
        course.edit('executor = "process"', f'executor = "{executor}"')
    result = course.rudaux("check", "homework_1")
    assert "✓ ok      solution       gets all 3 points of 4 tests, 3 times over" in result.out
    assert "release, handed in untouched, gets 0 points" in result.out
    again = course.rudaux("check", "homework_1")
    assert again.out == result.out
    assert "nothing has changed since" in again.err


def test_a_sound_assignment_is_found_sound_in_a_container(
    course: SmallCourse, docker_image: str
) -> None:
    course.edit('executor = "process"', f'executor = "docker"\nimage = "{docker_image}"')
    course.edit("points = 10", "points = 3")
    assert found(course, "homework_1", code=0)["solution"]["result"] == "ok"


def test_init_stops_unattended_before_a_solution_that_fails_its_own_tests(
    course: SmallCourse,
) -> None:
    write(course, answer("x = 1", "x"), code("assert x == 2", "wrong", 1))
    before = course.fingerprint()
    result = course.rudaux("init", "--checked", code=4)
    assert "wrong: the solution got 0 of 1 points (AssertionError" in result.out
    assert "--no-check would have allowed it" in result.err
    assert course.fingerprint() == before
    course.rudaux("init", "--no-check")


def test_init_shows_what_is_worth_a_look_goes_on_and_rehearses_nothing_twice(
    course: SmallCourse,
) -> None:
    first = course.rudaux("init", "--checked")
    assert "each point counts 3.3333 there" in first.out
    assert "Checking homework_1" in first.err
    second = course.rudaux("init", "--checked")
    assert "Checking" not in second.err


def test_init_goes_on_where_nothing_can_be_run_and_says_so(
    course: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    course.edit('executor = "process"', 'executor = "docker"')
    result = course.rudaux("init", "--checked")
    assert "✗ broken  executor       nothing was checked: Docker does not answer" in result.out
    assert found(course, "homework_1", code=5)["executor"]["result"] == "broken"


def test_python_gets_the_same_checks(course: SmallCourse) -> None:
    checks = Assignment("homework_1", course=Course(course.folder, auto=True)).check()
    assert {c.name: c.result for c in checks}["solution"] == "ok"


def test_what_a_newcomers_machine_has_wrong_is_named(
    course: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.rudaux("init")
    [token] = course.world.tokens.values()
    token.expires_at = datetime.now(timezone.utc) + timedelta(hours=20)
    course.world.course.time_zone = "America/Toronto"
    course.canvas.switches.clock_offset = timedelta(minutes=10)
    old = 'external_tool_name = "Jupyter"'
    course.edit(old, f'{old}\nexternal_tool_level = "account"')
    homes = sorted(p for p in course.practice.homes.iterdir() if p.name != ".zfs")
    for gone in homes[:4]:
        subprocess.run(["mv", gone, course.practice.folder / f"gone-{gone.name}"], check=True)
    refused = "sh -c 'echo Permission denied >&2; exit 1'"
    subprocess.run(
        ["git", "config", "remote.origin.receivepack", refused], cwd=course.folder, check=True
    )
    monkeypatch.setattr(CronTable, "is_running", lambda self: False)
    checks = found(course, code=5)
    amiss = {name: c for name, c in checks.items() if c["result"] != "ok"}
    assert all(c["remedy"] for c in amiss.values())
    said = {name: c["text"] for name, c in amiss.items()}
    assert "which is in 20 hours" in said["token"]
    assert "Canvas America/Toronto" in said["time zone"]
    assert "10 minutes behind Canvas's" in said["clock"]
    assert "not at account level in Canvas, but at course level" in said["tool"]
    assert said["homes"].startswith("3 of 7 students have a home")
    assert "remote refused this account" in f"{said['instructors']} {amiss['instructors']}"
    assert "no cron daemon" in said["daemon"]
    assert "practice-token" not in json.dumps(checks)


def test_a_missing_snapshot_is_named_with_its_deadline(course: SmallCourse) -> None:
    course.rudaux("init")
    folder = course.practice.homes / ".zfs" / "snapshot"
    newest = max(folder.iterdir())
    subprocess.run(["mv", newest, course.practice.folder / "gone"], check=True)
    deadline = found(course)["deadline"]
    assert deadline["result"] == "broken"
    assert "homework_1, due" in deadline["text"]
    assert "no snapshot at or after" in deadline["text"]


@pytest.fixture
def site() -> Iterator[Callable[[Callable[[str], tuple[int, str, str]]], str]]:
    """Serve answers (status, location, body) by path; give the address."""
    servers: list[ThreadingHTTPServer] = []

    def serve(answers: Callable[[str], tuple[int, str, str]]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, location, body = answers(self.path)
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_login_page_before_the_hub_is_told_from_a_wrong_address(
    site: Callable[[Callable[[str], tuple[int, str, str]]], str],
) -> None:
    sso = site(lambda path: (200, "", "<form><input type=password></form>"))
    guarded = site(lambda path: (302, f"{sso}/login?next=x", ""))
    seen = look_at_hub(Hub(guarded))
    assert (seen.version, seen.login, seen.answers) == ("", f"{sso}/login", True)
    plain = site(lambda path: (404, "", "nothing here"))
    assert look_at_hub(Hub(plain)).login == ""
    assert (ask(f"{plain}/hub/lti/launch"), ask(f"{guarded}/x")) == (404, 302)
