"""A quick look at Canvas while a person waits: one short attempt, no retries."""

from __future__ import annotations

import time

import httpx

from rudaux.adapters.canvas import calls, decode
from rudaux.adapters.canvas.client import CanvasClient
from rudaux.adapters.canvas.wire import Wire
from rudaux.domain.canvas import CanvasCourse

_SECONDS = 10.0


def list_courses(url: str, token: str) -> tuple[CanvasCourse, ...]:
    """Return the courses in which the token's owner is a teacher; raises as `Canvas` does."""
    with httpx.Client(timeout=_SECONDS) as http:
        wire = Wire(url, token, http, time.sleep, budget=0.0)
        return decode.courses(wire.rows(calls.own_courses()))


def quick_client(url: str, course_id: int, token: str) -> CanvasClient:
    """Open a course without retries: a Canvas that does not answer is not asked again."""
    http = httpx.Client(timeout=_SECONDS)
    return CanvasClient(url, course_id, token, http=http, budget=0.0)
