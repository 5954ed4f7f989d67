"""What git says on stderr, as one sentence that an instructor understands."""

from __future__ import annotations

import re
from pathlib import Path

_CREDENTIALS = re.compile(r"(\w[\w+.-]*://)[^/@\s'\"]+@")

# The first that matches wins: git reports a refusal and "could not read" on the same occasion.
_CAUSES: tuple[tuple[str, str], ...] = (
    (
        r"dubious ownership",
        "the folder belongs to another user; if that is right, run "
        "`git config --global --add safe.directory {folder}`",
    ),
    (
        r"\.lock': File exists",
        "another git is at work there; wait for it, or remove the lock file if none is running",
    ),
    (
        r"\.lock': Permission denied|insufficient permission for adding|could not create work tree",
        "this account may not write there; check who owns the folder",
    ),
    (
        r"beyond a symbolic link|in submodule|outside repository",
        "that folder belongs to another repository or to none; make it a plain folder of "
        "{folder}, or name another one in nbgrader_config.py or rudaux.toml",
    ),
    (r"No space left on device", "the disk is full; make room, then try again"),
    (
        r"would be overwritten by (merge|checkout)",
        "changes that are not committed here ({files}) were made to files that the remote changed "
        "too; commit or move them away, then try again",
    ),
    (
        r"Host key verification failed",
        "ssh does not know that host yet; run `git fetch` there once by hand and accept its key",
    ),
    (
        r"hook declined|\[remote rejected\]|protected branch",
        "the remote refused the push; ask who looks after it",
    ),
    (
        r"Authentication failed|could not read (Username|Password)|terminal prompts disabled"
        r"|Permission denied|returned error: 40[13]|insufficient permission|Access denied",
        "the remote refused this account; check its deploy key or stored credentials",
    ),
    (
        r"does not appear to be a git repository|[Rr]epository not found|returned error: 404"
        r"|repository '.*' (not found|does not exist)",
        "there is no repository at that address, or this account may not see it; "
        "check it in rudaux.toml",
    ),
    (
        r"Could not resolve host|Couldn't connect|Failed to connect|Connection (refused|reset|timed"
        r"|closed)|[Oo]peration (timed out|too slow)|unreachable|No route to host|unable to access"
        r"|Could not read from remote|unable to look up|hung up unexpectedly|early EOF",
        "the remote cannot be reached; check the network and the address, then try again",
    ),
)
_DETAIL = re.compile(r"^(?:fatal|error|remote): *(?:fatal: |error: )?(?P<text>\S.*)$", re.M)


def redact(text: str) -> str:
    """Take user names, passwords and tokens out of every URL in a text."""
    return _CREDENTIALS.sub(r"\1", text)


def sentence(doing: str, folder: Path, said: str, timeout: float) -> str:
    """Say that `doing` failed, why, and what to do; `said` is what git wrote, `timeout` seconds."""
    said = redact(said)
    if "Timeout: the command" in said or "process killed because it timed out" in said:
        return (
            f"could not {doing}: git did not finish within {timeout:g} seconds; "
            "check the network, then try again"
        )
    detail = _detail(said)
    for pattern, cause in _CAUSES:
        if re.search(pattern, said):
            files = ", ".join(re.findall(r"^\t(.+)$", said, re.M)[:3])
            words = cause.format(folder=folder, files=files)
            return f"could not {doing}: {words}" + (f" (git: {detail})" if detail else "")
    return f"could not {doing}: git says: {detail or 'nothing about the reason'}"


def _detail(said: str) -> str:
    """Give git's own reason; a remote's words tell more than the generic line after them."""
    lines = [m["text"].rstrip(" .") for m in _DETAIL.finditer(said)]
    useful = [n for n in lines if not re.match(r"failed to push|Could not read from|the remote", n)]
    return (useful or lines or [" ".join(said.split())])[0][:200]
