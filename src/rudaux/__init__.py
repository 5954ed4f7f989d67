"""Run a course on Canvas, JupyterHub, nbgrader and nbgitpuller."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rudaux.api import Assignment, Course

__version__ = "0.9.0"
__all__ = ["Assignment", "Course", "__version__"]


def __getattr__(name: str) -> object:
    """Import the Python interface only when it is asked for: `rudaux --help` must stay quick."""
    if name in {"Course", "Assignment"}:
        from rudaux import api

        return getattr(api, name)
    raise AttributeError(f"module 'rudaux' has no attribute {name!r}")
