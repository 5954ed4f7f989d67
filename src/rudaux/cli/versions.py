"""What `rudaux --version -v` says: what is installed here, and what runs students' code."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from rudaux import __version__


def version_lines() -> list[str]:
    """Return a line for each part, aligned; what is missing is said and no error."""
    from rudaux.wiring import engine_version, sandbox_state

    return [
        f"rudaux    {__version__}",
        f"Python    {platform.python_version()}  {sys.executable}",
        f"nbgrader  {_installed('nbgrader')}",
        f"engine    {_told(engine_version) or 'neither Docker nor Podman answers'}",
        f"sandbox   {_told(sandbox_state) or 'does not work here'}",
    ]


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"


def _told(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except Exception:  # whatever is broken here, this is what somebody sends us about it
        return ""
