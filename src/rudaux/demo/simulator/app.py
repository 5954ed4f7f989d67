"""The ASGI application: authentication, faults, one lock around the world, answers."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from rudaux.demo.simulator import bulk, files, graphql, refusals, routes
from rudaux.demo.simulator.access import read_only
from rudaux.demo.simulator.bodies import read_body
from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.dates import shown
from rudaux.demo.simulator.faults import Weather, fault_reply, throttled, truncated
from rudaux.demo.simulator.params import merged, nested
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Switches

Client = tuple[str, int]
COST = 0.05


@dataclass
class Seen:
    """A request that arrived, answered or not."""

    method: str
    path: str
    query: str = ""


@dataclass
class Site:
    """A running simulator's inside: what it serves and how it reaches its connections."""

    world: World
    switches: Switches
    on_change: Callable[[], None] = lambda: None
    drop: Callable[[Client], None] = lambda _: None
    canvas_base: str = ""
    files_base: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    weather: Weather = field(default_factory=Weather)
    requests: list[Seen] = field(default_factory=list)


class Dropped(Response):
    """No answer at all: the connection is reset, or silent until the client gives up."""

    def __init__(self, site: Site, silent: bool = False) -> None:
        super().__init__()
        self.site, self.silent = site, silent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.silent:
            self.site.drop(scope["client"])
        while (await receive())["type"] != "http.disconnect":
            await asyncio.sleep(0)


def create_app(world: World, switches: Switches, site: Site | None = None) -> Starlette:
    """Return the application; without a running `server` connections cannot be reset."""
    here = site or Site(world, switches)
    table = [
        *((m, f"/api/v1{path}", handler, True) for m, path, handler in routes.API),
        (*routes.GRAPHQL, True),
        *((m, path, handler, False) for m, path, handler in routes.OPEN),
    ]

    def route(method: str, path: str, handler: routes.Handler, token: bool) -> Route:
        return Route(path, partial(_answer, here, handler, token), methods=[method])

    async def nothing(request: Request, error: Exception) -> Response:
        return _respond(_refused(refusals.not_found()))

    unknown = {404: nothing, 405: nothing}
    app = Starlette(routes=[route(*r) for r in table], exception_handlers=unknown)
    app.router.redirect_slashes = False
    return app


async def _answer(site: Site, handler: routes.Handler, token: bool, request: Request) -> Response:
    """Answer one request within the limits of its token's bucket."""
    switches = site.switches
    site.requests.append(Seen(request.method, request.url.path, request.url.query))
    if not (token and switches.throttling):
        return _respond(await _weathered(site, handler, token, request))
    bucket = site.weather.bucket(request.headers.get("authorization", ""))
    if not bucket.take():
        return _respond(throttled(switches))
    try:
        reply = await _weathered(site, handler, token, request)
    finally:
        remaining = bucket.settle(COST)
    if not isinstance(reply, Dropped):
        reply.headers |= {"X-Request-Cost": f"{COST}", "X-Rate-Limit-Remaining": f"{remaining:.1f}"}
    return _respond(reply)


async def _weathered(
    site: Site, handler: routes.Handler, token: bool, request: Request
) -> Reply | Dropped:
    """Handle a request, unless a fault comes first or takes the answer away."""
    await asyncio.sleep(site.switches.latency_ms / 1000)
    fault = site.weather.fault(site.switches, request.method, request.url.path)
    if fault is None:
        return await _handled(site, handler, token, request)
    if fault == "reset_before":
        return Dropped(site)
    if not fault.endswith("_after"):
        return fault_reply(fault, site.switches)
    reply = await _handled(site, handler, token, request)
    if fault in {"reset_after", "silence_after"}:
        return Dropped(site, silent=fault == "silence_after")
    return truncated(reply) if fault == "truncated_after" else fault_reply(fault, site.switches)


async def _handled(site: Site, handler: routes.Handler, token: bool, request: Request) -> Reply:
    try:
        body, upload = await read_body(request)
    except refusals.Refusal as refusal:
        return _refused(refusal)
    pairs, base = request.query_params.multi_items(), str(request.base_url).rstrip("/")
    at_files = handler is files.receive_instfs
    if site.files_base and at_files != (request.url.port == urlsplit(site.files_base).port):
        return _refused(refusals.not_found())
    call = Call(
        site.world,
        site.switches,
        request.method,
        request.url.path,
        site.canvas_base if at_files else base,
        site.files_base,
        dict(request.path_params),
        merged(nested(pairs), body),
        pairs,
        upload=upload,
        has_token="authorization" in request.headers,
    )
    with site.lock:
        try:
            if token:
                call.user_id = _authenticated(site, request, call.params)
                # GraphQL refuses in its own words.
                reads = request.method == "GET" or handler is graphql.execute
                call.need(reads or not read_only(call))
            bulk.run_overdue(call)
            return _without(site.switches.absent_keys, handler(call))
        except refusals.Refusal as refusal:
            return _refused(refusal)
        finally:
            if call.changed:
                site.on_change()


def _without(keys: frozenset[str], reply: Reply) -> Reply:
    """Return an answer without these keys, at any depth."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: kept(v) for k, v in value.items() if k not in keys}
        return [kept(v) for v in value] if isinstance(value, list) else value

    reply.body = kept(reply.body) if keys else reply.body
    return reply


def _authenticated(site: Site, request: Request, params: dict[str, Any]) -> int:
    """Return the token's owner; raises the three distinct refusals of Canvas."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    value = value.strip() if kind.lower() == "bearer" else ""
    value = value or str(params.pop("access_token", "") or "")
    if not value:
        raise refusals.no_credentials()
    token = site.world.tokens.get(value)
    _let_tokens_expire(site)
    if token is None:
        raise refusals.bad_token("Invalid access token.")
    if token.state == "revoked":
        raise refusals.bad_token("Revoked access token.")
    if token.state == "expired":
        refusal = refusals.bad_token("Expired access token.")
        refusal.body["errors"][0]["expired_at"] = shown(site.switches.clock())
        raise refusal
    if params.get("as_user_id") not in (None, token.user_id, str(token.user_id)):
        raise refusals.Refusal(401, {"errors": "Invalid as_user_id"})
    return token.user_id


def _let_tokens_expire(site: Site) -> None:
    left = site.switches.token_expires_after
    if left == 0:
        for token in site.world.tokens.values():
            token.state = "expired"
    site.switches.token_expires_after = left - 1 if left else None


def _refused(refusal: refusals.Refusal) -> Reply:
    if refusal.body is None:
        return Reply(b"", refusal.status, refusal.headers, "text/plain")
    return Reply(refusal.body, refusal.status, refusal.headers)


def _respond(reply: Reply | Dropped) -> Response:
    if isinstance(reply, Dropped):
        return reply
    body = reply.body
    if not isinstance(body, str | bytes):
        body = json.dumps(body)
    return Response(body, reply.status, reply.headers, reply.media_type)
