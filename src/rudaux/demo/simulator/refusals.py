"""Errors in all the shapes that Canvas gives them."""

from __future__ import annotations

from typing import Any

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}


class Refusal(Exception):  # noqa: N818 - it is an answer, not a defect
    """An answer other than success; `body` None means an empty one."""

    def __init__(
        self, status: int, body: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers or {}


def bad_token(message: str) -> Refusal:
    """Return the refusal of a token: a 401 with a challenge."""
    return Refusal(401, {"errors": [{"message": message}]}, CHALLENGE)


def no_credentials() -> Refusal:
    """Return the refusal of a request without a token: a 401 with a challenge."""
    body = {"status": "unauthenticated", "errors": [{"message": "user authorization required"}]}
    return Refusal(401, body, CHALLENGE)


def not_permitted(status: int) -> Refusal:
    """Return the refusal of a right; the status depends on the version (401 or 403)."""
    message = "user not authorized to perform that action"
    return Refusal(status, {"status": "unauthorized", "errors": [{"message": message}]})


def not_found() -> Refusal:
    """Return a 404, for an unknown id or a wrong parent."""
    return Refusal(404, {"errors": [{"message": "The specified resource does not exist."}]})


def invalid(attribute: str, message: str, kind: str | None = None, status: int = 400) -> Refusal:
    """Return the refusal of a model's validation: a dictionary of lists."""
    error = {"attribute": attribute, "type": kind or message, "message": message}
    return Refusal(status, {"errors": {attribute: [error]}})
