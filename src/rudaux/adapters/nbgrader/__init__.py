"""nbgrader: the gradebook, and the conversions of notebooks that need no student code to run.

A room for each trade, in the order of the work: `release`, `gradebook`, `grading`, `feedback`. Each
may use those before it, none those after it, and all of them `settings` and `files`; `grader` puts
them together.

Importing any module in here imports nbgrader, which takes seconds: do it only when it is needed.
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


def __getattr__(name: str) -> object:
    """Import a port's adapter when it is asked for: a gradebook needs none of the converters."""
    if name == "NbgraderGradebook":
        from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook

        return NbgraderGradebook
    if name == "NbgraderGrader":
        from rudaux.adapters.nbgrader.grader import NbgraderGrader

        return NbgraderGrader
    if name == "GradebookBeside":
        from rudaux.adapters.nbgrader.gradebook import GradebookBeside

        return GradebookBeside
    if name == "load_course":
        from rudaux.adapters.nbgrader.settings import load_course

        return load_course
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
