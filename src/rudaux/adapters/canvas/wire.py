"""Requests over httpx: retries, waiting, paging; the token goes to Canvas and nowhere else."""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import TypeVar

import httpx

from rudaux.adapters.canvas.patience import (
    BUDGET,
    LONGEST_ANSWER,
    LOOKS,
    NEVER_SENT,
    POOL,
    SILENT,
    THROTTLED_ATTEMPTS,
    TIMEOUT,
    Failure,
    asked_pause,
    fate,
    pauses,
)
from rudaux.adapters.canvas.protocol import (
    PER_PAGE,
    Answer,
    Call,
    address,
    api_base,
    clock_offset,
    courtesy_pause,
    next_page,
    origin,
    parse,
    spell,
    throttled,
)
from rudaux.adapters.canvas.refusals import failure
from rudaux.errors import CanvasFailure, ConfigError, LostAnswer

T = TypeVar("T")


class Wire:
    """Talk to one Canvas with one token; thread-safe, raises only `rudaux.errors`."""

    def __init__(
        self,
        url: str,
        token: str,
        http: httpx.Client | None,
        sleep: Callable[[float], object],
        budget: float | None = None,
        tell: Callable[[str], object] | None = None,
    ) -> None:
        token = token.strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigError(
                "the Canvas access token is empty or contains characters that no token has: check "
                "the variable or file that canvas.token_env or canvas.token_file names"
            )
        self._base = api_base(url)
        # The repr of httpx.Headers hides the value of Authorization.
        self._secret = httpx.Headers({"Authorization": f"Bearer {token}"})
        self._http = http or httpx.Client(timeout=TIMEOUT, limits=POOL)
        if http is None:
            weakref.finalize(self, self._http.close)
        self.sleep = sleep
        self._budget = budget
        self._tell, self._telling, self._told_until = tell, threading.Lock(), 0.0
        self.clock_offset: timedelta | None = None
        """Canvas's clock minus this machine's, from the Date header of its last answer."""

    def __repr__(self) -> str:
        return f"Wire({spell(self._base)!r})"

    def token_begins(self, hint: str) -> bool:
        """Return whether the token starts with what Canvas shows of one."""
        return self._secret["Authorization"].removeprefix("Bearer ").startswith(hint)

    def json(self, call: Call) -> object:
        """Send a call and return the JSON of its answer.

        Raises `LostAnswer` if the call is not repeatable and may or may not have happened.
        """
        answer = self._api(call.method, address(self._base, call.path, call.query), call)
        return self._read(answer, call.task)

    def rows(self, call: Call) -> Iterator[object]:
        """Yield the rows of a list, page by page, until there is no next page."""
        url: str | None = address(self._base, call.path, call.query)
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise CanvasFailure(
                    f"Canvas was asked to {call.task} and its pages lead back to an earlier one: "
                    "run this again, and tell your Canvas administrator if it stays so"
                )
            seen.add(url)
            answer = self._api("GET", url, call)
            page = self._read(answer, call.task)
            if not isinstance(page, list):
                raise CanvasFailure(
                    f"Canvas was asked to {call.task} and did not answer with a list: check that "
                    "canvas.url is the address of Canvas itself"
                )
            yield from page
            url = next_page(answer)
            if len(page) >= PER_PAGE and not answer.header("Link"):
                raise CanvasFailure(
                    f"Canvas was asked to {call.task} and sent a full page without saying whether "
                    "more follow (no Link header): a proxy in front of Canvas may have removed it; "
                    "ask your Canvas administrator"
                )

    def once(
        self,
        call: Call,
        decode: Callable[[object], T],
        find: Callable[[], T | None],
        tries: int = 3,
    ) -> T:
        """Send a write that must happen only once; if its answer is lost, `find` looks for it.

        Raises `LostAnswer` if `find` fails, or if the write never succeeded.
        """
        try:
            return self._decoded(call, decode)
        except LostAnswer as lost:
            found = self._look(find, lost)
            if found is not None:
                return found
            if tries == 1:
                raise
        return self.once(call, decode, find, tries - 1)

    def _decoded(self, call: Call, decode: Callable[[object], T]) -> T:
        """Send a write once; an answer of an unexpected shape counts as lost."""
        done = self.json(call)
        try:
            return decode(done)
        except CanvasFailure as error:
            raise _lost(call.task) from error

    def _look(self, find: Callable[[], T | None], lost: LostAnswer) -> T | None:
        """Look several times: the write may still be in progress."""
        for pause in pauses(LOOKS + 1):
            self.sleep(pause)
            try:
                found = find()
            except CanvasFailure as error:
                raise lost from error
            if found is not None:
                return found
        return None

    def follow(self, url: str, task: str) -> Answer:
        """Request an address that Canvas gave, once; only Canvas itself gets the token."""
        if origin(url) == origin(self._base):
            return self._api("GET", url, Call("GET", "", task, repeatable=False))
        answer = self._exchange(lambda: self._foreign("GET", url), url, task, repeatable=False)
        return self._checked(answer, task)

    def upload(
        self, url: str, fields: Mapping[str, str], file: tuple[str, str, bytes, str], task: str
    ) -> Answer:
        """Post a form without the token; the file (field, name, content, media type) comes last.

        A redirect is returned and not followed; refusals are not raised.
        """
        field, name, content, media_type = file

        def build() -> httpx.Request:
            part = {field: (name, content, media_type)}
            return self._foreign("POST", url, data=dict(fields), files=part)

        return self._exchange(build, url, task, repeatable=False)

    def _read(self, answer: Answer, task: str) -> object:
        """Read an answer's JSON."""
        try:
            return parse(answer.body)
        except ValueError as error:
            raise CanvasFailure(
                f"{spell(answer.url)} was asked to {task} and did not answer with JSON: try again "
                "later if Canvas is under maintenance, or check that canvas.url is the address of "
                "Canvas itself"
            ) from error

    def _api(self, method: str, url: str, call: Call) -> Answer:
        def build() -> httpx.Request:
            headers = httpx.Headers({**self._secret, "Accept": "application/json"})
            return self._http.build_request(method, url, json=call.body, headers=headers)

        answer = self._exchange(build, url, call.task, call.repeatable, wants_json=True)
        return self._checked(answer, call.task, call.missing)

    def _foreign(
        self,
        method: str,
        url: str,
        data: dict[str, str] | None = None,
        files: dict[str, tuple[str, bytes, str]] | None = None,
    ) -> httpx.Request:
        request = self._http.build_request(method, url, data=data, files=files)
        request.headers.pop("Authorization", None)
        return request

    def _exchange(
        self,
        build: Callable[[], httpx.Request],
        url: str,
        task: str,
        repeatable: bool,
        wants_json: bool = False,
    ) -> Answer:
        """Send until there is an answer; retry a write only if it was certainly not acted on."""
        waits, long_waits = [*pauses()], [*pauses(THROTTLED_ATTEMPTS)]
        started = time.monotonic()
        while True:
            began = time.monotonic()
            result = self._try(build)
            state = fate(result, wants_json)
            if state == "unknown" and not repeatable:
                cause = self._failure(result, task) if isinstance(result, Answer) else result
                raise _lost(task) from cause
            slow = isinstance(result, Answer) and throttled(result)
            left, now = long_waits if slow else waits, time.monotonic()
            late = now - started > (BUDGET if self._budget is None else self._budget)
            if state in {"answered", "hopeless"} or not left or late:
                return self._given(result, url, task)
            longest = sum(left) + (now - began) * len(left)
            wait = max(left.pop(0), asked_pause(result))
            if now - started + wait > SILENT:
                self._tell_of_wait(result, max(longest, wait))
            self.sleep(wait)

    def _tell_of_wait(self, result: Answer | Failure, longest: float) -> None:
        """Say what is waited for and how long, unless that has been said and still holds."""
        with self._telling:
            now = time.monotonic()
            if self._tell is None or now < self._told_until:
                return
            self._told_until = now + longest
            bad = f" as it should (status {result.status})" if isinstance(result, Answer) else ""
            seconds = math.ceil(longest)
            self._tell(f"Canvas does not answer{bad}; trying again for up to {seconds} s ...")

    def _given(self, result: Answer | Failure, url: str, task: str) -> Answer:
        if isinstance(result, Answer):
            if pause := courtesy_pause(result):
                self.sleep(pause)
            return result
        raise _unreachable(result, url, task) from result

    def _try(self, build: Callable[[], httpx.Request]) -> Answer | Failure:
        try:
            return self._send(build())
        except (httpx.RequestError, httpx.InvalidURL) as error:
            return error

    def _send(self, request: httpx.Request) -> Answer:
        response = self._http.send(request, auth=None, follow_redirects=False, stream=True)
        self._compare_clocks(response)
        try:
            body = _body(response)
        finally:
            response.close()
        return Answer(response.status_code, response.headers, body, str(request.url))

    def _compare_clocks(self, response: httpx.Response) -> None:
        """Note Canvas's time; ignore a file store's clock and cached answers (Age)."""
        foreign = origin(str(response.request.url)) != origin(self._base)
        if foreign or "Age" in response.headers:
            return
        found = clock_offset(response.headers.get("Date", ""), datetime.now(timezone.utc))
        self.clock_offset = self.clock_offset if found is None else found

    def _checked(self, answer: Answer, task: str, missing: str = "") -> Answer:
        refused = self._failure(answer, task, missing)
        if refused:
            raise refused
        return answer

    def _failure(self, answer: Answer, task: str, missing: str = "") -> CanvasFailure | None:
        refused = failure(answer, task, missing)
        if refused is None:
            return None
        # A proxy may echo what it was sent.
        token = self._secret["Authorization"].removeprefix("Bearer ")
        return type(refused)(str(refused).replace(token, "(token)"))


def _body(response: httpx.Response) -> str:
    """Read an answer to its end; httpx's own time-out restarts with every byte received."""
    ends, parts = time.monotonic() + LONGEST_ANSWER, []
    for part in response.iter_bytes():
        parts.append(part)
        if time.monotonic() > ends:
            raise httpx.ReadTimeout("the answer does not end", request=response.request)
    return b"".join(parts).decode("utf-8", "replace")


def _lost(task: str) -> LostAnswer:
    return LostAnswer(
        f"Canvas was asked to {task}, but its answer was lost: it may or may not have happened, "
        "so look in Canvas before you run this again"
    )


def _unreachable(error: Exception, url: str, task: str) -> CanvasFailure:
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, NEVER_SENT):
        return CanvasFailure(
            f"{spell(url)} was asked to {task} and did not answer in time: try again later"
        )
    return CanvasFailure(
        f"{spell(url)} cannot be reached (asked to {task}): check canvas.url and the network, then "
        "run this again"
    )
