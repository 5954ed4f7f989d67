"""What a test relies on besides the answer: helpers in locked cells, imports, built-in functions.

A notebook that redefines such a name can decide what its tests say.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nbgrader.utils import is_grade, is_locked, is_solution

_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Bound:
    """The names that a cell binds at top level.

    `texts` has the source of its functions and classes, "" for imports; `loads` has the names that
    each of them uses, and under "" those that the whole cell uses.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    loads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()


@dataclass
class Leaning:
    """What the locked cells of a notebook define up to a test; updated with each cell."""

    taught: frozenset[str]
    """Names that the source's solution cells define: the student is asked to."""
    texts: dict[str, str | None] = field(default_factory=dict)
    """None if a test defines it: that definition is compared when it is made."""
    loads: dict[str, frozenset[str]] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)

    def take(self, cell: Any, text: str) -> None:
        """Add a cell; `text` is its source as plain Python."""
        if cell.cell_type != "code" or is_solution(cell) or not (is_locked(cell) or is_grade(cell)):
            return
        found = bound(text)
        self.texts |= dict.fromkeys(found.texts) if is_grade(cell) else found.texts
        self.loads |= found.loads
        self.classes |= found.classes

    def of(self, text: str) -> tuple[dict[str, str | None], list[str]]:
        """Return what a test relies on, with its source, and the course's own classes."""
        test = bound(text)
        wanted, seen = list(test.loads.get("", ())), set(test.names)
        guarded = dict[str, "str | None"]()
        while wanted:
            name = wanted.pop()
            if name in seen or name in self.taught:
                continue
            seen.add(name)
            if name in self.texts or callable(getattr(builtins, name, None)):
                guarded[name] = self.texts.get(name, "")
                wanted += self.loads.get(name, ())
        return guarded, sorted(self.classes | test.classes)


def taught(notebook: Any) -> frozenset[str]:
    """Return the names that the solution cells of an instructor's notebook define."""
    cells = [c for c in notebook.cells if c.cell_type == "code" and is_solution(c)]
    return frozenset(name for cell in cells for name in bound(cell.source).names)


@lru_cache(maxsize=4096)
def bound(text: str) -> Bound:
    """Return what a cell binds; nothing if it cannot be parsed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return Bound()
    texts: dict[str, str] = {}
    loads: dict[str, frozenset[str]] = {"": frozenset(_loaded(tree))}
    for node in tree.body:
        if isinstance(node, _DEFINED):
            loads[node.name] = frozenset(_loaded(node))
            if not node.decorator_list:
                texts[node.name] = ast.get_source_segment(text, node) or ""
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            texts |= dict.fromkeys(_imported(node.names), "")
    classes = frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef))
    return Bound(texts, loads, frozenset(_bound(tree.body)), classes)


def _loaded(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


def _bound(body: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                yield node.id
            elif isinstance(node, _DEFINED):
                yield node.name
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from _imported(node.names)


def _imported(names: Sequence[ast.alias]) -> list[str]:
    return [(one.asname or one.name).partition(".")[0] for one in names if one.name != "*"]
