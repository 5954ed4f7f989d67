"""Sends requests over httpx: retries, waits, follows pages, and keeps the token to Canvas."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import httpx

from rudaux.adapters.canvas.protocol import (
    LONGEST_PAUSE,
    Answer,
    Call,
    Value,
    address,
    api_base,
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

ATTEMPTS = 5
LOOKS = 3
TIMEOUT = httpx.Timeout(60.0, connect=15.0)
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL)


def pauses(attempts: int = ATTEMPTS) -> Iterator[float]:
    """Give the seconds to wait between attempts: doubling, and jittered so that runs spread."""
    for turn in range(attempts - 1):
        longest = min(2.0**turn, LONGEST_PAUSE)
        yield longest * random.uniform(0.5, 1.0)  # noqa: S311 - it spreads load, it hides nothing


class Wire:
    """Speaks to one Canvas with one token; never raises anything but `rudaux.errors`."""

    def __init__(
        self, url: str, token: str, http: httpx.Client | None, sleep: Callable[[float], object]
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
        self._http = http or httpx.Client(timeout=TIMEOUT)
        self.sleep = sleep

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
            return decode(self.json(call))
        except LostAnswer as lost:
            found = self._look(find, lost)
            if found is not None:
                return found
            if tries == 1:
                raise
        return self.once(call, decode, find, tries - 1)

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
                f"{spell(answer.url)} did not answer with JSON when asked to {task}: check that "
                "canvas.url is the address of Canvas itself"
            ) from error

    def _api(self, method: str, url: str, call: Call) -> Answer:
        def build() -> httpx.Request:
            return self._request(method, url, call.body)

        answer = self._exchange(build, url, call.task, call.repeatable)
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
        self, build: Callable[[], httpx.Request], url: str, task: str, repeatable: bool
    ) -> Answer:
        """Send until it is answered; what surely was not acted on is always sent again."""
        waits = pauses()
        while True:
            wait = next(waits, None)
            try:
                answer = self._send(build())
            except (httpx.RequestError, httpx.InvalidURL) as error:
                if not repeatable and not isinstance(error, NEVER_SENT):
                    raise _lost(task) from error
                if wait is None or isinstance(error, httpx.InvalidURL):
                    raise _unreachable(error, url, task) from error
            else:
                if answer.status >= 500 and not repeatable:
                    raise _lost(task) from self._failure(answer, task)
                if wait is None or not (answer.status >= 500 or throttled(answer)):
                    self._be_courteous(answer)
                    return answer
            self.sleep(wait)

    def _send(self, request: httpx.Request) -> Answer:
        response = self._http.send(request, auth=None, follow_redirects=False)
        return Answer(response.status_code, response.headers, response.text, str(request.url))

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
