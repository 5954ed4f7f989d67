"""What `rudaux --version -v` says: what is installed here, and what runs students' code."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from rudaux import __version__


def version_lines() -> list[str]:
    """Return a line for each part, aligned; what is missing is said and no error."""
    from rudaux.wiring import look_around

    around = look_around()
    return [
        f"rudaux    {__version__}",
        f"Python    {platform.python_version()}  {sys.executable}",
        f"nbgrader  {_installed('nbgrader')}",
        f"engine    {_told(around.docker) or 'neither Docker nor Podman answers'}",
        f"sandbox   {'works' if _told(around.sandbox) else 'does not work here'}",
    ]


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"


def _told(ask: Callable[[], str | bool]) -> str | bool:
    try:
        return ask()
    except Exception:  # whatever is broken here, this is what somebody sends us about it
        return ""
