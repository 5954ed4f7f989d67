"""Feedback files: three steps, two kinds of file store, and no token where it does not belong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rudaux.adapters.canvas import CanvasClient
from rudaux.domain.artifacts import FeedbackComment, FeedbackFile
from rudaux.errors import CanvasFailure, NotFound, PermissionRefused
from tests.adapters.canvas.scripted_server import RESET, Reply, ScriptedServer

TOKEN = "12345~s3cretS3cret"
SUBMISSION = "/api/v1/courses/5/assignments/7/submissions/11"
ANNOUNCE = f"{SUBMISSION}/comments/files"
FILE = FeedbackFile("homework_1.html", b"<p>Well done</p>")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.on("PUT", SUBMISSION, Reply({"id": 1}))
        yield running


@pytest.fixture
def store() -> Iterator[ScriptedServer]:
    """A file store on another host."""
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def canvas(server: ScriptedServer) -> Iterator[CanvasClient]:
    with httpx.Client(timeout=5) as http:
        yield CanvasClient(server.url, 5, TOKEN, http=http, sleep=lambda seconds: None)


def ticket(url: str, **more: Any) -> Reply:
    params = {"key": "abc", "Policy": "p+/=", "x": None}
    return Reply({"upload_url": url, "upload_params": params, "file_param": "file", **more})


def attach(canvas: CanvasClient, *files: FeedbackFile) -> None:
    canvas.attach_feedback(7, "11", files or (FILE,), "Feedback on homework_1")


def commented(server: ScriptedServer) -> list[Any]:
    return [s.json["comment"] for s in server.requests("PUT")]


def confirmed_by(server: ScriptedServer, path: str = "/api/v1/files/99/create_success") -> str:
    server.on("GET", path, Reply({"id": 99, "display_name": FILE.name, "size": 16}))
    return server.url + path


def test_a_bucket_s_redirect_is_confirmed_with_the_token(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket"))
    confirm = confirmed_by(server) + "?uuid=u"
    store.on("POST", "/bucket", Reply(status=303, headers={"Location": confirm}))
    attach(canvas)
    announced, confirmed = server.requests("POST")[0], server.requests("GET")[0]
    assert announced.json == {"name": FILE.name, "size": 16, "content_type": "text/html"}
    assert confirmed.headers["authorization"] == f"Bearer {TOKEN}"
    assert confirmed.query == {"uuid": ["u"]}
    assert commented(server) == [{"text_comment": "Feedback on homework_1", "file_ids": [99]}]


def test_the_store_gets_the_fields_in_order_the_file_last_and_no_token(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket?sig=1", file_param="attachment"))
    store.on("POST", "/bucket", Reply(status=301, headers={"Location": confirmed_by(server)}))
    attach(canvas)
    (sent,) = store.seen
    assert "authorization" not in sent.headers
    assert TOKEN.encode() not in sent.body
    names = [b'name="key"', b'name="Policy"', b'name="x"', b'name="attachment"']
    places = [sent.body.index(name) for name in names]
    assert places == sorted(places)
    assert b"p+/=" in sent.body
    assert sent.body.index(FILE.content) > places[-1]


def test_an_injected_client_s_own_authorization_stays_with_canvas(
    server: ScriptedServer, store: ScriptedServer
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket"))
    store.on("POST", "/bucket", Reply({"id": 99}, 201))
    headers = {"Authorization": "Bearer other"}
    with httpx.Client(headers=headers, auth=("user", "pass")) as http:
        attach(CanvasClient(server.url, 5, TOKEN, http=http))
    assert "authorization" not in store.seen[0].headers
    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_local_upload_has_no_token_in_its_second_step_either(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(server.url + "/files_api"))
    confirmed_by(server, "/api/v1/files/99/create_success")
    location = {"Location": "/api/v1/files/99/create_success"}
    server.on("POST", "/files_api", Reply(status=302, headers=location))
    attach(canvas)
    assert "authorization" not in server.requests("POST", "/files_api")[0].headers
    assert commented(server)[0]["file_ids"] == [99]


def test_a_created_file_needs_no_third_step(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/files?token=jwt", progress=None))
    location = {"Location": f"{server.url}/api/v1/files/99"}
    store.on("POST", "/files", Reply({"id": 99, "size": 16}, 201, location))
    attach(canvas)
    assert server.requests("GET") == []
    assert commented(server)[0]["file_ids"] == [99]


@pytest.mark.parametrize("raw", ["", '{"id": "5f1c-uuid"}', "<Response/>"])
def test_a_created_file_that_does_not_say_its_id_is_asked_for(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient, raw: str
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/files"))
    location = {"Location": confirmed_by(server, "/api/v1/files/99")}
    store.on("POST", "/files", Reply(status=201, headers=location, raw=raw))
    attach(canvas)
    assert commented(server)[0]["file_ids"] == [99]


def test_a_confirmation_elsewhere_is_asked_without_the_token(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket"))
    store.on("POST", "/bucket", Reply(status=303, headers={"Location": confirmed_by(store)}))
    attach(canvas)
    assert all("authorization" not in s.headers for s in store.seen)
    assert commented(server)[0]["file_ids"] == [99]


def test_files_are_not_sent_unencrypted_to_another_machine(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket("http://files.example.edu/bucket?sig=s3cret"))
    with pytest.raises(CanvasFailure, match=r"unencrypted to http://files\.example\.edu") as caught:
        attach(canvas)
    assert "s3cret" not in str(caught.value)
    assert commented(server) == []


def test_a_confirmation_is_not_asked_for_unencrypted(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket"))
    location = {"Location": "http://files.example.edu/done?uuid=s3cret"}
    store.on("POST", "/bucket", Reply(status=303, headers=location))
    with pytest.raises(CanvasFailure, match=r"unencrypted to http://files\.example\.edu"):
        attach(canvas)


CONFIRM = "/api/v1/files/99/create_success"


def test_a_confirmation_whose_answer_is_lost_is_looked_up(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket"))
    store.on("POST", "/bucket", Reply(status=303, headers={"Location": server.url + CONFIRM}))
    server.on("GET", CONFIRM, RESET, Reply(status=400))
    server.on("GET", "/api/v1/files/99", Reply({"id": 99, "url": "https://x.example.edu"}))
    attach(canvas)
    assert len(store.seen) == len(server.requests("GET", CONFIRM)) == 1
    assert commented(server)[0]["file_ids"] == [99]


def test_a_confirmation_that_never_arrived_is_sent_again(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket"))
    store.on("POST", "/bucket", Reply(status=303, headers={"Location": server.url + CONFIRM}))
    server.on("GET", CONFIRM, RESET, Reply({"id": 99}))
    pending = {"id": 99, "upload_status": "pending", "url": ""}
    server.on("GET", "/api/v1/files/99", Reply(pending))
    attach(canvas)
    assert len(store.seen) == 1
    assert commented(server)[0]["file_ids"] == [99]


def test_a_confirmation_elsewhere_that_is_lost_starts_the_upload_over(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket"))
    path = "/api/v1/done"
    store.on("POST", "/bucket", Reply(status=303, headers={"Location": server.url + path}))
    server.on("GET", path, RESET, Reply({"id": 100}))
    attach(canvas)
    assert len(store.seen) == 2
    assert commented(server)[0]["file_ids"] == [100]


@pytest.mark.parametrize("fault", [RESET, Reply(raw="<html>", status=503)])
def test_a_store_that_stays_down_ends_the_upload_without_a_comment(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient, fault: Reply
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket"))
    store.on("POST", "/bucket", fault)
    with pytest.raises(CanvasFailure, match="student 11 could not be uploaded"):
        attach(canvas)
    assert len(store.seen) == 5
    assert commented(server) == []


@pytest.mark.parametrize(
    "answer", [Reply(status=400, raw=""), Reply(status=403, raw="<Error/>"), Reply(raw=""),
               Reply(status=303)]
)  # fmt: skip
def test_a_store_that_refuses_ends_the_upload(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient, answer: Reply
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket?sig=s3cret"))
    store.on("POST", "/bucket", answer)
    with pytest.raises(CanvasFailure, match=r"homework_1\.html") as caught:
        attach(canvas)
    assert "s3cret" not in str(caught.value)
    assert commented(server) == []


def test_a_file_that_canvas_does_not_confirm_is_not_attached(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(store.url + "/bucket"))
    location = {"Location": server.url + "/api/v1/odd"}
    store.on("POST", "/bucket", Reply(status=303, headers=location))
    server.on("GET", "/api/v1/odd", Reply({"upload_status": "pending"}))
    with pytest.raises(CanvasFailure, match="did not confirm"):
        attach(canvas)
    assert commented(server) == []


def test_a_file_that_is_refused_holds_up_nobody_else(
    server: ScriptedServer, store: ScriptedServer, canvas: CanvasClient
) -> None:
    refused = {"message": "file size exceeds quota limits"}
    for student in ("11", "12", "13"):
        path = ANNOUNCE.replace("/11/", f"/{student}/")
        answer = Reply(refused, status=400) if student == "11" else ticket(f"{store.url}/{student}")
        server.on("POST", path, answer)
        server.on("PUT", path.removesuffix("/comments/files"), Reply({"user_id": int(student)}))
    store.on("POST", "/12", Reply(raw="<Error/>", status=403))
    store.on("POST", "/13", Reply({"id": 99}, status=201))
    comments = [FeedbackComment(s, (FILE,), "Feedback.") for s in ("11", "12", "13")]
    said = dict(canvas.attach_all(7, comments))
    assert "quota" in str(said["11"])
    assert "refused the file" in str(said["12"])
    assert said["13"] is None


def test_a_student_who_left_is_said_so(server: ScriptedServer, canvas: CanvasClient) -> None:
    with pytest.raises(NotFound, match="no student 11 for assignment 7"):
        attach(canvas)


def test_several_files_are_attached_to_one_comment(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    server.on("POST", ANNOUNCE, ticket(server.url + "/up"))
    server.on("POST", "/up", Reply({"id": 1}, 201), Reply({"id": 2}, 201))
    attach(canvas, FILE, FeedbackFile("b.html", b"b"))
    assert [c["file_ids"] for c in commented(server)] == [[1, 2]]


def test_no_files_make_no_comment(server: ScriptedServer, canvas: CanvasClient) -> None:
    canvas.attach_feedback(7, "11", (), "Feedback")
    assert server.seen == []


# --- The comment, after a lost answer -----------------------------------------------------------


def with_comments(*file_ids: int) -> Reply:
    attachments = [{"id": n, "display_name": FILE.name, "size": 16} for n in file_ids]
    return Reply({"user_id": 11, "submission_comments": [{"id": 1, "attachments": attachments}]})


def ready(server: ScriptedServer) -> None:
    server.on("POST", ANNOUNCE, ticket(server.url + "/up"))
    server.on("POST", "/up", Reply({"id": 99}, 201), Reply({"id": 100}, 201))


@pytest.mark.parametrize("fault", [RESET, Reply(raw="<html>Done</html>"), Reply(status=502)])
def test_a_comment_whose_answer_was_lost_is_found_and_not_doubled(
    server: ScriptedServer, canvas: CanvasClient, fault: Reply
) -> None:
    ready(server)
    server.on("PUT", SUBMISSION, fault)
    server.on("GET", SUBMISSION, with_comments(), with_comments(99))
    attach(canvas)
    assert len(server.requests("PUT")) == 1


def test_a_comment_that_was_lost_and_did_not_happen_is_sent_again(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    ready(server)
    server.on("PUT", SUBMISSION, Reply(status=502), Reply({"id": 1}))
    server.on("GET", SUBMISSION, with_comments())
    attach(canvas)
    assert len(server.requests("PUT")) == 2


def test_an_older_comment_with_a_report_of_the_same_name_and_size_is_not_this_comment(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    ready(server)
    server.on("PUT", SUBMISSION, RESET, Reply({"id": 1}))
    server.on("GET", SUBMISSION, with_comments(98))
    attach(canvas)
    assert len(server.requests("PUT")) == 2


def test_a_comment_with_one_of_two_files_is_not_this_comment(
    server: ScriptedServer, canvas: CanvasClient
) -> None:
    ready(server)
    server.on("PUT", SUBMISSION, RESET, Reply({"id": 1}))
    server.on("GET", SUBMISSION, with_comments(99))
    attach(canvas, FILE, FeedbackFile("b.html", b"b"))
    assert len(server.requests("PUT")) == 2


def test_a_refused_comment_is_a_refusal(server: ScriptedServer, canvas: CanvasClient) -> None:
    ready(server)
    server.on("PUT", SUBMISSION, Reply({"errors": [{"message": "no"}]}, 401))
    with pytest.raises(PermissionRefused, match="feedback for student 11"):
        attach(canvas)
