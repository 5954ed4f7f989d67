"""The structure of the source by its imports: which module, and which room, imports which."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "rudaux"
FILES = sorted(SOURCE.rglob("*.py"))
Graph = Mapping[str, frozenset[str]]


def module(path: Path) -> str:
    """Return a file's module name inside rudaux: "workflows.init"; "" is the package itself."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(p for p in parts if p != "__init__")


MODULES = {module(path): path for path in FILES}


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return the syntax of a file; nobody changes the source while tests run."""
    return tuple(ast.walk(ast.parse(path.read_text())))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Return every imported module, also inside functions; `from a import b` is a and a.b."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def graph() -> Graph:
    """Return the modules that each module of rudaux imports.

    All imports count. One inside a function only delays a circle until the call, and one for types
    alone is still a circle for those who read the two files. Importing a.b also runs a's
    `__init__`, unless the importer is in a itself. What the package `rudaux` itself imports is left
    out: its lazy Python interface is for users, and nothing inside uses it.
    """
    return {name: _known(name, path) if name else frozenset() for name, path in MODULES.items()}


def _known(name: str, path: Path) -> frozenset[str]:
    ours = {n.removeprefix("rudaux").lstrip(".") for n in imports(path) if n.startswith("rudaux")}
    found = ours & MODULES.keys()
    # `from a.b import c` where c is a module asks for c; that a.b runs first is said above.
    meant = {n for n in found if not any(m.startswith(f"{n}.") for m in found)}
    packages = {p for n in meant for p in _packages(n) if not f"{name}.".startswith(f"{p}.")}
    return frozenset((meant | packages) - {name})


def _packages(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def circles(known: Graph) -> list[list[str]]:
    """Return the groups of modules that import one another, each sorted."""
    below = {name: _reachable(name, known) for name in known}
    groups = {
        tuple(sorted(m for m in below[name] if name in below[m])) for name in known
    } - {()}  # fmt: skip
    return [list(group) for group in sorted(groups)]


def _reachable(start: str, known: Graph) -> set[str]:
    found: set[str] = set()
    ahead = list(known[start])
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead.extend(known[name])
    return found


def between(rooms: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return the arrows between rooms; modules without a room in `rooms` are left out."""
    return {
        (rooms[name], rooms[other])
        for name, others in graph().items()
        for other in others
        if name in rooms and other in rooms and rooms[name] != rooms[other]
    }
