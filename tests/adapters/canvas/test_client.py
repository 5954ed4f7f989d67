"""The client against a real HTTP server: paging, faults, lost answers, secrets."""

from __future__ import annotations

import gc
import re
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest

from rudaux.adapters.canvas import CanvasClient
from rudaux.domain.canvas import AssignmentSpec, ExternalTool
from rudaux.errors import (
    CanvasFailure,
    ConfigError,
    LostAnswer,
    NotFound,
    PermissionRefused,
    TokenRefused,
)
from rudaux.ports import Canvas
from tests.adapters.canvas.scripted_server import RESET, SILENCE, Reply, ScriptedServer, Seen
from tests.adapters.canvas.test_decode import assignment_row, enrollment

TOKEN = "12345~s3cretS3cret"
COURSE = "/api/v1/courses/5"
UNAUTHORIZED = {"errors": [{"message": "user not authorized to perform that action"}]}
SPEC = AssignmentSpec(
    name="homework_1",
    points=Decimal(10),
    due_at=datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc),
    unlock_at=None,
    lock_at=None,
    launch_url="https://hub.example.edu/x",
    tool_id=33,
)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def naps() -> list[float]:
    """The seconds the client would have slept."""
    return []


@pytest.fixture
def canvas(server: ScriptedServer, naps: list[float]) -> Iterator[CanvasClient]:
    with httpx.Client(timeout=0.8) as http:
        yield CanvasClient(server.url, 5, TOKEN, http=http, sleep=naps.append)


def page(server: ScriptedServer, rows: list[Any], following: str | None = None) -> Reply:
    link = f'<{server.url}{following}>; rel="next"' if following else ""
    return Reply(rows, headers={"Link": link})


def test_the_client_is_a_canvas(canvas: CanvasClient) -> None:
    port: Canvas = canvas
    assert port is canvas


# --- Reading ------------------------------------------------------------------------------------


def test_a_list_goes_on_after_an_empty_page(server: ScriptedServer, canvas: CanvasClient) -> None:
    path = f"{COURSE}/assignments"
    server.on(
        "GET",
        path,
        page(server, [assignment_row(id=1)], f"{path}?page=2"),
        page(server, [], f"{path}?page=bookmark:3"),
        page(server, [assignment_row(id=2)]),
    )
    assert [a.id for a in canvas.assignments()] == [1, 2]
    first, _, third = server.seen
    assert first.query == {"override_assignment_dates": ["false"], "per_page": ["100"]}
    assert third.query == {"page": ["bookmark:3"]}


def test_a_full_page_without_a_link_is_not_the_end_of_the_list(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    path = f"{COURSE}/assignments"
    server.on("GET", path, Reply([assignment_row(id=n) for n in range(100)]))
    with pytest.raises(CanvasFailure, match="without saying whether more follow"):
        canvas.assignments()
    current = {"Link": f'<{server.url}{path}?page=1>; rel="current"'}
    server.on("GET", path, Reply([assignment_row(id=n) for n in range(100)], headers=current))
    assert len(canvas.assignments()) == 100


def test_pages_in_a_circle_are_an_error(server: ScriptedServer, canvas: CanvasClient) -> None:
    path = f"{COURSE}/assignments"
    server.on("GET", path, page(server, [], f"{path}?page=2"))
    with pytest.raises(CanvasFailure, match="lead back to an earlier one"):
        canvas.assignments()


def test_a_next_page_elsewhere_is_not_asked_for(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    with ScriptedServer() as other:
        link = f'<{other.url}{COURSE}/assignments?page=2>; rel="next"'
        server.on("GET", f"{COURSE}/assignments", Reply([], headers={"Link": link}))
        with pytest.raises(CanvasFailure, match=r"canvas\.url"):
            canvas.assignments()
        assert other.seen == []


def test_the_roster_asks_for_current_students_and_adds_addresses(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    rows = [enrollment(11, 1), enrollment(11, 2), enrollment(12), enrollment(13)]
    rows[3]["type"] = "StudentViewEnrollment"
    server.on("GET", f"{COURSE}/enrollments", Reply(rows))
    server.on("GET", f"{COURSE}/users", Reply([{"id": 11, "email": "io@example.edu"}, {"id": 12}]))
    found = canvas.students()
    assert [(s.id, s.email, s.section_ids) for s in found] == [
        ("11", "io@example.edu", frozenset({1, 2})),
        ("12", None, frozenset({1})),
    ]
    asked = server.seen[0].query
    assert asked["type[]"] == ["StudentEnrollment"]
    assert asked["state[]"] == ["active", "invited"]
    assert server.seen[1].query["include[]"] == ["email"]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_roster_without_addresses_is_still_a_roster(
    server: ScriptedServer, canvas: CanvasClient, status: int
) -> None:
    server.on("GET", f"{COURSE}/enrollments", Reply([enrollment(11)]))
    server.on("GET", f"{COURSE}/users", Reply(UNAUTHORIZED, status))
    assert [(s.id, s.email) for s in canvas.students()] == [("11", None)]


def test_tools_of_the_course_include_inherited_ones(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("GET", f"{COURSE}/external_tools", Reply([{"id": 33, "name": "Jupyter"}]))
    assert canvas.tools("course") == (ExternalTool(33, "Jupyter"),)
    assert server.seen[0].query["include_parents"] == ["true"]


def test_tools_of_the_account_are_those_of_the_course_s_account(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    tool = {"id": 34, "name": "Jupyter", "url": None, "domain": "hub.example.edu"}
    server.on("GET", COURSE, Reply({"id": 5, "name": "DSCI 100", "account_id": 2}))
    server.on("GET", "/api/v1/accounts/2/external_tools", Reply([tool]))
    assert canvas.tools("account") == (ExternalTool(34, "Jupyter", domain="hub.example.edu"),)


def test_tools_of_the_groups_are_named_once(server: ScriptedServer, canvas: CanvasClient) -> None:
    server.on("GET", f"{COURSE}/groups", Reply([{"id": 8}, {"id": 9}]))
    for group in (8, 9):
        rows = [{"id": 33, "name": "Jupyter"}, {"id": 40 + group, "name": "Other"}]
        server.on("GET", f"/api/v1/groups/{group}/external_tools", Reply(rows))
    assert [t.id for t in canvas.tools("group")] == [33, 48, 49]


def test_group_members_and_overrides_are_read(server: ScriptedServer, canvas: CanvasClient) -> None:
    members = [{"id": 1, "user_id": 11, "workflow_state": "accepted"}]
    server.on("GET", "/api/v1/groups/8/memberships", Reply(members))
    overrides = [{"id": 1, "student_ids": [11], "due_at": None}]
    server.on("GET", f"{COURSE}/assignments/7/overrides", Reply(overrides))
    assert canvas.group_members(8) == frozenset({"11"})
    assert [o.student_ids for o in canvas.overrides(7)] == [frozenset({"11"})]


def test_scores_are_read_exactly(server: ScriptedServer, canvas: CanvasClient) -> None:
    raw = '[{"user_id": 11, "score": 8.3333, "entered_score": 8.3333, "excused": null}]'
    server.on("GET", f"{COURSE}/assignments/7/submissions", Reply(raw=raw))
    assert [(s.student_id, s.entered) for s in canvas.submissions(7)] == [("11", Decimal("8.3333"))]
    assert server.seen[0].query["include[]"] == ["submission_comments"]


def test_a_low_allowance_slows_the_client_down(
    server: ScriptedServer, canvas: CanvasClient, naps: list[float]
) -> None:
    course = {"id": 5, "name": "DSCI 100"}
    server.on("GET", COURSE, Reply(course, headers={"X-Rate-Limit-Remaining": "60.0"}))
    canvas.course()
    assert naps == [4.0]


# --- Refusals and faults ------------------------------------------------------------------------


def test_a_course_that_is_not_there_names_the_setting(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    for ask in (canvas.course, canvas.students, canvas.assignments):
        with pytest.raises(NotFound, match=r"Canvas has no course 5 .* check canvas\.course_id"):
            ask()


def test_a_refused_token_is_told_from_a_refused_action(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
    expired = {"errors": [{"message": "Expired access token."}]}
    server.on("GET", COURSE, Reply(expired, 401, challenge), Reply(UNAUTHORIZED, 401))
    with pytest.raises(TokenRefused, match="expired"):
        canvas.course()
    with pytest.raises(PermissionRefused, match="show course 5"):
        canvas.course()
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Reply(raw="<html>Bad gateway</html>", status=502),
        Reply(raw="403 Forbidden (Rate Limit Exceeded)\n", status=403),
        Reply(status=429),
        Reply(raw="<html>We will be back at noon</html>", status=503),
        Reply(raw="<html>We will be back at noon</html>"),
        Reply(raw='{"id": 5, "name": "DSC'),
        RESET,
        SILENCE,
    ],
)
def test_reading_gets_over_a_passing_fault(
    server: ScriptedServer, canvas: CanvasClient, naps: list[float], fault: Reply
) -> None:
    server.on("GET", COURSE, fault, fault, Reply({"id": 5, "name": "DSCI 100"}))
    assert canvas.course().name == "DSCI 100"
    assert len(naps) == 2
    assert naps[0] < naps[1]


@pytest.mark.parametrize(
    ("fault", "requests", "words"),
    [
        (Reply(raw="<html>Bad gateway</html>", status=502), 5, "failed when asked to show course"),
        (Reply(raw="<html>Down for maintenance</html>"), 5, "maintenance"),
        (Reply(status=429), 9, "limiting how fast"),
        (RESET, 5, "cannot be reached"),
        (SILENCE, 5, "did not answer in time"),
    ],
)
def test_a_lasting_fault_ends_in_a_sentence(
    server: ScriptedServer, canvas: CanvasClient, fault: Reply, requests: int, words: str
) -> None:
    server.on("GET", COURSE, fault)
    with pytest.raises(CanvasFailure, match=words):
        canvas.course()
    assert len(server.seen) == requests


def test_a_login_page_is_not_taken_for_an_answer(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("GET", COURSE, Reply(raw="<html>Log in</html>"))
    with pytest.raises(CanvasFailure, match=r"JSON.*maintenance.*canvas\.url"):
        canvas.course()


def test_an_object_is_not_taken_for_a_list(server: ScriptedServer, canvas: CanvasClient) -> None:
    server.on("GET", f"{COURSE}/enrollments", Reply({"message": "hello"}))
    with pytest.raises(CanvasFailure, match="list"):
        canvas.students()


def test_a_redirect_is_not_followed(server: ScriptedServer, canvas: CanvasClient) -> None:
    with ScriptedServer() as other:
        server.on("GET", COURSE, Reply(status=302, headers={"Location": other.url + COURSE}))
        with pytest.raises(CanvasFailure, match=rf"redirected us to {other.url}"):
            canvas.course()
        assert other.seen == []


def test_an_injected_client_that_follows_redirects_does_not_do_so_here(
    server: ScriptedServer,
) -> None:
    with ScriptedServer() as other, httpx.Client(follow_redirects=True) as http:
        server.on("GET", COURSE, Reply(status=302, headers={"Location": other.url + COURSE}))
        with pytest.raises(CanvasFailure, match="redirected us"):
            CanvasClient(server.url, 5, TOKEN, http=http).course()
        assert other.seen == []


def test_a_server_that_is_not_there_is_said_so(naps: list[float]) -> None:
    with ScriptedServer() as gone:
        url = gone.url
    with httpx.Client() as http:
        canvas = CanvasClient(url, 5, TOKEN, http=http, sleep=naps.append)
        with pytest.raises(CanvasFailure, match="cannot be reached") as caught:
            canvas.create_assignment(SPEC)
    assert not isinstance(caught.value, LostAnswer)


def test_a_person_is_told_once_that_canvas_does_not_answer(
    server: ScriptedServer, naps: list[float]
) -> None:
    told: list[str] = []
    server.on("GET", COURSE, *[Reply(raw="down", status=503)] * 5)
    with httpx.Client() as http:
        canvas = CanvasClient(server.url, 5, TOKEN, http=http, sleep=naps.append, tell=told.append)
        with pytest.raises(CanvasFailure):
            canvas.course()
    [line] = told
    found = re.fullmatch(
        r"Canvas does not answer as it should \(status 503\); trying again for up to (\d+) s ...",
        line,
    )
    assert found
    assert 4 <= int(found[1]) <= 14


def test_nobody_is_told_of_a_short_wait(server: ScriptedServer, naps: list[float]) -> None:
    told: list[str] = []
    server.on("GET", COURSE, Reply(status=503), Reply({"id": 5, "name": "DSCI 100"}))
    with httpx.Client() as http:
        canvas = CanvasClient(server.url, 5, TOKEN, http=http, sleep=naps.append, tell=told.append)
        canvas.course()
    assert naps
    assert not told


def test_the_connections_of_a_client_close_with_it(server: ScriptedServer) -> None:
    server.on("GET", COURSE, Reply({"id": 5, "name": "DSCI 100"}))
    canvas = CanvasClient(server.url, 5, TOKEN)
    assert canvas.course().id == 5
    http = canvas._wire._http
    del canvas
    gc.collect()
    assert http.is_closed


def test_a_gateway_that_names_a_time_is_believed(
    server: ScriptedServer, canvas: CanvasClient, naps: list[float]
) -> None:
    down = Reply(raw="<html>", status=503, headers={"Retry-After": "12"})
    server.on("GET", COURSE, down, Reply({"id": 5, "name": "DSCI 100"}))
    canvas.course()
    assert naps == [12.0]


def test_an_http_address_that_asks_for_https_is_told_in_words(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    secure = server.url.replace("http:", "https:")
    server.on("GET", COURSE, Reply(status=301, headers={"Location": secure + COURSE}))
    with pytest.raises(CanvasFailure, match=rf"redirected us to {secure}.*canvas\.url"):
        canvas.course()
    assert len(server.seen) == 1


# --- Secrets ------------------------------------------------------------------------------------


def test_the_token_is_sent_to_canvas_and_shown_nowhere(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    echo = {"errors": [{"message": f"who sent Bearer {TOKEN}?"}]}
    server.on("GET", COURSE, Reply(echo, 400))
    with pytest.raises(CanvasFailure) as caught:
        canvas.course()
    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    assert TOKEN not in shown.replace(f"who sent Bearer {TOKEN}", "")
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(canvas)
    assert TOKEN not in str(vars(canvas))


def test_not_even_a_traceback_with_variables_shows_the_token(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("GET", COURSE, RESET)
    with pytest.raises(CanvasFailure) as caught:
        canvas.course()
    error = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = "".join(error.format())
    assert "direct cause" in shown
    assert TOKEN not in shown


@pytest.mark.parametrize("token", ["", "  ", "a b", "a\nb", "clé"])
def test_what_cannot_be_a_token_is_a_mistake_in_the_configuration(token: str) -> None:
    with pytest.raises(ConfigError, match=r"canvas\.token_env") as caught:
        CanvasClient("https://canvas.example.edu", 5, token)
    assert "clé" not in str(caught.value)


def test_an_unencrypted_address_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match=r"https://canvas\.example\.edu"):
        CanvasClient("http://canvas.example.edu", 5, TOKEN)


# --- Writing assignments ------------------------------------------------------------------------


def no_assignments(server: ScriptedServer) -> None:
    server.on("GET", f"{COURSE}/assignments", Reply([]))


def test_a_new_assignment_is_made_once(server: ScriptedServer, canvas: CanvasClient) -> None:
    server.on("POST", f"{COURSE}/assignments", Reply(assignment_row(), 201))
    made = canvas.create_assignment(SPEC)
    assert (made.id, made.published) == (7, True)
    (sent,) = server.seen
    assert sent.json["assignment"]["published"] is True
    assert sent.json["assignment"]["due_at"] == "2026-10-02T06:59:59Z"


@pytest.mark.parametrize(
    "fault",
    [
        RESET,
        SILENCE,
        Reply(raw="<html>", status=504),
        Reply(raw="<html>Accepted</html>"),
        Reply(raw='{"id": 7, "na', status=201),
        Reply({"status": "ok"}, 201),
    ],
)
def test_after_a_lost_answer_an_assignment_is_found_and_not_doubled(
    server: ScriptedServer, canvas: CanvasClient, fault: Reply
) -> None:
    longer = assignment_row(id=6, name="homework_10")
    someone_else_s = assignment_row(id=9, submission_types=["none"])
    server.on("POST", f"{COURSE}/assignments", fault)
    rows = [longer, assignment_row(), someone_else_s]
    server.on("GET", f"{COURSE}/assignments", Reply([]), Reply(rows))
    assert canvas.create_assignment(SPEC).id == 7
    assert len(server.requests("POST")) == 1


def test_a_write_that_was_lost_and_did_not_happen_is_sent_again(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    no_assignments(server)
    server.on("POST", f"{COURSE}/assignments", RESET, Reply(assignment_row(), 201))
    assert canvas.create_assignment(SPEC).id == 7
    assert [s.method for s in server.seen] == ["POST", "GET", "GET", "GET", "POST"]


def test_a_throttled_write_did_not_happen_and_is_sent_again(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", f"{COURSE}/assignments", Reply(status=429), Reply(assignment_row(), 201))
    assert canvas.create_assignment(SPEC).id == 7
    assert server.requests("GET") == []


def test_a_write_that_cannot_be_looked_for_is_a_lost_answer(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", f"{COURSE}/assignments", RESET)
    server.on("GET", f"{COURSE}/assignments", Reply(status=503))
    with pytest.raises(LostAnswer, match="may or may not have happened"):
        canvas.create_assignment(SPEC)
    assert len(server.requests("POST")) == 1


def test_a_write_that_never_works_ends(server: ScriptedServer, canvas: CanvasClient) -> None:
    no_assignments(server)
    server.on("POST", f"{COURSE}/assignments", Reply(status=500))
    with pytest.raises(LostAnswer, match="homework_1"):
        canvas.create_assignment(SPEC)
    assert len(server.requests("POST")) == 3


def test_an_assignment_found_half_made_is_published(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    half = assignment_row(published=False, workflow_state="unpublished")
    server.on("POST", f"{COURSE}/assignments", RESET)
    server.on("GET", f"{COURSE}/assignments", Reply([half]))
    server.on("PUT", f"{COURSE}/assignments/7", Reply({}))
    server.on("GET", f"{COURSE}/assignments/7", Reply(half), Reply(assignment_row()))
    assert canvas.create_assignment(SPEC).published
    assert server.requests("PUT")[0].json["assignment"]["published"] is True


def test_a_refused_assignment_says_what_canvas_said(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    said = {"errors": {"due_at": [{"message": "must be between availability dates"}]}}
    server.on("POST", f"{COURSE}/assignments", Reply(said, 400))
    with pytest.raises(CanvasFailure, match=r'"homework_1".*due_at: must be between'):
        canvas.create_assignment(SPEC)


def test_an_update_sends_all_dates_together_and_reads_back(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    path = f"{COURSE}/assignments/7"
    server.on("GET", path, Reply(assignment_row(due_at=None)), Reply(assignment_row()))
    server.on("PUT", path, RESET, Reply({}))
    assert canvas.update_assignment(7, SPEC).due_at == SPEC.due_at
    sent = server.requests("PUT")[-1].json["assignment"]
    assert {k: v for k, v in sent.items() if k.endswith("_at")} == {
        "due_at": "2026-10-02T06:59:59Z",
        "unlock_at": None,
        "lock_at": None,
    }
    assert sent["external_tool_tag_attributes"]["content_id"] == 33
    assert sent["published"] is True
    assert all(s.query["override_assignment_dates"] == ["false"] for s in server.requests("GET"))


def test_an_assignment_for_some_only_is_never_given_a_base_date(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    path = f"{COURSE}/assignments/7"
    server.on("GET", path, Reply(assignment_row(only_visible_to_overrides=True, due_at=None)))
    server.on("PUT", path, Reply({}))
    canvas.update_assignment(7, SPEC)
    sent = server.requests("PUT")[0].json["assignment"]
    assert [key for key in sent if key.endswith("_at")] == []
    assert sent["points_possible"] == 10


# --- Grades -------------------------------------------------------------------------------------

GRADES = f"{COURSE}/assignments/7/submissions/update_grades"


def job(state: str, number: int = 1, message: str | None = None) -> Reply:
    return Reply({"id": number, "workflow_state": state, "completion": None, "message": message})


def test_grades_are_written_as_fixed_point_text_and_waited_for(
    server: ScriptedServer, canvas: CanvasClient, naps: list[float]
) -> None:
    server.on("POST", GRADES, job("queued"))
    server.on("GET", "/api/v1/progress/1", job("queued"), job("running"), job("completed"))
    assert canvas.push_grades(7, {"11": Decimal("8.50"), "12": Decimal("1E-4")}) == ""
    assert server.seen[0].json == {
        "grade_data": {"11": {"posted_grade": "8.5"}, "12": {"posted_grade": "0.0001"}}
    }
    assert naps == sorted(naps)
    assert len(naps) == 3


def test_no_scores_ask_nothing(server: ScriptedServer, canvas: CanvasClient) -> None:
    assert canvas.push_grades(7, {}) == ""
    assert server.seen == []


def test_a_failed_job_is_a_message_and_the_other_chunks_are_still_written(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    said = "Couldn't find User(s) with API ids '7', '9'"
    server.on("POST", GRADES, job("queued", 1), job("queued", 2), job("completed", 3))
    server.on("GET", "/api/v1/progress/1", job("failed", 1, said))
    server.on("GET", "/api/v1/progress/2", job("canceled", 2))
    message = canvas.push_grades(7, {str(n): Decimal(n) for n in range(2201)})
    assert message == f"{said}; Canvas reports that writing 1000 grades was canceled"
    sizes = [len(s.json["grade_data"]) for s in server.requests("POST")]
    assert sizes == [1000, 1000, 201]


def test_a_canvas_that_goes_down_between_two_writes_still_has_the_first_one_waited_for(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", GRADES, job("queued", 1), Reply(status=503))
    server.on("GET", "/api/v1/progress/1", job("running", 1), job("completed", 1))
    message = canvas.push_grades(7, {str(n): Decimal(n) for n in range(1201)})
    assert "Canvas failed when asked to write the grades of assignment 7 (503)" in message
    assert len(server.requests("GET")) == 2


def test_a_job_that_is_not_heard_of_again_is_a_message(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", GRADES, job("queued"))
    message = canvas.push_grades(7, {"11": Decimal(1)})
    assert message.startswith("Canvas started writing 1 grade, but Canvas was asked to report")


def test_a_token_that_expires_between_two_writes_stops_everything(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    expired = {"errors": [{"message": "Expired access token."}]}
    server.on("POST", GRADES, job("queued", 1), Reply(expired, 401))
    with pytest.raises(TokenRefused, match="expired"):
        canvas.push_grades(7, {str(n): Decimal(n) for n in range(1201)})


@pytest.mark.parametrize("fault", [RESET, SILENCE, Reply(status=503)])
def test_a_lost_answer_to_a_grade_write_is_sent_again(
    server: ScriptedServer, canvas: CanvasClient, fault: Reply
) -> None:
    server.on("POST", GRADES, fault, job("completed"))
    assert canvas.push_grades(7, {"11": Decimal(1)}) == ""
    first, second = server.requests("POST")
    assert first.body == second.body


def test_a_job_that_never_ends_is_given_up_with_a_message(
    server: ScriptedServer, canvas: CanvasClient, naps: list[float]
) -> None:
    server.on("POST", GRADES, job("queued"))
    server.on("GET", "/api/v1/progress/1", job("running"))
    message = canvas.push_grades(7, {"11": Decimal(1)})
    assert "has not finished writing 1 grade after 15 minutes" in message
    assert 900 <= sum(naps) < 910


def test_grades_that_may_not_be_written_are_a_refusal(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", GRADES, Reply(UNAUTHORIZED, 403))
    with pytest.raises(PermissionRefused, match="write the grades of assignment 7"):
        canvas.push_grades(7, {"11": Decimal(1)})


def test_the_scripted_server_can_answer_by_what_it_is_asked(server: ScriptedServer) -> None:
    answer: Callable[[Seen], Reply] = lambda seen: Reply({"n": len(seen.query)})  # noqa: E731
    server.on("GET", "/x", answer)
    assert httpx.get(server.url + "/x?a=1&b=2").json() == {"n": 2}
