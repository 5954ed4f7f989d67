"""What a hub shows without a login: whether one answers at an address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx

from rudaux.domain.links import Hub, HubSeen

_SECONDS = 5.0


def look_at_hub(hub: Hub) -> HubSeen:
    """Ask for the hub's version, which needs no login.

    https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html
    """
    site = f"{hub.url.rstrip('/')}{hub.prefix}"
    try:
        with httpx.Client(timeout=_SECONDS, follow_redirects=True) as http:
            answer = http.get(f"{site}/hub/api")
            version = _version(answer)
            # A proxy redirects what is outside the hub's prefix to the hub.
            found = None if version else http.get(f"{site}/")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return HubSeen(instead=f"{site} does not answer ({_reason(error)})", answers=False)
    if version:
        return HubSeen(version)
    prefix = re.match(r"(/.+)/hub(/|$)", urlsplit(str(found.url)).path) if found else None
    instead = f"{site} answers, but is not a hub ({answer.status_code} at {site}/hub/api)"
    return HubSeen(instead=instead, prefix=prefix[1] if prefix else "", login=_login(site, answer))


def ask(url: str) -> int | None:
    """Return the HTTP status of an address without following redirects; None for no answer."""
    try:
        with httpx.Client(timeout=_SECONDS, follow_redirects=False) as http:
            return http.get(url).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


def _login(site: str, answer: httpx.Response) -> str:
    """Return the page of a single sign-on in front of the hub; "" if there is none."""
    led = str(answer.url).partition("?")[0]
    forms = "password" in answer.text[:100_000].lower() if answer.status_code == 200 else False
    away = urlsplit(led).netloc != urlsplit(site).netloc
    return led if answer.status_code == 401 or away or forms else ""


def _version(answer: httpx.Response) -> str:
    try:
        said = answer.json() if answer.status_code == 200 else {}
    except ValueError:
        return ""
    version = said.get("version") if isinstance(said, dict) else None
    return version if isinstance(version, str) else ""


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {_SECONDS:g} seconds"
    said = str(error)
    for known in ("Connection refused", "Name or service not known", "certificate verify failed"):
        if known in said:
            return known.lower()
    return "it cannot be reached"
