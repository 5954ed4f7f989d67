"""Runs that nobody watches: who is told of their end, by a real mail server and a real web hook."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiosmtpd.controller import Controller
from filelock import FileLock

from rudaux.demo.students import Kind
from tests.course import TOKEN, SmallCourse
from tests.kept import CourseAfter

KINDS: tuple[Kind, ...] = ("right", "right", "right", "missing")
SECRET = "hook-secret-4711"


@pytest.fixture
def course(course_after: CourseAfter) -> SmallCourse:
    return course_after(("init",), assignments=("homework_1",), kinds=KINDS)


class Hook:
    """A web hook that keeps what it is sent, or says nothing for `silence` seconds."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.silence = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(outer.silence)
                outer.got.append(json.loads(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/{SECRET}"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.got]


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()


def tell(course: SmallCourse, *addresses: str, on: str = "") -> None:
    """Give the course addresses to tell."""
    urls = course.practice.folder / "addresses"
    urls.write_text("# where to\n" + "\n".join(addresses) + "\n")
    urls.chmod(0o600)
    course.edit("[grading]", f'[notify]\nurls_file = "{urls}"\n{on}\n[grading]')


def work_of(course: SmallCourse, student: str) -> list[Path]:
    """The student's notebook in each snapshot."""
    snapshots = course.practice.homes / ".zfs" / "snapshot"
    return sorted(snapshots.glob(f"*/{student}/**/homework_1.ipynb"))


@contextmanager
def canvas_down(course: SmallCourse) -> Iterator[None]:
    course.canvas.switches.fault = lambda method, path: "maintenance"
    try:
        yield
    finally:
        course.canvas.switches.fault = None


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nobody: a Canvas that is down is down."""
    monkeypatch.setattr("rudaux.adapters.canvas.wire.BUDGET", 0.0)


def test_a_graded_assignment_is_told_once_and_names_nobodys_grade(
    course: SmallCourse, hook: Hook
) -> None:
    tell(course, hook.url)
    shown = course.rudaux("grade", "--auto")
    [done] = hook.got
    assert re.fullmatch(r"\S+ homework_1: 3 graded", done["title"])
    assert "Median: 10 of 10" in done["message"]
    assert "rudaux status homework_1" in done["message"]
    assert not [
        n for n in ("Io", "Europa", "Ganymede", "Callisto") if n in done["title"] + done["message"]
    ]
    course.rudaux("grade", "--auto")
    assert len(hook.got) == 1
    assert SECRET not in shown.out + shown.err


def test_a_problem_is_told_once_a_day_and_its_end_too(course: SmallCourse, hook: Hook) -> None:
    tell(course, hook.url)
    with canvas_down(course):
        for _ in range(2):
            course.rudaux("grade", "--auto", code=5)
    [problem] = hook.got
    assert problem["title"].endswith("`rudaux grade` stopped: another system failed")
    for fact in (str(course.folder), "homework_1", "all 4 students", "rudaux grade --auto"):
        assert fact in problem["message"]
    course.rudaux("grade", "--auto")
    over, done = hook.titles[1:]
    assert over == f"Over: {problem['title']}"
    assert done.endswith("3 graded")
    before = len(hook.got)
    course.rudaux("grade", "--auto")
    assert len(hook.got) == before
    assert TOKEN not in json.dumps(hook.got)


def test_a_failed_submission_is_told_with_name_and_reason(course: SmallCourse, hook: Hook) -> None:
    tell(course, hook.url, on='on = ["problem"]')
    student = next(iter(course.practice.kinds))
    for work in work_of(course, student):
        work.write_text(work.read_text()[:300])
    course.rudaux("grade", "--auto", code=4)
    failed, stopped = hook.got
    assert "1 submission could not be graded" in failed["title"]
    assert "Io Jupiter: homework_1.ipynb is not valid JSON" in failed["message"]
    assert "wait for your decision" in stopped["title"]
    assert "1 missing and 1 failed" in stopped["message"]
    course.edit("[grading]", "[grading]\nzero_guard = 0.9")
    course.rudaux("grade", "--auto", code=6)
    assert hook.titles[2:] == [f"Over: {stopped['title']}"]


def test_a_mistake_in_the_configuration_and_a_bug_are_told(
    course: SmallCourse, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(course, hook.url)
    course.edit("[grading]", "[grading]\njobz = 1")
    course.rudaux("grade", "--auto", code=3)
    assert "jobz" in hook.got[0]["message"]
    course.edit("[grading]\njobz = 1", "[grading]")

    def stumble(*_: object) -> None:
        raise ZeroDivisionError(f"with {TOKEN}")

    monkeypatch.setattr("rudaux.workflows.access.require_open", stumble)
    with pytest.raises(ZeroDivisionError):
        course.rudaux("grade", "--auto")
    assert "a bug in rudaux" in hook.titles[-1]
    assert TOKEN not in json.dumps(hook.got)


def test_an_address_that_nobody_answers_neither_fails_nor_delays_a_run(
    course: SmallCourse, hook: Hook
) -> None:
    with socket.socket() as closed, socket.create_server(("127.0.0.1", 0)) as silent:
        closed.bind(("127.0.0.1", 0))
        nobody = f"json://127.0.0.1:{closed.getsockname()[1]}/{SECRET}"
        mute = f"mailto://127.0.0.1:{silent.getsockname()[1]}?from=b@example.edu&to=a@example.edu"
        hook.silence = 60.0
        tell(course, hook.url, nobody, "bogus://what", mute)
        with canvas_down(course):
            started = time.monotonic()
            shown = course.rudaux("grade", "--auto", code=5)
            assert time.monotonic() - started < 12
    assert "No message reached address 1: JSON at 127.0.0.1" in shown.err
    assert "address 4: E-Mail to a@example.edu" in shown.err
    assert "bogus" not in shown.err
    assert SECRET not in shown.out + shown.err


def test_mail_arrives_as_plain_words(course: SmallCourse) -> None:
    mails: list[bytes] = []

    class Keep:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            mails.append(envelope.content)
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(Keep(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        tell(course, f"mailto://127.0.0.1:{port}?from=cron@example.edu&to=ann@example.edu")
        with canvas_down(course):
            course.rudaux("grade", "--auto", code=5)
    finally:
        server.stop()
    [raw] = mails
    mail = message_from_bytes(raw, policy=policy.default)
    assert "stopped: another system failed" in mail["Subject"]
    body = mail.get_body(("plain", "html"))
    assert body is not None
    assert "rudaux grade --auto" in body.get_content()
    assert "homework_1" in body.get_content()


def test_a_wrong_clock_neither_collects_nor_pushes(course: SmallCourse) -> None:
    course.canvas.switches.clock_offset = timedelta(days=-1)
    before = course.fingerprint()
    told = course.rudaux("grade", "--auto", code=5).err
    assert "ahead of Canvas's" in told
    assert len(re.findall(r"\d\d:\d\d:\d\d", told)) == 2
    assert course.fingerprint() == before
    course.canvas.switches.clock_offset = timedelta(minutes=4)
    course.rudaux("grade", "--auto")
    assert course.grades() == course.practice.expected("homework_1")
    course.canvas.switches.clock_offset = timedelta(minutes=6)
    writes = course.writes()
    assert "behind Canvas's" in course.rudaux("submit", "homework_1", code=5).err
    assert course.writes() == writes


def test_a_second_run_waits_for_the_first_and_then_leaves(course: SmallCourse, hook: Hook) -> None:
    tell(course, hook.url)
    course.edit("[notify]", '[schedule]\nwait = "2s"\n\n[notify]')
    lock = FileLock(str(course.folder / ".rudaux" / "lock"), thread_local=False)
    lock.acquire()
    started = time.monotonic()
    assert "in use by" in course.rudaux("grade", "--auto", code=4).err
    assert 2 <= time.monotonic() - started < 6
    assert "a person must decide" in hook.titles[0]
    threading.Timer(0.7, lock.release).start()
    course.rudaux("grade", "--auto")
    assert course.grades() == course.practice.expected("homework_1")


def test_only_rudauxs_own_old_logs_go(course: SmallCourse) -> None:
    logs = course.folder / "logs"
    logs.mkdir(exist_ok=True)
    names = ["grade-2020-01-01.log", "grade-notes.log", "other.log", "grade-2020-01-02.log"]
    for name in names:
        (logs / name).write_text("x")
    (logs / "grade-2020-01-03.log").symlink_to(logs / "other.log")
    for name in names[:3]:
        os.utime(logs / name, (0, 0))
    assert "Would remove 1 log" in course.rudaux("grade", "--auto", "--dry-run").err
    assert (logs / names[0]).exists()
    for _ in range(2):
        course.rudaux("grade", "--auto")
        assert sorted(p.name for p in logs.iterdir()) == [
            "grade-2020-01-02.log", "grade-2020-01-03.log", "grade-notes.log", "other.log",
        ]  # fmt: skip


def test_notify_says_who_is_told_and_tries_it(course: SmallCourse, hook: Hook) -> None:
    assert "has no [notify]" in course.rudaux("notify").out
    course.rudaux("notify", "--test", code=3)
    tell(course, hook.url)
    shown = course.rudaux("notify", "--test").out
    assert "address 1: JSON at 127.0.0.1" in shown
    assert SECRET not in shown
    assert [title.partition(": ")[2] for title in hook.titles] == ["a test message"]
    course.rudaux("notify")
    assert len(hook.got) == 1
    (course.practice.folder / "addresses").chmod(0o644)
    assert "chmod 600" in course.rudaux("notify", code=3).err


# --- as cron runs it ------------------------------------------------------------------------------

BARE = {"HOME": "/", "LOGNAME": "root", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}


def as_cron(course: SmallCourse) -> subprocess.CompletedProcess[str]:
    """Run the crontab's command for grading; what it prints is what cron would mail."""
    return subprocess.run(
        as_cron_would(course), env=BARE, cwd="/", capture_output=True, text=True, check=False
    )


def as_cron_would(course: SmallCourse) -> list[str]:
    line = f"{sys.executable} -m rudaux grade --auto --dir {course.folder} --log"
    return ["/bin/sh", "-c", line]


def log_of(course: SmallCourse) -> str:
    [log] = (course.folder / "logs").glob("grade-*.log")
    assert log.stat().st_mode & 0o077 == 0
    return log.read_text()


def test_cron_mails_nothing_but_a_bad_end_and_the_log_keeps_all(course: SmallCourse) -> None:
    course.practice.homes.rename(course.practice.folder / "elsewhere")
    done = as_cron(course)
    assert done.returncode == 5
    assert done.stdout == ""
    assert done.stderr.count("\n") < 15
    for fact in ("stopped: another system failed", "homework_1", "homes", "rudaux grade --auto"):
        assert fact in done.stderr
    assert "rudaux: " in log_of(course)
    assert str(course.folder / "logs") in done.stderr
    (course.practice.folder / "elsewhere").rename(course.practice.homes)
    done = as_cron(course)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "homework_1" in log_of(course)
    assert course.grades() == course.practice.expected("homework_1")


def test_a_run_that_hangs_is_ended_with_its_kernels_and_the_next_goes_on(
    course: SmallCourse, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(course, hook.url)
    student = next(iter(course.practice.kinds))
    works = work_of(course, student)
    whole = works[0].read_text()
    marker = course.practice.folder / "kernel-pid"
    notebook = json.loads(whole)
    code = next(c for c in notebook["cells"] if c["cell_type"] == "code")
    code["source"] = (
        f"import os, time\nopen('{marker}','w').write(str(os.getpid()))\ntime.sleep(99)"
    )
    for work in works:
        work.write_text(json.dumps(notebook))
    course.edit("[notify]", '[schedule]\nlimit = "20s"\n\n[notify]')
    course.edit("cell_timeout = 5", "cell_timeout = 90")
    done = as_cron(course)
    assert done.returncode == 5, done
    assert done.stderr == ""
    assert "was still running after 20s" in hook.got[-1]["message"]
    assert "was still running after 20s" in log_of(course)
    assert not psutil.pid_exists(int(marker.read_text()))
    assert [p for p in psutil.process_iter(["cmdline"]) if _about(p, course)] == []
    course.edit('limit = "20s"', 'limit = "6h"')
    course.edit("cell_timeout = 90", "cell_timeout = 5")  # what hung was collected already
    for work in works:
        work.write_text(whole)
    as_cron(course)
    assert [t.startswith("Over") for t in hook.titles].count(True) == 1


def test_a_run_that_hangs_leaves_no_container(course: SmallCourse, docker_image: str) -> None:
    student = next(iter(course.practice.kinds))
    for work in work_of(course, student):
        notebook = json.loads(work.read_text())
        cell = next(c for c in notebook["cells"] if c["cell_type"] == "code")
        cell["source"] = "import time\ntime.sleep(99)"
        work.write_text(json.dumps(notebook))
    course.edit('executor = "process"', f'executor = "docker"\nimage = "{docker_image}"')
    course.edit("[grading]", '[schedule]\nlimit = "25s"\n\n[grading]')
    course.edit("cell_timeout = 5", "cell_timeout = 90")
    label = f"rudaux.course={socket.gethostname()}:{course.folder}"
    # Without time to close anything, as where it does not even hear that it is to end.
    args = ["grade", "--auto", "--dir", str(course.folder), "--log"]
    code = f"import sys, rudaux.cli.guard as g; g.GRACE = 0.01; sys.exit(g.run({args}))"
    guard = subprocess.Popen([sys.executable, "-c", code], env=BARE, stderr=subprocess.PIPE)
    seen = ""
    while guard.poll() is None:
        seen = seen or containers(label)
        time.sleep(0.5)
    assert guard.returncode == 5
    assert guard.stderr is not None
    assert b"was still running after 25s" in guard.stderr.read()
    assert seen
    assert containers(label) == ""


def containers(label: str) -> str:
    command = ["docker", "ps", "-aq", "--filter", f"label={label}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _about(process: psutil.Process, course: SmallCourse) -> bool:
    return any(str(course.folder) in word for word in process.info["cmdline"] or ())


def test_a_run_that_is_killed_is_told(course: SmallCourse, hook: Hook) -> None:
    tell(course, hook.url)
    course.canvas.switches.latency_ms = 400
    command = [sys.executable, "-m", "rudaux", "grade", "--auto", "--dir", str(course.folder)]
    guard = subprocess.Popen(command, env=BARE, stderr=subprocess.PIPE)
    until = time.monotonic() + 20
    while not (child := psutil.Process(guard.pid).children()) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.0)
    child[0].send_signal(signal.SIGKILL)
    guard.communicate(timeout=30)
    assert guard.returncode == 128 + signal.SIGKILL
    assert "SIGKILL" in hook.got[0]["message"]
    course.canvas.switches.latency_ms = 0
    course.rudaux("grade", "--auto")
    assert course.grades() == course.practice.expected("homework_1")
