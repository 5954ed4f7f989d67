"""Turn what git writes to stderr into one sentence that an instructor understands."""

from __future__ import annotations

import re
from pathlib import Path

_CREDENTIALS = re.compile(r"(\w[\w+.-]*://)[^/@\s'\"]+@")

# The first match wins: git may report a refusal and "could not read" together.
_CAUSES: tuple[tuple[str, str], ...] = (
    (
        r"(?:dubious ownership in repository at|unsafe repository \() ?'(?P<at>[^']*)'",
        "the folder belongs to another user; if that is right, run "
        "`git config --global --add safe.directory {at}`",
    ),
    (
        r": (?:command )?not found\b|was not found on your path|cannot run \S+: No such file",
        "a program that git needs is missing; install it where cron finds it, too, as in /usr/bin",
    ),
    (
        r"\.lock': File exists",
        "another git command is running there; wait until it has finished, or remove the lock file "
        "if there is none",
    ),
    (
        r"\.lock': Permission denied|insufficient permission for adding|could not create work tree",
        "this account may not write there; check who owns the folder",
    ),
    (
        r"beyond a symbolic link|in submodule|outside repository",
        "that folder belongs to another repository or to none; make it an ordinary folder in "
        "{folder}, or name another one in nbgrader_config.py or rudaux.toml",
    ),
    (r"No space left on device", "the disk is full; free some space, then run this again"),
    (
        r"would be overwritten by (merge|checkout)",
        "the remote changed files that have uncommitted changes here ({files}); commit or stash "
        "them, then run this again",
    ),
    (
        r"gpg failed to sign|[Cc]ouldn.t load public key|incorrect passphrase supplied",
        "commits are signed here, and the key cannot be used without a person; make it usable, or "
        "run `git config --global commit.gpgsign false` for this account, then run this again",
    ),
    (
        r"HOST IDENTIFICATION HAS CHANGED",
        "that host has another key than before; do not accept it before the person who administers "
        "the host has told you that it is right",
    ),
    (
        r"UNPROTECTED PRIVATE KEY FILE",
        "ssh uses no key that other accounts may read; run `chmod 600` on the key's file",
    ),
    (
        r"Host key verification failed",
        "ssh does not know that host yet; connect to it once by hand with ssh and accept its key",
    ),
    (
        r"hook declined|\[remote rejected\]|protected branch",
        "the remote refused the push; ask the person who administers it",
    ),
    (
        r"Authentication failed|could not read (Username|Password)|terminal prompts disabled"
        r"|Permission denied|returned error: 40[13]|insufficient permission|Access denied",
        "the remote refused this account; check its deploy key (nobody is asked for a "
        "passphrase) or stored credentials",
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
        "the remote cannot be reached; check the network and the address, then run this again",
    ),
)
_DETAIL = re.compile(r"^(?:fatal|error|remote): *(?:fatal: |error: )?(?P<text>\S.*)$", re.M)


def redact(text: str) -> str:
    """Remove user names, passwords and tokens from every URL in a text."""
    return _CREDENTIALS.sub(r"\1", text)


def sentence(doing: str, folder: Path, said: str, timeout: float) -> str:
    """Return why `doing` failed and what to do; `said` is what git wrote, `timeout` in seconds."""
    said = redact(said)
    if "Timeout: the command" in said or "process killed because it timed out" in said:
        return (
            f"could not {doing}: git did not finish within {timeout:g} seconds; "
            "check the network, then run this again"
        )
    detail = _detail(said)
    for pattern, cause in _CAUSES:
        if found := re.search(pattern, said):
            files = ", ".join(re.findall(r"^\t(.+)$", said, re.M)[:3])
            words = cause.format(folder=folder, files=files, **found.groupdict())
            why, _, remedy = words.partition("; ")
            return f"could not {doing}: {why}{f' (git: {detail})' if detail else ''}; {remedy}"
    return f"could not {doing} (git: {detail or 'no reason given'}); try it with git by hand"


def _detail(said: str) -> str:
    """Return git's own reason; the words of ssh, a remote or a hook say more than git's after them.

    Before those, a host may print a banner.
    """
    found = list(_DETAIL.finditer(said))
    lines = [m["text"].rstrip(" .") for m in found]
    useful = [n for n in lines if not re.match(r"failed to push|Could not read from|the remote", n)]
    if not found:
        return " ".join(said.split())[:200]
    before = " ".join((said[: found[0].start()].strip().splitlines() or [""])[-1].split())
    return (useful or [before.rstrip(" .")])[0][:200] or lines[0][:200]
