"""Launch links: what a Canvas assignment opens on the hub, through LTI and nbgitpuller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

_SCP_LIKE = re.compile(r"^(?:[^@/]+@)?(?P<host>[^:/]+):(?P<path>[^/].*)$")


def https_form(remote: str) -> str:
    """Return the HTTPS form of a git remote, without credentials and without a `.git` suffix.

    nbgitpuller names the folder after the last component and would keep `.git` in it, so that the
    link opened nothing; local paths only lose the suffix.
    https://nbgitpuller.readthedocs.io/en/latest/topic/url-options.html
    """
    remote = remote.rstrip("/").removesuffix(".git")
    scp = _SCP_LIKE.match(remote)
    if "://" not in remote and scp:
        return f"https://{scp['host']}/{scp['path']}"
    parts = urlsplit(remote)
    if parts.scheme in {"ssh", "git+ssh"}:
        return f"https://{parts.hostname}{parts.path}"
    if parts.scheme in {"http", "https"}:
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return remote


def repo_folder(remote: str) -> str:
    """Return the name of the folder in a student's home into which nbgitpuller clones a remote."""
    return re.split(r"[/:]", https_form(remote))[-1]


@dataclass(frozen=True)
class Hub:
    """Where the hub is: `url` without a path, `base_url` its prefix ("/jupyter" or "")."""

    url: str
    base_url: str = ""

    @property
    def prefix(self) -> str:
        """The prefix with one leading and no trailing slash, or nothing."""
        trimmed = self.base_url.strip("/")
        return f"/{trimmed}" if trimmed else ""


@dataclass(frozen=True)
class HubSeen:
    """What a hub's address answered: its version, or what was seen instead.

    `prefix` is where the site led to; `answers` is false if nothing is there. `login` is the
    address of a login page in front of the hub, if that is what answered.
    """

    version: str = ""
    instead: str = ""
    prefix: str = ""
    answers: bool = True
    login: str = ""


def launch_address(hub: Hub) -> str:
    """Return the address at which Canvas opens every assignment, without its query."""
    return f"{hub.url.rstrip('/')}{hub.prefix}/hub/lti/launch"


def launch_link(hub: Hub, student_repo: str, path: str) -> str:
    """Build the link that pulls the student repository and opens `path` (inside it) in JupyterLab.

    Encoded three times over: the path inside `urlpath`, each value of the inner query, the outer
    value. `urlpath` has no leading slash: with one, nbgitpuller 1.3 pulls and then answers 404.
    """
    repo = https_form(student_repo)
    urlpath = "lab/tree/" + quote(f"{repo_folder(student_repo)}/{path}")
    query = urlencode({"repo": repo, "urlpath": urlpath}, quote_via=quote, safe="")
    after = f"{hub.prefix}/hub/user-redirect/git-pull?{query}"
    return f"{launch_address(hub)}?next={quote(after, safe='')}"
