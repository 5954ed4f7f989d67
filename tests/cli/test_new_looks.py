"""`rudaux new` looks before it asks: into Canvas, git, the hub's address and the homes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rudaux.config import load_config
from rudaux.demo.simulator.entities import OtherCourse
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from tests.cli.terminal import ForkedTerminal
from tests.cli.test_new import RUDAUX, SOMEBODYS
from tests.config.older import SECOND
from tests.course import git

TOKEN = "practice-token"
CLEAR = "\x15"
DEAD = "http://127.0.0.1:9"


class HubPage(BaseHTTPRequestHandler):
    """Says what a hub below /jupyter says to anybody."""

    def do_GET(self) -> None:
        moved = self.path == "/"
        there = self.path.startswith("/jupyter/hub/")
        self.send_response(302 if moved else 200 if there else 404)
        if moved:
            self.send_header("Location", "/jupyter/hub/login")
        self.end_headers()
        if self.path == "/jupyter/hub/api":
            self.wfile.write(b'{"version": "5.2.1"}')

    def log_message(self, *args: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), HubPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def canvas(hub: str) -> Iterator[Simulator]:
    world = World.new(12345, "DSCI 100", "Europe/Berlin", token=TOKEN)
    world.course.term = "Fall 2026"
    world.other_courses += [
        OtherCourse(99999, "STAT 201"),
        OtherCourse(4, "Long ago", restricted=True),
        OtherCourse(5, "Taken myself", role="student"),
    ]
    world.add_tool("account", "Jupyter", url=f"{hub}/jupyter/hub/lti/launch")
    world.add_tool("course", "A chat", url="https://chat.example.edu")
    for name in ("Io", "Europa", "Ganymede"):
        world.add_student(name, name, f"{name}@example.edu")
    due = datetime(2026, 10, 1, 21, 59, 59, tzinfo=timezone.utc)
    world.add_assignment("homework_1", 12.5, due)
    world.add_assignment("homework_10", 3, due)
    with serve(world) as running:
        yield running


@pytest.fixture
def course(tmp_path: Path, canvas: Simulator) -> Path:
    """A course folder with a checkout of the student repository beside it, and the homes."""
    for name in ("instructors", "dsci-100"):
        git(tmp_path, "init", "--quiet", "--bare", f"remotes/{name}.git")
        git(tmp_path, "clone", "--quiet", f"remotes/{name}.git", name)
        git(tmp_path / name, "remote", "set-url", "origin", f"{tmp_path}/remotes/{name}.git")
    for name in ("homework_1", "homework_2"):
        (tmp_path / "instructors" / "source" / name).mkdir(parents=True)
    git(tmp_path, "clone", "--quiet", "remotes/instructors.git", "a-tool")
    git(tmp_path / "a-tool", "remote", "set-url", "origin", "https://example.edu/rudaux.git")
    (tmp_path / "a-tool" / "src" / "rudaux").mkdir(parents=True)
    students = [e.user_id for e in canvas.world.enrollments.values() if "Student" in e.type]
    for home in students[:2]:
        (tmp_path / "homes" / str(home)).mkdir(parents=True)
    return tmp_path / "instructors"


def started(
    course: Path, *args: str, token: str = TOKEN, docker: str = "--executor=docker"
) -> ForkedTerminal:
    env = {"CANVAS_TOKEN": token, "HOME": str(course.parent)}
    return ForkedTerminal([RUDAUX, "new", *([docker] if docker else []), *args], course, env)


def reply(terminal: ForkedTerminal, question: str, keys: str) -> None:
    """Wait until a question is there, and answer it."""
    terminal.wait_for(question)
    terminal.press(keys)


def test_everything_that_is_found_is_offered(course: Path, canvas: Simulator, hub: str) -> None:
    terminal = started(course)
    reply(terminal, "Canvas's address", f"{canvas.url}\r")
    reply(terminal, "DSCI 100 · Fall 2026 · 12345", "\x1b[B\r")
    for question, found in (
        ("A short name", "DSCI 100"),
        ("Time zone", "Europe/Berlin"),
        ("Which tool", f"Jupyter · account · {hub}"),
        ("instructor repository", "instructors.git"),
        ("student repository", "dsci-100.git"),
        ("Folder of the student repository", "materials"),
        ("The hub's address", hub),
        ("The hub's prefix", "/jupyter"),
    ):
        terminal.wait_for(question)
        reply(terminal, found, "\r")
    terminal.wait_for("JupyterHub 5.2.1 answers there.")
    reply(terminal, "students' homes", f"{course.parent}/homes\r")
    terminal.wait_for("2 of 3 students have a home there.")
    reply(terminal, "its snapshots", "\r")
    terminal.wait_for("12.5 points, due Thu 1 Oct 2026 23:59")
    reply(terminal, "Take the dates", "y")
    assert terminal.ends() == 0
    config = load_config(course)
    assert (config.course.name, config.course.timezone.key) == ("DSCI 100", "Europe/Berlin")
    assert config.canvas.external_tool_level == "account"
    assert config.git.student_repo == f"{course.parent}/remotes/dsci-100.git"
    assert (config.jupyterhub.url, config.jupyterhub.base_url) == (hub, "/jupyter")
    (homework,) = config.assignments
    assert (homework.name, str(homework.points)) == ("homework_1", "12.5")
    assert homework.due.isoformat() == "2026-10-01T23:59:59+02:00"
    assert '# name = "homework_2"' in (course / "rudaux.toml").read_text()
    assert "Long ago" not in terminal.seen
    assert "Taken myself" not in terminal.seen
    assert TOKEN not in terminal.seen + (course / "rudaux.toml").read_text()


def test_wrong_answers_are_said_at_once_and_taken(course: Path, canvas: Simulator) -> None:
    terminal = started(
        course, "--canvas-url", canvas.url, "--course-id", "12345", "--name", "d",
        "--timezone", "UTC", "--tool", "Jupiter", "--level", "course", "--release-path", "m",
    )  # fmt: skip
    terminal.wait_for('Canvas has no external tool named "Jupiter" at course level')
    reply(terminal, "instructors.git", f"{CLEAR}{course}/nowhere.git\r")
    terminal.wait_for("Could not reach")
    reply(terminal, "dsci-100.git", "\r")
    terminal.wait_for("Git can read it.")
    reply(terminal, "The hub's address", f"{CLEAR}{DEAD}\r")
    terminal.wait_for(f"{DEAD} does not answer (connection refused)")
    reply(terminal, "The hub's prefix", f"{CLEAR}\r")
    reply(terminal, "students' homes", f"{course.parent}/nothing\r")
    terminal.wait_for("cannot be read (No such file or directory)")
    reply(terminal, "its snapshots", ".zfs/snapshot\r")
    terminal.wait_for("There is no folder")
    reply(terminal, "Take the dates", "n")
    assert terminal.ends() == 0
    config = load_config(course)
    assert config.canvas.external_tool_name == "Jupiter"
    assert config.git.instructor_repo == f"{course}/nowhere.git"
    assert config.jupyterhub.url == DEAD
    assert config.jupyterhub.storage_path == course.parent / "nothing"
    assert config.assignments == ()


def test_a_hub_below_another_prefix_and_homes_of_other_names(
    course: Path, canvas: Simulator, hub: str
) -> None:
    (course.parent / "other" / "io").mkdir(parents=True)
    terminal = started(
        course, "--canvas-url", canvas.url, "--course-id", "12345", "--name", "d",
        "--timezone", "UTC", "--tool", "A chat", "--level", "course", "--release-path", "m",
        "--instructor-repo", "/a.git", "--student-repo", "/b.git", "--snapshots", ".zfs",
    )  # fmt: skip
    reply(terminal, "https://chat.example.edu", f"{CLEAR}{hub}\r")
    terminal.wait_for("The hub's prefix")
    reply(terminal, "/jupyter", f"{CLEAR}\r")
    terminal.wait_for("its prefix seems to be /jupyter.")
    reply(terminal, "students' homes", f"{course.parent}/other\r")
    terminal.wait_for("None of the 3 students has a home there")
    terminal.wait_for("such as io.")
    reply(terminal, "Take the dates", "n")
    assert terminal.ends() == 0


@pytest.mark.parametrize(
    ("token", "where", "words"),
    [
        ("wrong-token", "", "Canvas refused the access token (invalid)"),
        (TOKEN, DEAD, "http://127.0.0.1:9 cannot be reached"),
    ],
)
def test_a_canvas_that_does_not_help_is_one_sentence_and_questions_go_on(
    course: Path, canvas: Simulator, token: str, where: str, words: str
) -> None:
    terminal = started(course, token=token)
    reply(terminal, "Canvas's address", f"{where or canvas.url}\r")
    terminal.wait_for(words)
    reply(terminal, "The number at the end of the course's address", "777\r")
    reply(terminal, "A short name", "d\r")
    reply(terminal, "Time zone", "\x03")
    assert terminal.ends() == 130
    assert token not in terminal.seen
    assert not (course / "rudaux.toml").exists()


def test_without_a_token_it_asks_as_ever_and_without_docker_it_says_so(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{course}/nothing.sock")
    terminal = started(
        course, "--timezone", "UTC", "--canvas-url", "https://canvas.example.edu",
        "--course-id", "1", "--tool", "Jupyter", "--level", "course", "--hub-url", DEAD,
        "--release-path", "m", "--base-url", "/j", "--storage", "/x", "--snapshots", ".zfs",
        token="", docker="",
    )  # fmt: skip
    reply(terminal, "A short name", "d\r")
    reply(terminal, "instructors.git", "\r")
    reply(terminal, "dsci-100.git", "\r")
    reply(terminal, "Docker does not answer on this machine. Run students' code in", "\r")
    assert terminal.ends() == 0
    assert load_config(course).grading.executor == "sandbox"
    assert "New Access Token" in terminal.seen


def test_a_token_in_the_usual_file_is_found_and_one_that_others_can_read_is_not_used(
    course: Path, canvas: Simulator
) -> None:
    file = course.parent / ".config" / "rudaux" / "canvas-token"
    file.parent.mkdir(parents=True)
    file.write_text(TOKEN)
    for mode, words in ((0o644, "can read the Canvas token file"), (0o600, "Which course?")):
        file.chmod(mode)
        terminal = started(course, "--canvas-url", canvas.url, token="")
        terminal.wait_for(words)
        terminal.press("\x03")
        terminal.ends()
        assert TOKEN not in terminal.seen


def test_what_an_older_file_says_is_tried_and_only_the_rest_is_asked(
    course: Path, canvas: Simulator
) -> None:
    text = (
        SECOND.replace("https://canvas.example.edu", canvas.url)
        .replace('"hub.example.edu"', f'"{DEAD}"')
        .replace("git@example.edu:org/dsci-100-instructors.git", f"{course}/nowhere.git")
        .replace("worksheet_01", "homework_1")
    )
    (course / "rudaux_config.py").write_text(text)
    (course / "rudaux.toml").write_text(SOMEBODYS)
    terminal = started(course, "--from", "rudaux_config.py")
    reply(terminal, "Replace it?", "y")
    reply(terminal, "Europe/Berlin", "\r")
    reply(terminal, "Jupyter · account", "\r")
    terminal.wait_for("Could not reach")
    reply(terminal, "dsci-100.git", "\r")
    terminal.wait_for(f"{DEAD} does not answer")
    reply(terminal, "The hub's prefix", f"{CLEAR}\r")
    terminal.wait_for("/tank-student/home/dsci100 cannot be read")
    reply(terminal, "Folder of its snapshots", "\r")
    reply(terminal, "12.5 points", "y")
    assert terminal.ends() == 0
    config = load_config(course)
    assert config.course.timezone.key == "Europe/Berlin"
    assert [a.name for a in config.assignments] == ["homework_1"]
    assert (course / "rudaux.toml.old").read_text() == SOMEBODYS
    assert "graders" in terminal.seen
