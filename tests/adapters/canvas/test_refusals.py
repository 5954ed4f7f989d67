"""Every shape of refusal becomes one sentence of the right class."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rudaux.adapters.canvas import calls
from rudaux.adapters.canvas.protocol import Answer
from rudaux.adapters.canvas.refusals import complaint, failure
from rudaux.errors import CanvasFailure, NotFound, PermissionRefused, ScopesRefused, TokenRefused

BEARER = {"www-authenticate": 'Bearer realm="canvas-lms"'}
URL = "https://canvas.example.edu/api/v1/courses/1"


def refusal(
    status: int, body: object = "", headers: dict[str, str] | None = None, missing: str = ""
) -> CanvasFailure:
    text = body if isinstance(body, str) else json.dumps(body)
    found = failure(Answer(status, headers or {}, text, URL), "list the students", missing)
    assert found is not None
    return found


def test_a_success_is_no_failure() -> None:
    assert failure(Answer(201, {}, "{}", URL), "create it") is None


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Invalid access token.", "invalid"),
        ("Expired access token.", "expired"),
        ("Revoked access token.", "revoked"),
        ("user authorization required", "invalid"),
    ],
)
def test_a_refused_token_says_why_and_where_to_put_a_new_one(said: str, word: str) -> None:
    found = refusal(401, {"errors": [{"message": said}]}, BEARER)
    assert type(found) is TokenRefused
    assert str(found) == (
        f"Canvas refused the access token ({word}): make a new one in Canvas under Account > "
        "Settings and put it where canvas.token_env or canvas.token_file says"
    )


def test_a_token_with_too_narrow_scopes_says_whom_to_ask() -> None:
    found = refusal(401, {"errors": [{"message": "Insufficient scopes on access token."}]}, BEARER)
    assert type(found) is ScopesRefused
    assert "list the students" in str(found)
    assert "Canvas administrator" in str(found)


def test_a_proxy_that_drops_the_challenge_does_not_make_it_a_matter_of_permission() -> None:
    assert type(refusal(401, {"errors": [{"message": "Expired access token."}]})) is TokenRefused


@pytest.mark.parametrize("status", [401, 403])
def test_without_the_challenge_it_is_a_matter_of_permission(status: int) -> None:
    body = {
        "status": "unauthorized",
        "errors": [{"message": "user not authorized to perform that action"}],
    }
    found = refusal(status, body)
    assert type(found) is PermissionRefused
    assert "list the students" in str(found)
    assert "user not authorized to perform that action" in str(found)


def test_throttling_to_the_end_is_no_matter_of_permission() -> None:
    assert type(refusal(403, "403 Forbidden (Rate Limit Exceeded)\n")) is CanvasFailure
    assert type(refusal(429)) is CanvasFailure


def test_a_missing_course_names_the_setting_to_check() -> None:
    found = refusal(404, {"errors": [{"message": "gone"}]}, missing=calls.no_course(12345))
    assert type(found) is NotFound
    assert str(found) == (
        "Canvas has no course 12345 (or hides it from this token): check canvas.course_id"
    )


@pytest.mark.parametrize(
    "body",
    ["<html><body>Bad gateway</body></html>", "", {"errors": [{"message": "An error occurred."}]}],
)
def test_a_broken_canvas_says_to_try_again(body: object) -> None:
    found = refusal(502, body)
    assert type(found) is CanvasFailure
    assert "502" in str(found)
    assert "try again" in str(found)
    assert "<" not in str(found)


def test_a_redirect_to_another_host_names_both_and_nothing_secret() -> None:
    found = refusal(302, headers={"Location": "https://sso.example.edu/login?token=abc"})
    assert (
        "https://canvas.example.edu was asked to list the students and redirected us to https://sso.example.edu"
        in str(found)
    )
    assert "abc" not in str(found)


def test_a_redirect_within_canvas_points_at_the_setting() -> None:
    assert "canvas.url" in str(refusal(302, headers={"Location": "/login"}))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"errors": [{"message": "The specified resource does not exist."}]},
         "The specified resource does not exist"),
        ({"errors": {"due_at": [{"attribute": "due_at", "type": "x", "message": "is late"}]}},
         "due_at: is late"),
        ({"errors": [{"field": "search_term", "message": "too short", "error_code": "x"}]},
         "search_term: too short"),
        ({"errors": [{"field": None, "message": "bad", "error_code": "x"}]}, "bad"),
        ({"errors": ['unknown student ids: ["99"]']}, 'unknown student ids: ["99"]'),
        ({"errors": "Invalid as_user_id"}, "Invalid as_user_id"),
        ({"errors": [["must specify an override id"], None]}, "must specify an override id"),
        ({"errors": {"name": ["is wrong", "is odd"]}}, "name: is wrong; name: is odd"),
        ({"error": "too many students"}, "too many students"),
        ({"message": "expected array"}, "expected array"),
        ("403 Forbidden\n", "403 Forbidden"),
        ("<html><title>Maintenance</title></html>", ""),
        ("", ""),
        ("[]", ""),
        ("3", ""),
    ],
)  # fmt: skip
def test_every_shape_of_error_is_understood(body: object, sentence: str) -> None:
    assert complaint(body if isinstance(body, str) else json.dumps(body)) == sentence


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["errors", "error", "message", "field", "due_at"]), inner
    ),
)  # fmt: skip


@given(st.sampled_from([400, 401, 403, 404, 409, 422, 500, 503]), JSON)
def test_whatever_canvas_says_becomes_one_short_line(status: int, body: object) -> None:
    text = str(refusal(status, body))
    assert text.strip()
    assert "\n" not in text
    assert len(text) < 700
