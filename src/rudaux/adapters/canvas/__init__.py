"""Canvas over its REST API: a pure half (calls, protocol, refusals, decode) and a thin client."""

from __future__ import annotations

from rudaux.adapters.canvas.client import CanvasClient
from rudaux.adapters.canvas.looking import list_courses, quick_client
from rudaux.adapters.canvas.named import NamedCanvas

__all__ = ["CanvasClient", "NamedCanvas", "list_courses", "quick_client"]
