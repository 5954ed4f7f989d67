"""What a test relies on besides the answer: helpers in locked cells, imports, built-in functions.

A notebook that redefines such a name can decide what its tests say. So can a module in the place of
one that the course puts beside the notebook.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nbgrader.utils import is_grade, is_locked, is_solution

_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_HEAD = re.compile(r"((?:def|class)\s+)\w+")


@dataclass(frozen=True)
class Bound:
    """The names that a cell binds at top level.

    `texts` has the source of its functions and classes, "" for imports and for what is bound in
    another way as well; `loads` has the names that each of them uses, and under "" those that the
    whole cell uses. `imports` has the module of each imported name, and its name there; `imported`
    has the names that are imported in a branch as well.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    loads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    imports: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    rebound: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()


Modules = Mapping[str, Mapping[str, str]]
"""The modules that a course puts beside its notebooks: the source of their functions by name."""


@dataclass
class Leaning:
    """What the locked cells of a notebook define up to a test; updated with each cell."""

    taught: frozenset[str]
    """Names that the source's solution cells define: the student is asked to."""
    modules: Modules = field(default_factory=dict)
    texts: dict[str, str | None] = field(default_factory=dict)
    """None if a test defines it: that definition is compared when it is made."""
    loads: dict[str, frozenset[str]] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    imports: bool = False
    """Whether a cell so far imports a module of the course."""

    def take(self, cell: Any, text: str) -> None:
        """Add a cell; `text` is its source as plain Python."""
        if cell.cell_type != "code" or is_solution(cell) or not (is_locked(cell) or is_grade(cell)):
            return
        found = bound(text)
        self.imports = self.imports or bool(self._ours(found))
        self.texts |= dict.fromkeys(found.rebound & {*self.texts}, "")
        self.texts |= dict.fromkeys(found.texts) if is_grade(cell) else found.texts
        for name in self._ours(found) if not is_grade(cell) else ():
            self.texts.pop(name, None)
            self.texts |= self._imported(found, name)
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

    def beside(self, text: str) -> tuple[Modules, dict[str, str]]:
        """Return the course's modules if a test may use them, and what it imports of them."""
        test = bound(text)
        ours = self._ours(test)
        if not ours and not self.imports:
            return {}, {}
        once = [name for name in ours if name not in test.rebound]
        return self.modules, {k: v for n in once for k, v in self._imported(test, n).items()}

    def _ours(self, found: Bound) -> list[str]:
        """Return the names that a cell imports from, or as, a module of the course."""
        return [
            name
            for name, (module, inside) in found.imports.items()
            if module in self.modules or f"{module}.{inside}" in self.modules
        ]

    def _imported(self, found: Bound, name: str) -> dict[str, str]:
        """Return the source of an imported function under the name that it has here."""
        module, inside = found.imports[name]
        if inside == "*":
            texts = self.modules.get(module, {}).items()
            return {one: text for one, text in texts if not one.startswith("_")}
        text = self.modules.get(module, {}).get(inside)
        return {} if text is None else {name: _HEAD.sub(rf"\g<1>{name}", text, count=1)}


def functions(text: str) -> dict[str, str]:
    """Return the source of the functions and classes that a module defines and does not rebind.

    Each has the module's imports, which change what is compiled: those from `__future__`,
    and, from Python 3.11 on, those of names that it calls by an attribute. Only a module is
    compiled as a whole; IPython compiles each statement of a cell by itself.
    """
    found = bound(text)
    future = "".join(
        f"from __future__ import {name}\n"
        for module, name in found.imports.values()
        if module == "__future__"
    )
    compiled = {}
    for name, source in found.texts.items():
        if source:
            called = sorted(found.imported & found.loads[name])
            compiled[name] = future + source + "".join(f"\nimport {one}" for one in called)
    return compiled


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
        texts |= dict.fromkeys(_importing(node), "")
    rebound = frozenset(_assigned(tree.body))
    texts |= dict.fromkeys(rebound & {*texts}, "")
    imports = dict(_origins(tree.body))
    classes = frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef))
    imported = frozenset(name for node in _own(tree) for name in _importing(node))
    return Bound(texts, loads, frozenset(_bound(tree.body)), classes, imports, rebound, imported)


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
            yield from _importing(node)


def _importing(node: ast.AST) -> list[str]:
    """Return the names that a statement imports."""
    names = node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else ()
    return [(one.asname or one.name).partition(".")[0] for one in names if one.name != "*"]


def _origins(body: Sequence[ast.stmt]) -> Iterator[tuple[str, tuple[str, str]]]:
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for one in node.names:
                star = node.module if one.name == "*" else ""
                yield one.asname or one.name + star, (node.module, one.name)
        elif isinstance(node, ast.Import):
            for one in node.names:
                yield one.asname or one.name.partition(".")[0], (one.name, "")


def _assigned(body: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the names that are bound otherwise than by a plain definition or import."""
    for node in body:
        if isinstance(node, _DEFINED):
            continue
        for inner in _own(node):
            if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
                yield inner.id
            elif isinstance(inner, _DEFINED):
                yield inner.name
            elif inner is not node:
                yield from _importing(inner)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those below that belong to the same scope."""
    yield node
    if not isinstance(node, (*_DEFINED, ast.Lambda)):
        for child in ast.iter_child_nodes(node):
            yield from _own(child)
