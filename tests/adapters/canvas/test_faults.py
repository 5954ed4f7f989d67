"""What an instructor reads, and what a script gets, where Canvas will not or can not."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Protocol

import httpx
import pytest

from rudaux.adapters.canvas import CanvasClient, wire
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Fault
from rudaux.domain.artifacts import FeedbackFile
from rudaux.errors import (
    CanvasFailure,
    ConfigError,
    NotFound,
    PermissionRefused,
    RudauxError,
    TokenRefused,
)
from tests.adapters.canvas.scripted_server import Reply, ScriptedServer

TOKEN = "practice-token"
FILE = FeedbackFile("homework_1.html", b"<p>Well done</p>")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    world = World.new()
    world.add_student("Io Jupiter", email="io@example.edu")
    world.add_assignment("homework_1")
    with serve(world) as running:
        yield running


class Connect(Protocol):
    def __call__(self, url: str, course_id: int = 12345, token: str = TOKEN) -> CanvasClient: ...


@pytest.fixture
def client() -> Iterator[Connect]:
    with httpx.Client(timeout=httpx.Timeout(5, read=1.0)) as http:

        def connect(url: str, course_id: int = 12345, token: str = TOKEN) -> CanvasClient:
            return CanvasClient(url, course_id, token, http=http, sleep=lambda seconds: None)

        yield connect


def always(simulator: Simulator, fault: Fault) -> None:
    simulator.switches.fault = lambda method, path: fault


def concluded(simulator: Simulator) -> None:
    simulator.world.course.workflow_state = "completed"


def expired(simulator: Simulator) -> None:
    simulator.switches.token_expires_after = 0


def without_rights(status: int) -> Callable[[Simulator], None]:
    def take(simulator: Simulator) -> None:
        switches = simulator.switches
        switches.permission_status = 401 if status == 401 else 403
        switches.may_read_roster = switches.may_edit_assignments = switches.may_grade = False

    return take


TROUBLES: list[tuple[Callable[[Simulator], object], type[RudauxError]]] = [
    (expired, TokenRefused),
    (without_rights(401), PermissionRefused),
    (without_rights(403), PermissionRefused),
    (concluded, PermissionRefused),
    (lambda s: always(s, "maintenance"), CanvasFailure),
    (lambda s: always(s, "web_page"), CanvasFailure),
    (lambda s: always(s, "truncated_after"), CanvasFailure),
    (lambda s: always(s, "reset_before"), CanvasFailure),
    (lambda s: always(s, "server_error"), CanvasFailure),
    (lambda s: always(s, "throttle"), CanvasFailure),
]


@pytest.mark.parametrize(("trouble", "kind"), TROUBLES)
def test_every_trouble_is_one_sentence_of_its_class(
    client: Connect,
    simulator: Simulator,
    trouble: Callable[[Simulator], object],
    kind: type[RudauxError],
) -> None:
    (aid,) = simulator.world.assignments
    canvas = client(simulator.url)
    trouble(simulator)
    for write in (
        lambda: canvas.push_grades(aid, {"1002": Decimal(1)}),
        lambda: canvas.attach_feedback(aid, "1002", (FILE,), "Feedback"),
    ):
        with pytest.raises(kind) as caught:
            write()
        sentence = str(caught.value)
        assert caught.value.exit_code == 5
        assert "\n" not in sentence
        assert "<" not in sentence
        assert TOKEN not in sentence
    assert simulator.world.comments(aid, 1002) == []


def test_a_wrong_course_names_the_setting_and_writes_nothing(
    client: Connect, simulator: Simulator
) -> None:
    canvas = client(simulator.url, course_id=99)
    for ask in (canvas.course, canvas.students, canvas.assignments):
        with pytest.raises(NotFound, match=r"no course 99 .*canvas\.course_id"):
            ask()
    assert simulator.world.journal == []


@pytest.mark.parametrize(
    "url", ["http://canvas.example.edu", "canvas.example.edu", "https://canvas.example.edu?x=1"]
)
def test_what_is_wrong_with_the_address_alone_is_a_mistake_in_the_configuration(
    client: Connect, url: str
) -> None:
    with pytest.raises(ConfigError, match=r"canvas\.url") as caught:
        client(url)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_takes_a_write_or_the_token_elsewhere(client: Connect, status: int) -> None:
    path = "/api/v1/courses/5/assignments/7/submissions/update_grades"
    with ScriptedServer() as here, ScriptedServer() as there:
        here.on("POST", path, Reply(status=status, headers={"Location": there.url + path}))
        with pytest.raises(CanvasFailure, match=rf"redirected us to {there.url}.*canvas\.url"):
            client(here.url, 5).push_grades(7, {"11": Decimal(1)})
        assert there.seen == []
        assert len(here.seen) == 1


def test_a_token_that_expires_in_mid_run_lets_the_next_run_go_on(
    client: Connect, simulator: Simulator
) -> None:
    (aid,) = simulator.world.assignments
    canvas = client(simulator.url)
    simulator.switches.token_expires_after = 2
    with pytest.raises(TokenRefused, match="expired"):
        canvas.push_grades(aid, {"1002": Decimal("7.5")})
    simulator.world.tokens["another"] = simulator.world.tokens.pop(TOKEN)
    simulator.world.tokens["another"].state = "active"
    again = client(simulator.url, token="another")
    assert again.push_grades(aid, {"1002": Decimal("7.5")}) == ""
    assert simulator.world.scores(aid) == {1002: 7.5}


# --- Time ---------------------------------------------------------------------------------------


def test_a_call_is_given_up_once_its_time_is_spent(
    client: Connect, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BUDGET", -1.0)
    always(simulator, "maintenance")
    with pytest.raises(CanvasFailure, match="503"):
        client(simulator.url).course()
    assert len(simulator.requests) == 1


@contextmanager
def dripping() -> Iterator[str]:
    """Serve an answer that never ends, a byte at a time, each sooner than any time-out."""
    over = threading.Event()

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            with suppress(OSError):
                while not over.wait(0.01):
                    self.request.sendall(b" ")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            over.set()
            server.shutdown()
            thread.join()


def test_an_answer_that_never_ends_is_given_up(
    client: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LONGEST_ANSWER", 0.1)
    with dripping() as url, pytest.raises(CanvasFailure, match="did not answer in time"):
        client(url).course()
