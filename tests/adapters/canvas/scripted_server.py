"""A real HTTP server that answers by script, faults included, and remembers what it was sent."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    data: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: str | None = None

    def encoded(self) -> bytes:
        return (json.dumps(self.data) if self.raw is None else self.raw).encode()


RESET = Reply(status=-1)
"""The connection is reset; whatever the request did is done."""
SILENCE = Reply(status=-2)
"""No answer, until the client gives up."""

Script = Reply | Callable[[Seen], Reply]


class ScriptedServer:
    """Answers each (method, path) with its replies in turn; the last one goes on for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._scripts: dict[tuple[str, str], list[Script]] = {}
        self._over = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._handle(self)

            def do_POST(self) -> None:
                server._handle(self)

            def do_PUT(self) -> None:
                server._handle(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Be quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def on(self, method: str, path: str, *replies: Script) -> None:
        self._scripts[method, path] = list(replies)

    def requests(self, method: str, path: str = "") -> list[Seen]:
        return [s for s in self.seen if s.method == method and path in s.path]

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {k.lower(): v for k, v in handler.headers.items()}
        query = parse_qs(parts.query, keep_blank_values=True)
        seen = Seen(handler.command, parts.path, query, headers, body)
        self.seen.append(seen)
        reply = self._next(seen)
        if reply == RESET:
            handler.close_connection = True
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()
        elif reply == SILENCE:
            self._over.wait(30)
        else:
            self._write(handler, reply)

    def _next(self, seen: Seen) -> Reply:
        scripts = self._scripts.get((seen.method, seen.path))
        if not scripts:
            missing = {"errors": [{"message": f"nothing at {seen.method} {seen.path}"}]}
            return Reply(missing, 404)
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return script(seen) if callable(script) else script

    def _write(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        content = reply.encoded()
        handler.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
