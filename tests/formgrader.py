"""nbgrader's formgrader in a real Jupyter server, and a person's browser in front of it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium import webdriver

BIN = Path(sys.executable).parent
TOKEN = "formgrader-token"


@dataclass(frozen=True)
class Formgrader:
    """A server's address, and the requests of its pages."""

    url: str
    http: httpx.Client

    def get(self, path: str) -> Any:
        """Ask the API that formgrader's own pages use."""
        return self.http.get(f"formgrader/api/{path}").raise_for_status().json()

    def put(self, path: str, **values: object) -> Any:
        """Save, as a field does when it loses the focus."""
        return self.http.put(f"formgrader/api/{path}", json=values).raise_for_status().json()

    def press(self, path: str) -> str:
        """Press a button; return what nbgrader logged if it reports success."""
        answer = self.http.post(f"formgrader/api/{path}", timeout=120).raise_for_status().json()
        assert answer["success"], answer
        return str(answer.get("log", ""))

    def page(self, path: str) -> str:
        """Load a page for people."""
        answer = self.http.get(f"formgrader/{path}", follow_redirects=True)
        return answer.raise_for_status().text

    def notebook(self, assignment: str, notebook: str, student: str) -> str:
        """Find the id under which a student's notebook is marked."""
        rows = self.get(f"submitted_notebooks/{assignment}/{notebook}")
        return next(str(row["id"]) for row in rows if row["student"] == student)

    def grades(self, submission: str) -> dict[str, Any]:
        """Return a notebook's grades by cell."""
        return {g["name"]: g for g in self.get(f"grades?submission_id={submission}")}

    def comments(self, submission: str) -> dict[str, Any]:
        """Return a notebook's comments by cell."""
        return {c["name"]: c for c in self.get(f"comments?submission_id={submission}")}


@contextmanager
def serve(course: Path, work: Path) -> Iterator[Formgrader]:
    """Run a Jupyter server in the course folder, without anybody's own settings."""
    work.mkdir()
    (work / "jupyter_server_config.json").write_text(
        json.dumps(
            {
                "ServerApp": {
                    "jpserver_extensions": {"nbgrader.server_extensions.formgrader": True},
                    "root_dir": str(course),
                    "open_browser": False,
                    "allow_root": True,
                    "port": (port := _free_port()),
                    "port_retries": 0,
                },
                "IdentityProvider": {"token": TOKEN},
            }
        )
    )
    env = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",  # nbgrader starts `alembic` by name
        **{f"JUPYTER_{kind}_DIR": str(work) for kind in ("CONFIG", "RUNTIME", "DATA")},
        "JUPYTER_NO_CONFIG": "",
    }
    with (work / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server"], cwd=course, env=env, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}/"
    headers = {"Authorization": f"token {TOKEN}"}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
            _wait_for(http, server, work / "log")
            yield Formgrader(url, http)
    finally:
        server.terminate()
        server.wait(timeout=30)


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Open Chromium without a window; if it is missing, fail with CI set, else skip."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        missing = "apt install chromium chromium-driver"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--no-proxy-server", "--window-size=1200,1000"):
        options.add_argument(flag)
    window = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        window.implicitly_wait(10)
        yield window
    finally:
        window.quit()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(http: httpx.Client, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            if http.get("formgrader/api/status").is_success:
                return
        except httpx.TransportError:
            pass
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    pytest.fail(f"the Jupyter server does not answer: {log.read_text()}")
