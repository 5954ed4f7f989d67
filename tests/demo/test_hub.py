"""A real JupyterHub: from Canvas to the student's notebook, and back to Canvas as a score."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from rudaux.cli.app import app
from rudaux.config import load_config
from rudaux.demo import hub as practice_hub
from rudaux.demo.background import free_port
from rudaux.demo.course import build_course
from rudaux.demo.hub import lti_11_login, make_clones, serve_hub
from rudaux.demo.material import answered, write
from rudaux.demo.run import play
from rudaux.demo.simulator import lti
from rudaux.demo.simulator.entities import Tool
from rudaux.demo.simulator.server import serve
from rudaux.demo.simulator.state import World
from rudaux.demo.story import WORLD
from rudaux.demo.students import Kind
from rudaux.domain.links import Hub, launch_link
from rudaux.errors import SystemFailure, UsageError
from tests.course import SmallCourse, small_course
from tests.demo.launching import form, launch, processes_in
from tests.demo.listener import Listener

KINDS: tuple[Kind, ...] = ("no_home", "missing", "right")
HOMEWORK = "practice-course/materials/homework_1/homework_1.ipynb"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallCourse]:
    """A course of which homework_1 is in Canvas, on the way to a hub that does not run yet."""
    address = f"http://127.0.0.1:{free_port()}"
    folder = tmp_path / "practice"
    with small_course(folder, monkeypatch, ("homework_1",), KINDS, address) as built:
        text = (built.folder / "rudaux.toml").read_text()
        snapshots = re.search(r"\[jupyterhub.snapshots\].*?\n\n", text, re.S)
        assert snapshots is not None
        built.edit(snapshots[0], "")
        built.rudaux("init")
        yield built
    assert processes_in(tmp_path) == {}


@contextmanager
def hub(course: SmallCourse, login: str) -> Iterator[None]:
    settings = load_config(course.folder).jupyterhub
    with serve_hub(course.practice.folder / "hub", settings, login):
        yield


def tool(course: SmallCourse) -> Tool:
    [found] = course.world.tools.values()
    return found


def lti_13_login(course: SmallCourse) -> str:
    """Make the tool one of LTI 1.3; return the configuration of the hub that goes with it."""
    found, site = tool(course), load_config(course.folder).jupyterhub.url
    found.version, found.custom_fields = "1.3", {"canvas_user_id": "$Canvas.user.id"}
    found.login_url = f"{site}/jupyter/hub/lti13/oauth_login"
    found.redirect_uri = f"{site}/jupyter/hub/lti13/oauth_callback"
    settings = {
        "issuer": lti.ISSUER,
        "client_id": {str(found.client_id)},
        "authorize_url": course.canvas.url + lti.AUTHORIZE,
        "jwks_endpoint": course.canvas.url + lti.JWKS,
        "username_key": "custom_canvas_user_id",
    }
    kind = "ltiauthenticator.lti13.auth.LTI13Authenticator"
    return f"c.JupyterHub.authenticator_class = {kind!r}\n" + "\n".join(
        f"c.LTI13Authenticator.{key} = {value!r}" for key, value in settings.items()
    )


def answer(notebook: Path, kind: Kind) -> None:
    """Answer a notebook in a home as a student does, over what nbgitpuller brought."""
    text = notebook.read_text()
    assert "YOUR CODE HERE" in text
    assert "BEGIN SOLUTION" not in text
    write(notebook, answered(json.loads(text), kind))


def test_what_students_answer_on_the_hub_becomes_their_score_in_canvas(course: SmallCourse) -> None:
    one, three, earlier = course.practice.kinds
    [row] = course.world.assignments.values()
    homes = course.practice.homes
    tool(course).version, tool(course).secret = "1.1", "a secret of Canvas and the hub"
    make_clones(homes, course.practice.folder / "remotes" / "practice-course.git")
    mine = (homes / earlier / HOMEWORK).read_text()
    with hub(course, lti_11_login(tool(course))):
        reached = launch(course.canvas.url, row.id, one)
        assert f"/user/{one}/git-pull" in reached
        answer(homes / one / HOMEWORK, "right")
        launch(course.canvas.url, row.id, earlier)
        assert (homes / earlier / HOMEWORK).read_text() == mine
        assert (homes / earlier / "practice-course" / "README.md").exists()
        check_what_the_hub_refuses_and_whom_it_does_not_know(course, row.id, one)
    with hub(course, lti_13_login(course)):
        assert f"/user/{three}/git-pull" in launch(course.canvas.url, row.id, three)
        answer(homes / three / HOMEWORK, "partly")
    course.rudaux("grade", "homework_1")
    grades = course.grades()
    assert grades == {one: 10, three: Decimal("6.6667"), earlier: 10}
    assert sorted(p.name for p in homes.iterdir()) == sorted([".zfs", *course.practice.kinds])
    assert "up to date" in course.rudaux("grade", "homework_1").out


def check_what_the_hub_refuses_and_whom_it_does_not_know(
    course: SmallCourse, row: int, user: str
) -> None:
    """A changed form is refused; a tool that is not public leaves the hub an opaque name."""
    page = f"{course.canvas.url}/courses/12345/assignments/{row}/launch"
    action, fields = form(httpx.get(page, params={"user": user}).text)
    forged = httpx.post(action, data={**fields, "custom_canvas_user_id": "1"})
    assert forged.status_code == 401
    tool(course).privacy = "anonymous"
    action, fields = form(httpx.get(page, params={"user": user}).text)
    with httpx.Client() as browser:
        sent_on = browser.post(action, data=fields).next_request
        assert sent_on is not None
        assert re.search(r"/spawn/[0-9a-f]{40}\?", browser.send(sent_on).headers["location"])
    tool(course).privacy = "public"


def practice(folder: Path) -> Path:
    """Write a practice course as `rudaux demo` leaves it, before anything ran in it."""
    canvas, hub_url = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    world = World.new(12345, "Practice course")
    world.add_tool("course", "Jupyter", version="1.1", secret="a secret of Canvas and the hub")
    sid = str(world.add_student("Io Jupiter"))
    course = build_course(
        folder, canvas, {sid: "no_home"}, datetime.now(timezone.utc),
        assignments=("homework_1",), hub_url=hub_url,
    )  # fmt: skip
    link = launch_link(
        Hub(hub_url, "/jupyter"), str(folder / "remotes" / "practice-course.git"), "README.md"
    )
    [tool_id] = world.tools
    world.add_assignment("homework_1", 10, course.due["homework_1"], True, tool_id, link)
    world.save(folder / WORLD)
    return course.instructors


PLAY = """
import sys
from pathlib import Path
from rudaux.cli.demo import Terminal
from rudaux.cli.view import View
from rudaux.demo.run import play
play(Path(sys.argv[1]), Terminal(View(), False), hub=True)
"""


def test_ctrl_c_ends_the_practice_canvas_its_hub_and_the_students_servers(tmp_path: Path) -> None:
    folder = tmp_path / "practice"
    config = load_config(practice(folder))
    argv = [sys.executable, "-c", PLAY, str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as playing:
        assert playing.stdout is not None
        while "Ctrl-C" not in (line := playing.stdout.readline()):
            assert line, (folder / "hub" / "hub.log").read_text()
        page = f"{config.canvas.url}/courses/12345/assignments/2001"
        shown = httpx.get(page).text
        assert "Load homework_1 in a new window" in shown
        assert [shown.count(name) for name in ("Io Jupiter", "Instructor (")] == [1, 1]
        launch(config.canvas.url, 2001, "1002")
        assert (folder / "homes" / "1002" / "practice-course" / "README.md").exists()
        assert len(processes_in(tmp_path)) >= 3
        playing.send_signal(signal.SIGINT)
        assert playing.wait(60) == 0
    assert processes_in(tmp_path) == {}


def test_a_hub_that_does_not_start_is_one_sentence_with_its_log(tmp_path: Path) -> None:
    settings = load_config(practice(tmp_path / "practice")).jupyterhub
    with (
        pytest.raises(SystemFailure, match=r"practice hub did not start: the end of \S+/hub.log"),
        serve_hub(tmp_path / "hub", settings, "raise SystemExit('no hub today')"),
    ):
        raise AssertionError("it runs")
    assert "no hub today" in (tmp_path / "hub" / "hub.log").read_text()
    assert processes_in(tmp_path) == {}


def test_a_missing_package_is_one_sentence_that_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(practice_hub, "NEEDED", (*practice_hub.NEEDED, "no_such_package"))
    done = CliRunner().invoke(app, ["demo", str(tmp_path / "new"), "--hub", "--no-prompt"])
    assert done.exit_code == 2
    assert "needs no_such_package" in done.stderr
    assert "pip install 'rudaux[hub]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_practice_course_of_an_earlier_rudaux_has_no_hub(tmp_path: Path) -> None:
    world = World.load(practice(tmp_path).parent / WORLD)
    next(iter(world.tools.values())).secret = ""
    world.save(tmp_path / WORLD)
    with pytest.raises(UsageError, match="name a new folder"):
        play(tmp_path, Listener(), hub=True)


def test_without_a_hub_the_page_says_so_and_nothing_of_it_is_imported() -> None:
    script = (
        "import sys, rudaux.demo.run, rudaux.demo.simulator.server;"
        "print(*{'oauthlib', 'jwt', 'cryptography', 'jupyterhub'} & set(sys.modules))"
    )
    argv = [sys.executable, "-c", script]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split() == []
    world = World.new()
    row = world.add_assignment("homework_1", tool_id=world.add_tool("course", "Jupyter"))
    with serve(world) as canvas:
        page = f"{canvas.url}/courses/12345/assignments/{row}"
        assert "rudaux demo --hub" in httpx.get(page).text
        assert httpx.get(f"{page}/launch?user=1").status_code == 404
