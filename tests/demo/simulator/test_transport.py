"""Tokens, encodings, pages, throttling and faults, as a client meets them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from rudaux.demo.simulator.entities import Token
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Fault, Switches

from .practice import TOKEN, Practice, practising


@pytest.fixture
def canvas() -> Iterator[Practice]:
    with practising(World.new()) as practice:
        yield practice


def refused(canvas: Practice, header: str | None) -> httpx.Response:
    headers = {"Authorization": header} if header else {}
    return httpx.get(f"{canvas.simulator.url}/api/v1/courses/12345", headers=headers)


def test_each_way_a_token_can_be_wrong_has_its_own_words_and_a_challenge(canvas: Practice) -> None:
    canvas.world.tokens["old"] = Token(1001, "expired")
    canvas.world.tokens["gone"] = Token(1001, "revoked")
    answers = {h: refused(canvas, h and f"Bearer {h}") for h in ("wrong", "old", "gone", None)}
    words = {h: a.json()["errors"][0]["message"] for h, a in answers.items()}
    assert words == {
        "wrong": "Invalid access token.",
        "old": "Expired access token.",
        "gone": "Revoked access token.",
        None: "user authorization required",
    }
    assert {a.status_code for a in answers.values()} == {401}
    assert all("WWW-Authenticate" in a.headers for a in answers.values())


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_permission_has_no_challenge(canvas: Practice, status: int) -> None:
    canvas.switches.permission_status = 401 if status == 401 else 403
    canvas.switches.may_read_roster = False
    answer = canvas.get("/users")
    assert answer.status_code == status
    assert answer.json()["status"] == "unauthorized"
    assert "WWW-Authenticate" not in answer.headers


def test_a_token_in_the_query_works_and_is_never_echoed(canvas: Practice) -> None:
    url = f"{canvas.simulator.url}/api/v1/courses/12345/users"
    answer = httpx.get(url, params={"access_token": TOKEN, "search_term": "Inst"})
    assert answer.status_code == 200
    assert TOKEN not in answer.headers["Link"]
    assert "search_term=Inst" in answer.headers["Link"]


def test_form_and_json_bodies_mean_the_same(canvas: Practice) -> None:
    form = {
        "assignment[name]": "form",
        "assignment[submission_types][]": ["online_url", "online_upload"],
        "assignment[published]": "yes",
    }
    types = ["online_url", "online_upload"]
    json = {"assignment": {"name": "json", "submission_types": types, "published": True}}
    for answer in (
        canvas.post("/assignments", data=form),
        canvas.post("/assignments", json=json),
    ):
        assert answer.status_code == 201
        assert answer.json()["submission_types"] == types
        assert answer.json()["published"] is True


def test_unknown_addresses_and_ids_are_not_found(canvas: Practice) -> None:
    for path in ("//nothing", "//courses/99", "/assignments/99", "//progress/99", "//groups/9"):
        answer = canvas.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["errors"][0]["message"] == "The specified resource does not exist."


def test_pages_default_to_ten_and_clamp_at_a_hundred(canvas: Practice) -> None:
    for n in range(105):
        canvas.world.add_assignment(f"hw{n}")
    assert len(canvas.get("/assignments").json()) == 10
    assert len(canvas.get("/assignments?per_page=500").json()) == 100
    assert len(canvas.get("/assignments?per_page=0").json()) == 1
    assert canvas.get("/assignments?page=99").json() == []
    pages = canvas.pages("/assignments?per_page=50")
    assert [len(p) for p in pages] == [50, 50, 5]
    assert len({row["id"] for page in pages for row in page}) == 105


def test_links_name_only_the_relations_there_are(canvas: Practice) -> None:
    for n in range(25):
        canvas.world.add_assignment(f"hw{n}")
    first = canvas.get("/assignments").links
    middle = canvas.http.get(first["next"]["url"]).links
    last = canvas.http.get(middle["last"]["url"]).links
    assert set(first) == {"current", "next", "first", "last"}
    assert set(middle) == {"current", "next", "prev", "first", "last"}
    assert set(last) == {"current", "prev", "first", "last"}


def test_filters_in_a_get_body_are_lost_on_the_next_page(canvas: Practice) -> None:
    for n in range(4):
        canvas.world.add_student(f"Moon{n} Jupiter")
        canvas.world.add_student(f"Moon{n} Saturn")
    body = {"search_term": "saturn", "per_page": 2}
    first = canvas.get("/users", json=body)
    assert [u["name"] for u in first.json()] == ["Moon0 Saturn", "Moon1 Saturn"]
    second = canvas.http.get(first.links["next"]["url"]).json()
    assert [u["name"] for u in second] == ["Moon1 Jupiter", "Moon2 Jupiter"]


def test_a_very_long_query_loses_links_but_next_last(canvas: Practice) -> None:
    for n in range(25):
        canvas.world.add_student(f"Moon{n} Saturn")
    answer = canvas.get(f"/enrollments?padding={'x' * 3500}")
    assert set(answer.links) == {"next"}
    assert len(answer.headers["Link"]) <= 6 * 1024


@pytest.mark.parametrize("status", [403, 429])
def test_throttling_comes_as_text_in_both_dialects(canvas: Practice, status: int) -> None:
    canvas.switches.throttle_status = 403 if status == 403 else 429
    canvas.switches.fault = lambda method, path: "throttle"
    answer = canvas.get("")
    assert answer.status_code == status
    assert answer.text == f"{status} Forbidden (Rate Limit Exceeded)\n"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_parallel_requests_fill_the_bucket_and_one_after_another_do_not(canvas: Practice) -> None:
    canvas.switches.latency_ms = 200
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: canvas.get(""), range(20)))
    throttled = [a for a in answers if a.status_code == 429]
    assert 0 < len(throttled) < 20
    assert all("X-Request-Cost" not in a.headers for a in throttled)
    canvas.switches.latency_ms = 0
    alone = [canvas.get("") for _ in range(15)]
    assert {a.status_code for a in alone} == {200}
    assert all(float(a.headers["X-Rate-Limit-Remaining"]) > 0 for a in alone)


@pytest.mark.parametrize(
    ("fault", "applied"),
    [("reset_before", 0), ("reset_after", 1)],
)
def test_a_reset_may_come_before_or_after_the_write(
    canvas: Practice, fault: Fault, applied: int
) -> None:
    canvas.switches.fault = lambda method, path: fault if method == "POST" else None
    with pytest.raises(httpx.TransportError):
        canvas.post("/assignments", json={"assignment": {"name": "hw1"}})
    assert len(canvas.world.assignments) == applied
    assert len(canvas.world.journal) == applied
    assert canvas.get("/assignments").status_code == 200


def test_server_errors_come_as_json_or_as_a_page(canvas: Practice) -> None:
    canvas.switches.fault = lambda method, path: "server_error"
    json = canvas.get("")
    canvas.switches.fault = lambda method, path: "html_error"
    page = canvas.get("")
    assert (json.status_code, page.status_code) == (500, 502)
    assert json.json()["errors"][0]["error_code"] == "internal_server_error"
    assert "<html>" in page.text


def test_a_gateway_page_may_hide_a_write_that_was_applied(canvas: Practice) -> None:
    canvas.switches.fault = lambda method, path: "html_error_after"
    assert canvas.post("/assignments", json={"assignment": {"name": "hw1"}}).status_code == 502
    assert [a.name for a in canvas.world.assignments.values()] == ["hw1"]


def test_random_faults_are_the_same_for_the_same_seed() -> None:
    def statuses() -> list[int]:
        switches = Switches(fault_rate=0.5, fault_seed=7)
        with practising(World.new(), switches) as canvas:
            return [canvas.get("").status_code for _ in range(30)]

    first = statuses()
    assert first == statuses()
    assert {200, 429, 500, 502} == set(first)


def test_only_writes_that_changed_something_are_in_the_journal(canvas: Practice) -> None:
    canvas.get("/users")
    canvas.post("/assignments", json={"assignment": {"name": ""}})
    canvas.post("/assignments", json={"assignment": {"name": "hw1"}})
    entries = [(e.method, e.path) for e in canvas.world.journal]
    assert entries == [("POST", "/api/v1/courses/12345/assignments")]
    assert [r.method for r in canvas.simulator.requests] == ["GET", "POST", "POST"]


def test_a_concluded_course_can_be_read_and_not_written(canvas: Practice) -> None:
    canvas.world.course.workflow_state = "completed"
    assert canvas.get("/assignments").status_code == 200
    assert canvas.post("/assignments", json={"assignment": {"name": "hw1"}}).status_code == 403


def test_a_body_that_is_no_json_is_refused(canvas: Practice) -> None:
    headers = {"Content-Type": "application/json"}
    answer = canvas.post("/assignments", content=b"{", headers=headers)
    assert answer.status_code == 400


def test_many_simulators_run_one_after_another_and_at_once() -> None:
    for _ in range(3):
        with practising(World.new(1)) as one, practising(World.new(2)) as two:
            assert (one.get("").json()["id"], two.get("").json()["id"]) == (1, 2)
