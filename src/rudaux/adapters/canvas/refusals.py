"""Turn a Canvas answer into the one-sentence error that an instructor reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rudaux.adapters.canvas.protocol import Answer, origin, parse, resolve, spell, throttled
from rudaux.errors import (
    CanvasFailure,
    NotFound,
    PermissionRefused,
    RequestRefused,
    ScopesRefused,
    TokenRefused,
)

_LONGEST = 300


def failure(answer: Answer, task: str, missing: str = "") -> CanvasFailure | None:
    """Return the error that an answer means, or None if it is a success.

    `task` completes "Canvas was asked to ..."; `missing` is the message for a 404.
    """
    if 200 <= answer.status < 300:
        return None
    because = _because(answer)
    if answer.status < 400:
        return _redirected(answer, task)
    if answer.status == 401 and _about_the_token(answer):
        said = complaint(answer.body)
        scopes = "insufficient scopes" in said.lower()
        return (ScopesRefused if scopes else TokenRefused)(_token_sentence(said, task))
    if throttled(answer):
        return CanvasFailure(
            f"Canvas was asked to {task} and is limiting how fast we may ask: try again in a few "
            "minutes"
        )
    if answer.status in {401, 403}:
        return PermissionRefused(
            f"Canvas does not allow the owner of this access token to {task}{because}: "
            "use the token of somebody who may do this, or ask your Canvas administrator"
        )
    if answer.status == 404:
        return NotFound(
            missing
            or f"Canvas was asked to {task} and found nothing there{because}: it may have been "
            "deleted, or be hidden from this token; look in Canvas"
        )
    if answer.status >= 500:
        return CanvasFailure(
            f"Canvas failed when asked to {task}{because}: try again in a few minutes"
        )
    return RequestRefused(f"Canvas refused to {task}{because}")


def _because(answer: Answer) -> str:
    said = complaint(answer.body)
    return f" ({answer.status}: {said})" if said else f" ({answer.status})"


def _about_the_token(answer: Answer) -> bool:
    """Return whether a 401 is about the token: without the header it is about a permission.

    Proxies may drop that header, so the text counts as well.
    """
    return bool(answer.header("WWW-Authenticate")) or "access token" in complaint(answer.body)


def _token_sentence(said: str, task: str) -> str:
    if "insufficient scopes" in said.lower():
        return (
            f"Canvas refused the access token because its scopes do not allow it to {task}: use a "
            "token without scopes, or ask your Canvas administrator to add the missing ones"
        )
    words = ("expired", "revoked")
    state = next((word for word in words if word in said.lower()), "invalid")
    return (
        f"Canvas refused the access token ({state}): make a new one in Canvas under Account > "
        "Settings and put it where canvas.token_env or canvas.token_file says"
    )


def _redirected(answer: Answer, task: str) -> CanvasFailure:
    """Return the error for a redirect, never followed: it would leak the token, or want a login."""
    target = resolve(answer.url, answer.header("Location"))
    if target and origin(target) != origin(answer.url):
        return CanvasFailure(
            f"{spell(answer.url)} was asked to {task} and redirected us to {spell(target)}: if "
            "that is your Canvas, set canvas.url to it"
        )
    return CanvasFailure(
        f"{spell(answer.url)} was asked to {task} and redirected us to another page "
        f"({answer.status}): check that canvas.url is the address of Canvas itself"
    )


def complaint(body: str) -> str:
    """Return Canvas's own words from any of its error formats; "" for HTML or an empty body."""
    try:
        text = "; ".join(dict.fromkeys(_sentences(parse(body))))
    except ValueError:
        text = "" if "<" in body else body
    text = re.sub(r"\s+", " ", text).strip().rstrip(".")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _sentences(data: object, about: str = "") -> Iterator[str]:
    if isinstance(data, str) and data.strip():
        text = data.strip().rstrip(".")
        yield f"{about}: {text}" if about else text
    elif isinstance(data, list):
        for item in data:
            yield from _sentences(item, about)
    elif isinstance(data, Mapping):
        yield from _from_object(data, about)


def _from_object(data: Mapping[str, object], about: str) -> Iterator[str]:
    for key in ("errors", "error"):
        if data.get(key):
            yield from _sentences(data[key], about)
            return
    if data.get("message"):
        named = data.get("attribute") or data.get("field") or about
        yield from _sentences(data["message"], str(named))
        return
    for key, value in data.items():
        yield from _sentences(value, key)
