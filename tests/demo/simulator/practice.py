"""A caller of the simulator, for its own tests: one course, one token, plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Switches

TOKEN = "practice-token"


class Practice:
    """Calls the course's addresses ("/users"), or others of the API ("//progress/1")."""

    def __init__(self, simulator: Simulator, http: httpx.Client) -> None:
        self.simulator, self.http = simulator, http
        self.world, self.switches = simulator.world, simulator.switches

    def call(self, method: str, path: str, **how: Any) -> httpx.Response:
        course = f"/courses/{self.world.course.id}"
        path = path[1:] if path.startswith("//") else course + path
        return self.http.request(method, f"{self.simulator.url}/api/v1{path}", **how)

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.call("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        return self.call("POST", path, **how)

    def put(self, path: str, **how: Any) -> httpx.Response:
        return self.call("PUT", path, **how)

    def pages(self, path: str) -> list[list[Any]]:
        """Follow `next` and give each page's rows."""
        answer = self.get(path)
        found = [answer.json()]
        while "next" in answer.links:
            answer = self.http.get(answer.links["next"]["url"])
            found.append(answer.json())
        return found

    def finish(self, progress: dict[str, Any]) -> dict[str, Any]:
        """Poll until a job is over."""
        while progress["workflow_state"] in {"queued", "running"}:
            progress = self.get(f"//progress/{progress['id']}").json()
        return progress


@contextmanager
def practising(world: World, switches: Switches | None = None) -> Iterator[Practice]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with serve(world, switches) as simulator, httpx.Client(headers=headers) as http:
        yield Practice(simulator, http)
