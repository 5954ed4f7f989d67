"""A simulator that runs in a thread of this process, on 127.0.0.1."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import format_datetime

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rudaux.demo.simulator.app import Client, Seen, Site, create_app
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Switches

HOST = "127.0.0.1"


@dataclass
class Simulator:
    """A running practice Canvas; hold `lock` to look at or change the world while requests run."""

    url: str
    world: World
    switches: Switches
    site: Site

    @property
    def lock(self) -> threading.RLock:
        """The lock that every request holds while it is handled."""
        return self.site.lock

    @property
    def requests(self) -> list[Seen]:
        """Every request that arrived, reads included."""
        return self.site.requests


@contextmanager
def serve(
    world: World,
    switches: Switches | None = None,
    port: int = 0,
    on_change: Callable[[], None] = lambda: None,
) -> Iterator[Simulator]:
    """Serve a world until the block ends; port 0 takes a free one.

    The file service of the `instfs` mode listens on a port of its own, as host `localhost`.
    """
    site = Site(world, switches or Switches(), on_change)
    canvas, files = _listening(port), _listening(0)
    site.files_base = f"http://localhost:{files.getsockname()[1]}"
    site.canvas_base = f"http://{HOST}:{canvas.getsockname()[1]}"
    server = _server(site)
    thread = threading.Thread(target=server.run, args=([canvas, files],), daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield Simulator(site.canvas_base, world, site.switches, site)
    finally:
        server.should_exit = True
        thread.join(10)


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(128)
    return listener


def _server(site: Site) -> uvicorn.Server:
    config = uvicorn.Config(
        _dated(create_app(site.world, site.switches, site), site.switches),
        http="h11",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    site.drop = _dropper(server)
    return server


def _dated(app: ASGIApp, switches: Switches) -> ASGIApp:
    """Put the date of Canvas's clock on every answer, as web servers in front of it do."""

    async def dated(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = datetime.now(timezone.utc) + switches.clock_offset
                date = format_datetime(now, usegmt=True).encode()
                message["headers"] = [*message.get("headers", ()), (b"date", date)]
            await send(message)

        await app(scope, receive, send_dated)

    return dated


def _dropper(server: uvicorn.Server) -> Callable[[Client], None]:
    def drop(client: Client) -> None:
        """Reset a connection: with lingering off, closing sends RST and not FIN."""
        for connection in list(server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport and getattr(connection, "client", None) == tuple(client):
                listener = transport.get_extra_info("socket")
                no_linger = struct.pack("ii", 1, 0)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
                transport.abort()

    return drop
