"""Sends requests over httpx: retries, waits, follows pages, and keeps the token to Canvas."""

from __future__ import annotations

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
    Value,
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
    """Speaks to one Canvas with one token; never raises anything but `rudaux.errors`.

    It may be used by several threads at a time.
    """

    def __init__(
        self,
        url: str,
        token: str,
        http: httpx.Client | None,
        sleep: Callable[[float], object],
        budget: float | None = None,
    ) -> None:
        token = token.strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigError(
                "the Canvas access token is empty or holds characters that no token has: check "
                "what canvas.token_env or canvas.token_file names"
            )
        self._base = api_base(url)
        # httpx.Headers shows itself without the value of Authorization.
        self._secret = httpx.Headers({"Authorization": f"Bearer {token}"})
        self._http = http or httpx.Client(timeout=TIMEOUT, limits=POOL)
        if http is None:
            weakref.finalize(self, self._http.close)
        self.sleep = sleep
        self._budget = budget
        self.clock_offset: timedelta | None = None
        """Canvas's clock minus this machine's, by the Date header of its last answer."""

    def __repr__(self) -> str:
        return f"Wire({spell(self._base)!r})"

    def json(self, call: Call) -> object:
        """Send a call and give the JSON of its answer.

        Raises `LostAnswer` where the call is not repeatable and may or may not have happened.
        """
        answer = self._api(call.method, address(self._base, call.path, call.query), call)
        return self._read(answer, call.task)

    def rows(self, call: Call) -> Iterator[object]:
        """Give the rows of a list, page by page, until no next page is named."""
        url: str | None = address(self._base, call.path, call.query)
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise CanvasFailure(
                    f"Canvas's pages lead round in a circle when asked to {call.task}"
                )
            seen.add(url)
            answer = self._api("GET", url, call)
            page = self._read(answer, call.task)
            if not isinstance(page, list):
                raise CanvasFailure(f"Canvas did not answer with a list when asked to {call.task}")
            yield from page
            url = next_page(answer)
            if len(page) >= PER_PAGE and not answer.header("Link"):
                raise CanvasFailure(
                    f"Canvas sent a full page and no word on what follows (no Link header) when "
                    f"asked to {call.task}: there may be more, so ask who runs the proxy before it"
                )

    def once(
        self,
        call: Call,
        decode: Callable[[object], T],
        find: Callable[[], T | None],
        tries: int = 3,
    ) -> T:
        """Send a write that must not happen twice: after a lost answer `find` looks for it first.

        Raises `LostAnswer` where it cannot be told, or never worked.
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
        """Send a write once; an answer of another shape than expected is as good as lost."""
        done = self.json(call)
        try:
            return decode(done)
        except CanvasFailure as error:
            raise _lost(call.task) from error

    def _look(self, find: Callable[[], T | None], lost: LostAnswer) -> T | None:
        """Look several times, for the write may still be under way."""
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
        """Ask an address that Canvas gave, once; only Canvas itself is shown the token."""
        if origin(url) == origin(self._base):
            return self._api("GET", url, Call("GET", "", task, repeatable=False))
        answer = self._exchange(lambda: self._foreign("GET", url), url, task, repeatable=False)
        return self._checked(answer, task)

    def upload(
        self, url: str, fields: Mapping[str, str], file: tuple[str, str, bytes, str], task: str
    ) -> Answer:
        """Post a form with a file (field, name, content, media type) last and without the token.

        The answer may be a redirect, which is not followed; refusals are not raised.
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
                f"{spell(answer.url)} did not answer with JSON when asked to {task}: Canvas may be "
                "under maintenance, or canvas.url is not the address of Canvas itself"
            ) from error

    def _api(self, method: str, url: str, call: Call) -> Answer:
        def build() -> httpx.Request:
            return self._request(method, url, call.body)

        answer = self._exchange(build, url, call.task, call.repeatable, wants_json=True)
        return self._checked(answer, call.task, call.missing)

    def _request(self, method: str, url: str, body: Mapping[str, Value] | None) -> httpx.Request:
        headers = httpx.Headers({**self._secret, "Accept": "application/json"})
        return self._http.build_request(method, url, json=body, headers=headers)

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
        """Send until it is answered; what surely was not acted on is always sent again."""
        waits, long_waits, started = pauses(), pauses(THROTTLED_ATTEMPTS), time.monotonic()
        while True:
            result = self._try(build)
            state = fate(result, wants_json)
            if state == "unknown" and not repeatable:
                raise _lost(task) from self._cause(result, task)
            slow = isinstance(result, Answer) and throttled(result)
            wait = next(long_waits if slow else waits, None)
            late = time.monotonic() - started > (BUDGET if self._budget is None else self._budget)
            if state in {"answered", "hopeless"} or wait is None or late:
                return self._given(result, url, task)
            self.sleep(max(wait, asked_pause(result)))

    def _given(self, result: Answer | Failure, url: str, task: str) -> Answer:
        if isinstance(result, Answer):
            self._be_courteous(result)
            return result
        raise _unreachable(result, url, task) from result

    def _cause(self, result: Answer | Failure, task: str) -> Exception | None:
        return self._failure(result, task) if isinstance(result, Answer) else result

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
        """Take note of Canvas's time: not a file store's, nor that of a cache's copy (Age)."""
        foreign = origin(str(response.request.url)) != origin(self._base)
        if foreign or "Age" in response.headers:
            return
        found = clock_offset(response.headers.get("Date", ""), datetime.now(timezone.utc))
        self.clock_offset = self.clock_offset if found is None else found

    def _be_courteous(self, answer: Answer) -> None:
        pause = courtesy_pause(answer)
        if pause:
            self.sleep(pause)

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
    """Read an answer to its end; a time-out of httpx's starts anew with every byte that comes."""
    ends, parts = time.monotonic() + LONGEST_ANSWER, []
    for part in response.iter_bytes():
        parts.append(part)
        if time.monotonic() > ends:
            raise httpx.ReadTimeout("the answer goes on and on", request=response.request)
    return b"".join(parts).decode("utf-8", "replace")


def _lost(task: str) -> LostAnswer:
    return LostAnswer(
        f"Canvas was asked to {task} but its answer was lost: it may or may not have happened, "
        "so look in Canvas before running this again"
    )


def _unreachable(error: Exception, url: str, task: str) -> CanvasFailure:
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, NEVER_SENT):
        return CanvasFailure(
            f"{spell(url)} did not answer in time when asked to {task}: try again later"
        )
    return CanvasFailure(
        f"{spell(url)} cannot be reached (asked to {task}): check canvas.url and the network, then "
        "run this again"
    )
