"""Posting grades through GraphQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rudaux.demo.simulator.queries import QueryError, parse
from rudaux.demo.simulator.state import World

from .practice import Practice, practising

POLICY = """
mutation($id: ID!, $m: Boolean!) {
  setAssignmentPostPolicy(input: {assignmentId: $id, postManually: $m}) {
    postPolicy { postManually }
    errors { attribute message }
  }
}
"""


@pytest.fixture
def canvas() -> Iterator[Practice]:
    world = World.new()
    for name in ("Io Jupiter", "Titan Saturn"):
        world.add_student(name)
    world.add_assignment("hw1", post_manually=True)
    with practising(world) as practice:
        yield practice


def ask(canvas: Practice, query: str, **variables: Any) -> dict[str, Any]:
    url = f"{canvas.simulator.url}/api/graphql"
    answer = canvas.http.post(url, json={"query": query, "variables": variables})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_the_post_policy_is_flipped_and_nothing_posted(canvas: Practice) -> None:
    canvas.world.submission(2001, 1002).entered_score = 3
    body = ask(canvas, POLICY, id="2001", m=False)
    payload = body["data"]["setAssignmentPostPolicy"]
    assert payload == {"postPolicy": {"postManually": False}, "errors": None}
    assert canvas.get("/assignments/2001").json()["post_manually"] is False
    assert canvas.world.submission(2001, 1002).posted_at is None


def test_grades_are_posted_by_a_job(canvas: Practice) -> None:
    body = {"submission": {"posted_grade": "3"}}
    canvas.put("/assignments/2001/submissions/1002", json=body)
    query = (
        "mutation { p: postAssignmentGrades(input: {assignmentId: 2001, gradedOnly: true})"
        " { progress { _id state } assignment { _id } } }"
    )
    payload = ask(canvas, query)["data"]["p"]
    assert payload["assignment"] == {"_id": "2001"}
    job = canvas.get(f"//progress/{payload['progress']['_id']}").json()
    assert job["tag"] == "post_assignment_grades"
    assert canvas.finish(job)["workflow_state"] == "completed"
    assert canvas.world.submission(2001, 1002).posted_at is not None
    assert canvas.world.submission(2001, 1003).posted_at is None


def test_without_graded_only_ungraded_ones_are_posted_too(canvas: Practice) -> None:
    query = "mutation { postAssignmentGrades(input: {assignmentId: 2001}) { progress { _id } } }"
    payload = ask(canvas, query)["data"]["postAssignmentGrades"]
    canvas.finish(canvas.get(f"//progress/{payload['progress']['_id']}").json())
    assert canvas.world.submission(2001, 1003).posted_at is not None


@pytest.mark.parametrize(
    "query",
    [
        "mutation { removeEverything(input: {}) { x } }",
        "mutation { setAssignmentPostPolicy(input: {assignmentId: 9, postManually: true}) { x } }",
        "mutation { setAssignmentPostPolicy(input: {assignmentId: 2001}) { x } }",
        "mutation {",
        "",
    ],
)
def test_errors_come_with_status_200_and_change_nothing(canvas: Practice, query: str) -> None:
    body = ask(canvas, query)
    assert body["errors"][0]["message"]
    assert canvas.world.journal == []


def test_literals_of_every_kind_are_read() -> None:
    fields = parse(
        'query Q($a: [ID!] = [1]) { f(x: {n: -1.5, s: "a\\"b", e: X, v: $a}) }', {"a": 2}
    )
    assert fields[0].arguments == {"x": {"n": -1.5, "s": 'a"b', "e": "X", "v": 2}}
    with pytest.raises(QueryError):
        parse("{ f(x ", {})
