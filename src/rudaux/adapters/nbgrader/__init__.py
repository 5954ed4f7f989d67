"""nbgrader: the gradebook, and the conversions of notebooks that need no student code to run.

Importing any module in here imports nbgrader, which takes seconds: do it only when it is needed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import cast


def _import_jsonschema_quickly() -> None:
    """Import jsonschema without its checks of international URLs, which nbgrader never asks for.

    They compile a grammar at import, half of what importing nbgrader takes (jsonschema._format).
    """
    grammar = "rfc3987_syntax"
    if "jsonschema" in sys.modules or grammar in sys.modules:
        return
    sys.modules[grammar] = cast(ModuleType, None)  # import then raises ImportError, by contract
    try:
        import_module("jsonschema")
    finally:
        del sys.modules[grammar]


_import_jsonschema_quickly()
