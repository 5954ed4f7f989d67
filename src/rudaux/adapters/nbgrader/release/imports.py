"""The modules that notebooks import at top level, so that they are imported once for everybody."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager


def imported(notebooks: Iterable[Mapping[str, Any]], beside: Iterable[str]) -> tuple[str, ...]:
    """Return the modules, in the order of their first import.

    `beside` has the names of the files next to the notebooks, which take precedence over packages.
    """
    own = {name.partition(".")[0] for name in beside}
    names = [name for notebook in notebooks for name in _of_notebook(notebook)]
    return tuple(dict.fromkeys(n for n in names if n.partition(".")[0] not in own))


def _of_notebook(notebook: Mapping[str, Any]) -> Iterator[str]:
    for cell in notebook.get("cells", ()):
        if cell.get("cell_type") != "code":
            continue
        text = "".join(cell["source"])
        # A cell that is not Python, such as a cell magic or an unfinished one, imports nothing.
        with suppress(SyntaxError, ValueError, RecursionError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transform = TransformerManager().transform_cell  # type: ignore[no-untyped-call]
            yield from _of_code(ast.parse(transform(text)))


def _of_code(code: ast.Module) -> Iterator[str]:
    for statement in code.body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield statement.module
