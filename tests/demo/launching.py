"""A browser without a screen: opens an assignment in the practice Canvas and follows to the hub."""

from __future__ import annotations

import re
import time
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import httpx

PATIENCE = 60.0


def launch(canvas: str, assignment: int, user: str, course: int = 12345) -> str:
    """Open an assignment as a person; return the address where its pull of the repository ended."""
    address = f"{canvas}/courses/{course}/assignments/{assignment}/launch"
    with httpx.Client(follow_redirects=True, timeout=PATIENCE) as browser:
        answer = browser.get(address, params={"user": user})
        while 'method="post"' in answer.text and "document.forms[0].submit()" in answer.text:
            action, fields = form(answer.text)
            answer = browser.post(action, data=fields)
        until = time.monotonic() + PATIENCE
        while "git-pull" not in answer.url.path:
            answer.raise_for_status()
            assert time.monotonic() < until, answer.url
            time.sleep(0.2)
            answer = browser.get(answer.url)
        _pull(browser, answer)
        return str(answer.url)


def form(page: str) -> tuple[str, dict[str, str]]:
    """Return where a page's form goes, and what is in it."""
    [action] = re.findall(r'action="([^"]*)"', page)
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', page)
    return unescape(action), {unescape(k): unescape(v) for k, v in fields}


def _pull(browser: httpx.Client, page: httpx.Response) -> None:
    """Ask for the pull as the script of nbgitpuller's page does, and wait for its end."""
    data = {k: unquote(unescape(v)) for k, v in re.findall(r'data-([a-z-]+)="([^"]*)"', page.text)}
    asked = {"repo": data["repo"], "targetpath": data["targetpath"], "_xsrf": data["xsrf"]}
    api = page.url.copy_with(path=f"{data['base-url']}git-pull/api", query=None)
    log = browser.get(api, params=asked).text
    assert '"phase": "finished"' in log, log


def processes_in(folder: Path) -> dict[int, str]:
    """Return the processes that work in a folder or have their home there."""
    ids = [p for p in Path("/proc").glob("[0-9]*") if _works_in(p, folder)]
    return {int(p.name): (p / "cmdline").read_bytes().decode() for p in ids}


def _works_in(process: Path, folder: Path) -> bool:
    try:
        cwd = str((process / "cwd").readlink())
        return cwd.startswith(str(folder)) or (
            f"HOME={folder}".encode() in (process / "environ").read_bytes()
        )
    except OSError:  # it has ended, or is another account's
        return False
