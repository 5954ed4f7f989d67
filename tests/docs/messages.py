"""What rudaux says where something is wrong, as the code has it: errors, alarms, doubts, checks.

Only calls in the source are read, so that a message which nobody has documented is found before
a person meets it. A part that varies is shown as `…`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rudaux import errors
from tests.docs.pages import ROOT

SOURCE = ROOT / "src" / "rudaux"
CODES = {
    name: kind.exit_code
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.RudauxError)
}
_ALARM, _DOUBT, _CHECK, _FAILED, _QUESTION = "alarm", "doubt", "check", "failed", "question"
_NAMED = {
    "Alarm": (_ALARM, 1), "Suspicion": (_DOUBT, 0), "Broken": (_FAILED, 0), "Check": (_CHECK, 2),
    "_broken": (_CHECK, 1), "_near": (_CHECK, 2), "Question": (_QUESTION, 0),
}  # fmt: skip
"""Of what kind a call makes a message, and which argument is its text."""
_TELLERS = {
    "adapters/nbgrader/grading/witness.py:_reasons": _DOUBT,
    "domain/roster.py:_suspicion": _QUESTION,
}
"""Functions that return a message."""
_MAKERS = {"_broken", "_near", "broken", "guarded"}
"""Functions that only pass a text on: what they are called with is read instead."""
_ANY = "…"


@dataclass(frozen=True)
class Message:
    """A message: where it is made (`adapters/cron.py:_run`), of what kind, and its text."""

    place: str
    kind: str
    text: str

    @property
    def code(self) -> int | None:
        """The exit code, where it is an error, or a question that nobody answers."""
        return CODES["NeedsPersonError"] if self.kind == _QUESTION else CODES.get(self.kind)


def messages() -> list[Message]:
    """Return every message in the order of the files."""
    found = [m for file in sorted(SOURCE.rglob("*.py")) for m in _Module(file).messages()]
    return list(dict.fromkeys(found))


class _Module:
    def __init__(self, file: Path) -> None:
        self.path = str(file.relative_to(SOURCE))
        self.tree = ast.parse(file.read_text())

    @cached_property
    def functions(self) -> dict[str, ast.AST]:
        return {n.name: n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef)}

    def messages(self) -> Iterator[Message]:
        yield from self._inside(self.tree, (), self.tree)

    def _inside(self, node: ast.AST, names: tuple[str, ...], scope: ast.AST) -> Iterator[Message]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                yield from self._inside(child, (*names, child.name), scope)
            elif isinstance(child, ast.FunctionDef) and child.name in _MAKERS:
                continue
            elif isinstance(child, ast.FunctionDef):
                yield from self._inside(child, (*names, child.name), child)
            else:
                place = ":".join([self.path, ".".join(names)] if names else [self.path])
                for kind, said in self._said(child):
                    texts = [t for t in self._texts(said, scope) if t.strip(_ANY + " .:;,")]
                    yield from (Message(place, kind, text) for text in texts or [""])
                if place in _TELLERS and isinstance(child, ast.Return | ast.JoinedStr):
                    texts = self._texts(getattr(child, "value", None) or child, scope)
                    yield from (Message(place, _TELLERS[place], t) for t in texts if " " in t)
                yield from self._inside(child, names, scope)

    def _said(self, node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
        if isinstance(node, ast.AugAssign) and _name(node.target) == "doubts":
            yield from ((_DOUBT, n) for n in ast.walk(node.value) if isinstance(n, ast.JoinedStr))
        if not isinstance(node, ast.Call):
            return
        name = _name(node.func)
        if name == "append" and _name(getattr(node.func, "value", None)) == "doubts":
            yield _DOUBT, node.args[0]
        elif name in CODES and node.args:
            yield name, node.args[0]
        elif name == "_broken" and not self.path.startswith("domain"):
            return
        elif name in _NAMED and len(node.args) > _NAMED[name][1]:
            kind, at = _NAMED[name]
            words = {a.value for a in node.args if isinstance(a, ast.Constant)}
            if {_CHECK: "ok", _QUESTION: "yes"}.get(kind) not in words:
                yield kind, node.args[at]

    def _texts(self, node: ast.AST, scope: ast.AST, deep: int = 3) -> list[str]:
        """Return what an expression may say; a part that cannot be known here is `…`."""
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        if isinstance(node, ast.JoinedStr):
            parts = [v.value if isinstance(v, ast.Constant) else _ANY for v in node.values]
            first = node.values[0]
            if isinstance(first, ast.FormattedValue) and isinstance(first.value, ast.Name):
                before = self._given(first.value, scope)[-2:]
                starts = [t for v in before for t in self._texts(v, scope, 0)]
                return ["".join(map(str, [s, *parts[1:]])) for s in starts or [_ANY]]
            return ["".join(map(str, parts))]
        if isinstance(node, ast.IfExp):
            return [*self._texts(node.body, scope, deep), *self._texts(node.orelse, scope, deep)]
        if isinstance(node, ast.BoolOp):
            return [t for v in node.values for t in self._texts(v, scope, deep)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = (self._texts(n, scope, deep) or [_ANY] for n in (node.left, node.right))
            return [a + b for a in left[:1] for b in right[:1]]
        if isinstance(node, ast.Name) and deep:
            last = self._given(node, scope)[-1:]
            return [t for v in last for t in self._texts(v, scope, deep - 1)]
        if isinstance(node, ast.Call) and deep and _name(node.func) in self.functions:
            inner = self.functions[_name(node.func)]
            backs = [n.value for n in ast.walk(inner) if isinstance(n, ast.Return) and n.value]
            return [t for v in backs for t in self._texts(v, inner, deep - 1)]
        return []

    def _given(self, name: ast.Name, scope: ast.AST) -> list[ast.expr]:
        """Return what a name was given before: in the function, else in the module."""
        for nodes in (list(ast.walk(scope)), list(ast.iter_child_nodes(self.tree))):
            found = [n for n in nodes if isinstance(n, ast.Assign) and n.lineno < name.lineno]
            found = [n for n in found if any(_name(t) == name.id for t in n.targets)]
            if found:
                return [n.value for n in sorted(found, key=lambda n: n.lineno)]
        return []


def _name(node: ast.AST | None) -> str:
    return str(getattr(node, "id", None) or getattr(node, "attr", ""))
