"""The retry policy: when to send a request again, how long to wait first, when to give up."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal, TypeAlias

import httpx

from rudaux.adapters.canvas.protocol import LONGEST_PAUSE, Answer, parse, throttled

ATTEMPTS = 5
THROTTLED_ATTEMPTS = 9
"""Once throttled, Canvas may take up to 20 seconds to let anything through again."""
BUDGET = 300.0
"""Seconds after which a call is not retried, however many attempts are left."""
LONGEST_ANSWER = 120.0
"""Seconds that one answer's body may take."""
SILENT = 3.0
"""Seconds that a person waits without being told what for."""
LOOKS = 3
AT_ONCE = 8
"""Requests under way at a time: Canvas sets 50 of a token's 600 units aside for each."""
POOL = httpx.Limits(max_connections=2 * AT_ONCE, max_keepalive_connections=AT_ONCE)
TIMEOUT = httpx.Timeout(60.0, connect=15.0)
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Failure: TypeAlias = "httpx.RequestError | httpx.InvalidURL"
Fate = Literal["answered", "refused", "unknown", "hopeless"]
"""refused: certainly not acted on, as if never sent; unknown: it may or may not have happened."""


def fate(result: Answer | Failure, wants_json: bool) -> Fate:
    """Return what became of a request; HTML instead of JSON tells as little as no answer."""
    if isinstance(result, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return "hopeless"
    if isinstance(result, Exception):
        return "refused" if isinstance(result, NEVER_SENT) else "unknown"
    if throttled(result):
        return "refused"
    if result.status >= 500 or result.status == 408:
        return "unknown"
    broken = wants_json and 200 <= result.status < 300 and not readable(result)
    return "unknown" if broken else "answered"


def readable(answer: Answer) -> bool:
    """Return whether an answer is complete JSON: a gateway may send HTML, or half of it, as 200."""
    try:
        parse(answer.body)
    except ValueError:
        return False
    return True


def pauses(attempts: int = ATTEMPTS) -> Iterator[float]:
    """Yield the seconds to wait between attempts: exponential, with jitter to spread the load."""
    for turn in range(attempts - 1):
        longest = min(2.0**turn, LONGEST_PAUSE)
        yield longest * random.uniform(0.5, 1.0)  # noqa: S311 - it spreads load, it hides nothing


def asked_pause(result: Answer | Failure) -> float:
    """Return the seconds that Retry-After asks for, or 0: Canvas sends none, gateways may."""
    text = "" if isinstance(result, Exception) else result.header("Retry-After").strip()
    return min(float(text), LONGEST_PAUSE) if text.isdecimal() else 0.0
