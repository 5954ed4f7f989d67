"""A real JupyterHub for the practice course: LTI logins, nbgitpuller, students' homes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx

from rudaux.config import HubSettings
from rudaux.demo.background import free_port, running
from rudaux.demo.course import git
from rudaux.demo.simulator.entities import Tool
from rudaux.errors import UsageError

NEEDED = ("jupyterhub", "ltiauthenticator", "nbgitpuller", "configurable_http_proxy", "jupyterlab",
          "oauthlib", "jwt")  # fmt: skip

_CONFIG = """\
c = get_config()
c.JupyterHub.bind_url = "{url}{base_url}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = ["{programs}/configurable-http-proxy"]
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{homes}/{{username}}"
c.Spawner.cmd = ["{programs}/jupyterhub-singleuser"]
c.Spawner.args = {args}
c.Spawner.environment = {{"PATH": "{path}", "JUPYTER_CONFIG_PATH": "{folder}"}}
{login}
"""
_LAB = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True},
}
"""JupyterLab asks nobody about news or kernels."""


def need_the_extra() -> None:
    """Raise `UsageError` where a package that the hub is made of is not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the practice hub needs {', '.join(missing)}, which this machine lacks: run "
            "`python3 -m pip install 'rudaux[hub]'`."
        )


def lti_11_login(tool: Tool) -> str:
    """Return the configuration of a hub that takes LTI 1.1 launches of a tool."""
    return (
        'c.JupyterHub.authenticator_class = "ltiauthenticator.lti11.auth.LTI11Authenticator"\n'
        f'c.LTI11Authenticator.consumers = {{"key-{tool.id}": "{tool.secret}"}}\n'
        'c.LTI11Authenticator.username_key = "custom_canvas_user_id"\n'
    )


@contextmanager
def serve_hub(folder: Path, settings: HubSettings, login: str) -> Iterator[None]:
    """Run a hub at the configured address until the block ends; its files and log go to `folder`.

    Students' servers run as whoever runs this, in the homes; they end with the hub.
    """
    folder.mkdir(exist_ok=True)
    programs = Path(sys.executable).parent
    config = folder / "jupyterhub_config.py"
    config.write_text(
        _CONFIG.format(
            url=settings.url,
            base_url=settings.base_url,
            hub_port=free_port(),
            proxy_port=free_port(),
            programs=programs,
            path=f"{programs}{os.pathsep}{os.environ['PATH']}",
            homes=settings.storage_path,
            args=["--allow-root"] * (os.geteuid() == 0),
            folder=folder,
            login=login,
        )
    )
    config.chmod(0o600)  # it holds the tool's secret
    (folder / "labconfig").mkdir(exist_ok=True)
    (folder / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(_LAB))
    argv = [sys.executable, "-m", "jupyterhub", "--config", str(config)]
    health = f"{settings.url}{settings.base_url}/hub/health"
    with running("the practice hub", argv, folder / "hub.log", lambda: _answers(health), folder):
        yield


def make_clones(homes: Path, remote: Path) -> None:
    """Turn the work in the homes into what nbgitpuller leaves there: clones with edits."""
    for work in sorted(homes.glob(f"*/{remote.stem}")):
        if not (work / ".git").exists():
            git(work, "init")
            git(work, "remote", "add", "origin", str(remote.with_suffix("")))
            git(work, "fetch", "origin")
            git(work, "reset", "origin/main")


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
