"""nbgrader: the gradebook, and the conversions of notebooks that run no student code.

A subpackage for each step, in the order of the work: `release`, `gradebook`, `grading`, `feedback`.
Each may import those before it and none after it; all may import `settings` and `files`; `grader`
puts them together.

Importing any module in here imports nbgrader, which takes seconds: do so only when needed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from rudaux.adapters.nbgrader.gradebook import GradebookBeside, NbgraderGradebook
    from rudaux.adapters.nbgrader.grader import NbgraderGrader
    from rudaux.adapters.nbgrader.settings import load_course

__all__ = ["GradebookBeside", "NbgraderGradebook", "NbgraderGrader", "load_course"]

_WHERE = {
    "GradebookBeside": "gradebook",
    "NbgraderGradebook": "gradebook",
    "NbgraderGrader": "grader",
    "load_course": "settings",
}


def _import_jsonschema_quickly() -> None:
    """Import jsonschema without its checks of international URLs, which nbgrader never uses.

    They compile a grammar at import, which is half the time that importing nbgrader takes
    (jsonschema._format).
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


def __getattr__(name: str) -> object:
    """Import an adapter when it is first used: the gradebook needs none of the converters."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
