"""Weave marks into a test cell that prove which parts of it ran.

The same code works on both sides. In the kernel it changes the parsed cell: a mark is left in each
assertion once its condition was true, and after each call, loop, `with` and branch. On the host it
finds the same marks in the same order, and which of them must be there if others are. Line numbers
and tracebacks stay those of the instructor's test. Runs on Python 3.8 or newer, without `import`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

Needed: TypeAlias = "list[tuple[list[int], int]]"
"""Groups of marks: together they are left at least this many times for each end mark."""
CALLS = ("Call", "Await")
LOOKED_AT = (*CALLS, "Name", "Attribute", "Subscript", "NamedExpr", "BinOp")
ONE = {"Compare": ["left"], "BinOp": ["left", "right"], "UnaryOp": ["operand"]}
MANY = {"Compare": ["comparators"], "Call": ["args"], "BoolOp": ["values"]}
"""The fields of expressions whose values are checked."""
LEAVING = ("Return", "Break", "Continue", "Raise")
FUNCTIONS = ("FunctionDef", "AsyncFunctionDef")
PLAIN = ("staticmethod", "classmethod", "property", "given", "settings", "parametrize")
"""Decorators that leave a function to Python; others may compile it themselves."""
TRANSPARENT = (
    *("open", "closing", "TemporaryDirectory", "NamedTemporaryFile", "nullcontext", "chdir"),
    *("patch", "object", "dict", "catch_warnings", "redirect_stdout", "redirect_stderr"),
    *("errstate", "localcontext", "option_context"),
)
"""Context managers that suppress no exception."""
ALIKE = ("enumerate", "reversed", "sorted", "list", "tuple", "iter")
"""Functions that return as many items as they are given."""


def kind_of(node: Any) -> str:
    """Return the name of a node's class."""
    return str(node.__class__.__name__)


def below(nodes: Sequence[Any], functions: bool) -> Iterator[Any]:
    """Yield nodes and all nodes below them, those in functions only on request."""
    for node in nodes:
        yield node
        if functions or kind_of(node) not in (*FUNCTIONS, "Lambda"):
            for field in node._fields:
                value = getattr(node, field, None)
                inner = value if isinstance(value, list) else [value]
                yield from below([one for one in inner if hasattr(one, "_fields")], functions)


def last_name(node: Any) -> str:
    """Return the last name of a decorator or a context manager."""
    node = node.func if kind_of(node) == "Call" else node
    return str(getattr(node, "attr", getattr(node, "id", "")))


class Weaver:
    """Weave one parsed cell; `nodes` is the module `ast`, `tokens` are what the marks leave."""

    def __init__(self, nodes: Any, name: str, tokens: Sequence[Any]) -> None:
        self.nodes, self.name, self.tokens = nodes, name, tokens
        self.used = 0
        self.value: Any = None
        self.rules: list[tuple[int, Needed]] = []
        self.functions: dict[str, int] = {}
        self.literals: dict[str, Any] = {}

    def cell(self, tree: Any) -> None:
        """Weave a cell; its first mark is for its end, which the caller must leave."""
        end = self._mark()
        self._find_literals(tree.body)
        self.functions = {f.name: -1 for f in tree.body if self._is_plain_helper(f, tree)}
        last = tree.body[-1:] if tree.body and kind_of(tree.body[-1]) == "Expr" else []
        body = tree.body[: len(tree.body) - len(last)]
        needed = self._block(body)
        for statement in last:
            self.value = self.tokens[self.used]
            needed += self._marked(statement)
        tree.body[:] = [*body, *last]
        self.rules.append((end, needed))

    def _mark(self) -> int:
        self.used += 1
        return self.used - 1

    def _placed(self, node: Any, at: Any) -> Any:
        for field in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            setattr(node, field, getattr(at, field))
        return node

    def _constant(self, value: Any, at: Any) -> Any:
        return self._placed(self.nodes.Constant(value, None), at)

    def _call(self, at: Any, mark: int, value: Any = None) -> Any:
        """Make the node `name(token, value)`, which returns the value."""
        token = None if mark < 0 else self.tokens[mark]
        name = self._placed(self.nodes.Name(self.name, self.nodes.Load()), at)
        arguments = [self._constant(token, at), *([] if value is None else [value])]
        return self._placed(self.nodes.Call(name, arguments, []), at)

    def _left(self, mark: int, at: Any) -> Any:
        return self._placed(self.nodes.Expr(self._call(at, mark)), at)

    def _block(self, body: list[Any]) -> Needed:
        """Weave statements in place; return the marks that are left once their end is reached."""
        needed, woven = [], []
        for statement in body:
            own = self._statement(statement)
            woven.append(statement)
            needed += own
            if kind_of(statement) in ("For", "AsyncFor", "While", "With", "AsyncWith", "Match"):
                mark = self._mark()
                woven.append(self._left(mark, statement))
                needed.append(([mark], 1))
        body[:] = woven
        return needed

    def _part(self, body: list[Any], at: Any) -> list[int]:
        """Weave a branch or a body and mark its end; return [] if it never falls through."""
        needed = self._block(body)
        leaves = bool(body) and kind_of(body[-1]) in LEAVING
        end = self._mark()
        body.insert(len(body) - leaves, self._left(end, body[-1] if body else at))
        self.rules.append((end, needed))
        return [] if leaves else [end]

    def _statement(self, node: Any) -> Needed:
        kind = kind_of(node)
        weave = getattr(self, "_" + kind.replace("Async", "").replace("Star", "").lower(), None)
        return weave(node) if weave else []

    def _assert(self, node: Any) -> Needed:
        mark, test = self._mark(), node.test
        self._look_into(test)
        true = self._call(test, mark, self._constant(True, test))
        # As in the test of an `assert`, each side's truth value is asked for once.
        node.test = self._placed(self.nodes.BoolOp(self.nodes.And(), [test, true]), test)
        return [([mark], 1)]

    def _expr(self, node: Any) -> Needed:
        return self._marked(node) if kind_of(node.value) in CALLS else []

    _assign = _annassign = _augassign = _expr

    def _marked(self, node: Any) -> Needed:
        mark, value = self._mark(), node.value
        self._look_into(value)
        node.value = self._call(value, mark, value)
        end = self.functions.get(getattr(getattr(value, "func", None), "id", ""), -1)
        return [([mark], 1), *([([end], 1)] if end >= 0 else [])]

    def _if(self, node: Any) -> Needed:
        self._look_into(node.test)
        return [(self._part(node.body, node) + self._part(node.orelse, node), 1)]

    def _for(self, node: Any) -> Needed:
        times = self._times(node.iter)
        if [1 for n in below(node.body, False) if kind_of(n) in LEAVING[:3]]:
            times = 0
        return self._loop(node, times)

    def _while(self, node: Any) -> Needed:
        return self._loop(node, 0)

    def _loop(self, node: Any, times: int) -> Needed:
        end = self._part(node.body, node)
        if node.orelse:
            self._part(node.orelse, node)
        return [(end, times)] if end and times else []

    def _with(self, node: Any) -> Needed:
        end = self._part(node.body, node)
        passes = [1 for i in node.items if last_name(i.context_expr) in TRANSPARENT]
        return [(end, 1)] if len(passes) == len(node.items) and end else []

    def _try(self, node: Any) -> Needed:
        ends = self._part(node.body, node)
        if node.orelse:
            ends = self._part(node.orelse, node)
        for handler in node.handlers:
            ends = ends + self._part(handler.body, handler)
        return [(ends, 1), *self._block(node.finalbody)]

    def _match(self, node: Any) -> Needed:
        for case in node.cases:
            self._part(case.body, node)
        return []

    def _functiondef(self, node: Any) -> Needed:
        if not [1 for d in node.decorator_list if last_name(d) not in PLAIN]:
            end = self._part(node.body, node)
            if end and self.functions.get(node.name) == -1:
                self.functions[node.name] = end[0]
        return []

    def _classdef(self, node: Any) -> Needed:
        for inner in node.body:
            if kind_of(inner) in (*FUNCTIONS, "ClassDef"):
                self._statement(inner)
        return []

    def _is_plain_helper(self, node: Any, tree: Any) -> bool:
        """Return whether a call either reaches the function's end or raises an exception."""
        if kind_of(node) != "FunctionDef" or node.decorator_list:
            return False
        bound = 0
        for one in below(tree.body, True):
            names = [getattr(one, field, None) for field in ("name", "asname", "arg")]
            stored = kind_of(one) == "Name" and kind_of(one.ctx) != "Load" and one.id == node.name
            bound += node.name in names or stored
        leaves = ("Return", "Yield", "YieldFrom")
        return bound == 1 and not [1 for n in below(node.body, False) if kind_of(n) in leaves]

    def _look_into(self, node: Any) -> None:
        """Have the values checked that are compared, or passed to a call."""
        kind = kind_of(node)
        for field in ONE.get(kind, ()):
            setattr(node, field, self._looked_at(getattr(node, field)))
        for field in MANY.get(kind, ()):
            getattr(node, field)[:] = [self._looked_at(one) for one in getattr(node, field)]
        if kind in ("Attribute", "Subscript") and kind_of(node.value) in CALLS:
            node.value = self._looked_at(node.value)
        if kind == "Call" and kind_of(node.func) == "Attribute":
            self._look_into(node.func.value)

    def _looked_at(self, node: Any) -> Any:
        self._look_into(node)
        return self._call(node, -1, node) if kind_of(node) in LOOKED_AT else node

    def _find_literals(self, body: list[Any]) -> None:
        """Find the names that are bound to a literal and used exactly once."""
        used: dict[str, int] = {}
        for node in below(body, True):
            if kind_of(node) == "Name":
                used[node.id] = used.get(node.id, 0) + 1
        for node in body:
            if kind_of(node) == "Assign" and len(node.targets) == 1:
                name = getattr(node.targets[0], "id", "")
                if used.get(name) == 2:
                    self.literals[name] = node.value

    def _times(self, node: Any) -> int:
        """Return how often a loop over this runs at the least."""
        kind = kind_of(node)
        if kind in ("List", "Tuple", "Set"):
            sure = [1 for one in node.elts if kind_of(one) != "Starred"]
            return len(sure) if kind != "Set" else len(sure[:1])
        if kind == "Dict":
            return len([1 for key in node.keys if key][:1])
        if kind == "Name":
            return self._times(self.literals.pop(node.id)) if node.id in self.literals else 0
        if kind != "Call":
            return 0
        called, args = last_name(node), node.args
        if called == "range" and len(args) == 1:
            value = getattr(args[0], "value", 0)
            return value if isinstance(value, int) and value > 0 else 0
        if kind_of(node.func) == "Attribute" and called in ("items", "keys", "values"):
            return 0 if args else self._times(node.func.value)
        if called == "zip":
            return min([self._times(one) for one in args] or [0])
        return self._times(args[0]) if called in ALIKE and args else 0
