"""The three steps of an upload, in both modes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from rudaux.demo.simulator.state import World, utc_now

from .practice import TOKEN, Practice, practising

START = "/assignments/2001/submissions/1002/comments/files"
FILE = ("feedback.html", b"<p>well done</p>", "text/html")


@pytest.fixture(params=["local", "instfs"])
def canvas(request: pytest.FixtureRequest) -> Iterator[Practice]:
    world = World.new()
    world.add_student("Io Jupiter")
    world.add_assignment("hw1")
    with practising(world) as practice:
        practice.switches.upload_mode = request.param
        yield practice


def start(canvas: Practice) -> dict[str, Any]:
    answer = canvas.post(START, data={"name": "feedback.html", "size": "16"})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def send(begun: dict[str, Any], **headers: str) -> httpx.Response:
    params, url = begun["upload_params"], begun["upload_url"]
    return httpx.post(url, data=params, files={"file": FILE}, headers=headers)


def test_an_uploaded_file_can_be_attached_and_downloaded(canvas: Practice) -> None:
    begun = start(canvas)
    assert begun["file_param"] == "file"
    second = send(begun)
    local = canvas.switches.upload_mode == "local"
    assert second.status_code == (303 if local else 201)
    assert ("progress" in begun) is not local
    third = canvas.http.get(second.headers["Location"])
    assert third.status_code == 200
    file = third.json()
    assert (file["display_name"], file["content-type"], file["size"]) == (
        "feedback.html", "text/html", 16,
    )  # fmt: skip
    assert httpx.get(file["url"]).content == FILE[1]
    body = {"comment": {"file_ids": [file["id"]]}}
    assert canvas.put("/assignments/2001/submissions/1002", json=body).status_code == 200
    assert canvas.world.comments(2001, 1002)[0].file_ids == [file["id"]]


def test_the_file_service_of_instfs_is_another_host(canvas: Practice) -> None:
    same = urlsplit(start(canvas)["upload_url"]).netloc == urlsplit(canvas.simulator.url).netloc
    assert same is (canvas.switches.upload_mode == "local")


def test_the_bytes_must_be_sent_without_the_token(canvas: Practice) -> None:
    begun = start(canvas)
    assert send(begun, Authorization=f"Bearer {TOKEN}").status_code == 400
    assert send(begun).status_code in {201, 303}


def test_a_local_upload_is_finished_once_and_with_the_token(canvas: Practice) -> None:
    location = send(start(canvas)).headers["Location"]
    assert httpx.get(location).status_code == 401
    local = canvas.switches.upload_mode == "local"
    pending = [f.state for f in canvas.world.files.values()] == ["stored"]
    assert pending is local
    assert canvas.http.get(location).status_code == 200
    again = canvas.http.get(location)
    assert (again.status_code, again.content == b"") == ((400, True) if local else (200, False))


def test_a_file_that_was_not_finished_cannot_be_attached(canvas: Practice) -> None:
    start(canvas)
    body = {"comment": {"file_ids": [1]}}
    assert canvas.put("/assignments/2001/submissions/1002", json=body).status_code == 403


@pytest.mark.parametrize("wrong", ["missing", "changed", "added", "reordered"])
def test_params_must_be_sent_as_they_were_given(canvas: Practice, wrong: str) -> None:
    begun = start(canvas)
    params = begun["upload_params"]
    first = next(iter(params))
    value = params.pop(first)
    if wrong != "missing":
        params[first] = value + "x" if wrong == "changed" else value
    if wrong == "added":
        params["extra"] = "1"
    assert send(begun).status_code == 400
    assert canvas.world.contents == {}


def test_the_file_must_come_last(canvas: Practice) -> None:
    begun = start(canvas)
    fields = {k: (None, v) for k, v in begun["upload_params"].items()}
    answer = httpx.post(begun["upload_url"], files={"file": FILE, **fields})
    assert answer.status_code == 400


def test_an_upload_address_expires(canvas: Practice) -> None:
    begun = start(canvas)
    canvas.switches.clock = lambda: utc_now() + timedelta(minutes=31)
    assert send(begun).status_code == 400


def test_an_upload_needs_a_student_and_a_name(canvas: Practice) -> None:
    assert canvas.post(START.replace("1002", "77"), data={"name": "a"}).status_code == 404
    assert canvas.post(START, data={}).json() == {"message": "name is required"}


def test_a_download_needs_its_verifier(canvas: Practice) -> None:
    file = canvas.world.add_file(1001, 2001, "a.html", b"abc")
    assert httpx.get(f"{canvas.simulator.url}/files/{file}/download").status_code == 404
