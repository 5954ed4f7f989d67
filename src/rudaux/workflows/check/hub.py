"""Whether the hub answers, at its own address and where Canvas sends students."""

from __future__ import annotations

from collections.abc import Iterator

from rudaux.domain.checks import Check
from rudaux.domain.links import Hub, launch_address
from rudaux.workflows.check.look import Look

_KEYS = "check jupyterhub.url and jupyterhub.base_url in rudaux.toml"


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns the hub; behind a login page it cannot be checked from here."""
    settings = look.ctx.config.jupyterhub
    hub = Hub(settings.url, settings.base_url)
    seen = look.around.hub(hub)
    if seen.version:
        yield Check("hub", "ok", f"JupyterHub {seen.version} answers at {hub.url}{hub.prefix}")
    elif not seen.answers:
        yield Check("hub", "broken", seen.instead, f"start it, or {_KEYS}")
        return
    elif seen.login and not seen.prefix:
        text = f"a login page is in front of it ({seen.login}), so it cannot be checked from here"
        yield Check("hub", "look", text, f"log in at {hub.url} with a browser and check yourself")
        return
    else:
        prefix = f': its prefix seems to be "{seen.prefix}"' if seen.prefix else ""
        yield Check("hub", "broken", f"{seen.instead}{prefix}", _KEYS, ours=True)
        return
    yield _launch(look, launch_address(hub))


def _launch(look: Look, address: str) -> Check:
    status = look.around.launch(address)
    if status is None:
        return Check("launch", "broken", f"{address} does not answer", "look at the hub's log")
    if status == 404:
        remedy = "set up LTI login on the hub (jupyterhub-ltiauthenticator)"
        return Check("launch", "look", f"the hub has nothing at {address} (404)", remedy)
    if status >= 500:
        return Check("launch", "broken", f"{address} fails ({status})", "look at the hub's log")
    return Check("launch", "ok", f"it answers where Canvas sends students: {address}")
