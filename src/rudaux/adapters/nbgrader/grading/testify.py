"""What runs a test cell in a Python kernel; sent as text with the modules that it imports.

It compiles and runs the test with Python's own functions, so that no hook in IPython can leave out
a part, and publishes its marks and what the notebook has replaced. It must not raise, print or
change anything else. For Python 3.8 or newer, without `import` or a trusted built-in function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rudaux.adapters.nbgrader.grading.classes import (
    agrees,
    blank,
    equals_strangers,
    with_another_eq,
)
from rudaux.adapters.nbgrader.grading.compiled import (
    FUNCTION,
    FUTURE,
    TYPE,
    codes_of,
    is_kind,
    same_code,
)
from rudaux.adapters.nbgrader.grading.watch import FAILED, Watched
from rudaux.adapters.nbgrader.grading.weave import Weaver, kind_of
from rudaux.domain.execution import WITNESS

NATIVE: Any = TYPE([].append)
HEAP = 1 << 9
"""In a class's `__flags__`: created at run time, as no built-in class is."""
AWAIT, ONLY_AST = 0x2000, 0x400
"""Flags of `compile`: `await` at top level, return only the tree."""
COROUTINE = 0x80
"""In a code object's `co_flags`: it must be awaited."""
TOKEN = 16
"""Characters of a mark."""
UNEQUAL: Any = (
    (1.5, 2.5), (1, 2), ("a", "b"), ([1], [2]), ((1,), (2,)), ({1: 1}, {1: 2}), ({1}, {2}),
    (True, False), (b"a", b"b"), (1j, 2j), (None, 0),
)  # fmt: skip
MOST_ASKED = 20
"""How many objects of one class are checked per cell."""
EQUAL = {"__eq__": "=="}
OPERATORS = {
    "__eq__": "==", "__ne__": "__ne__", "__lt__": "__lt__", "__le__": "__le__",
    "__gt__": "__gt__", "__ge__": "__ge__", "__contains__": "in",
}  # fmt: skip

BUILTINS = (
    "abs all any bool callable complex dict divmod enumerate eval exec compile filter float "
    "frozenset getattr hasattr hash id int isinstance issubclass iter len list map max min next "
    "object ord pow range repr reversed round set setattr sorted str sum tuple type zip "
    "AssertionError Exception BaseException __import__"
)
TESTING = {
    "math": "isclose fabs isnan", "operator": "eq ne",
    "numpy": "all any abs allclose isclose array_equal array_equiv equal round around sum",
    "numpy.testing": "", "pandas.testing": "", "pandas.DataFrame": "equals __eq__",
    "pandas.Series": "equals __eq__", "nose.tools": "", "pytest": "approx raises",
    "unittest.TestCase": "",
}  # fmt: skip
"""What tests compare with, by module or class; without names, everything in it."""
OPTIONAL = (
    *("reach", "locked", "guarded", "classes", "last", "beside", "imported", "defines"),
    *("waits", "value"),
)
"""What an order has only if there is anything to say."""


class Kernel:
    """The kernel's current state."""

    def __init__(
        self, shell: Any, modules: Mapping[str, Any], order: Mapping[str, Any], known: Sequence[Any]
    ) -> None:
        self.shell, self.modules, self.text, self.known = shell, modules, order["text"], known
        self.guarded, self.classes = order["guarded"], order["classes"]
        self.beside, self.imported = order["beside"], order["imported"]
        self.changed: list[str] = []
        # What tests have defined, kept under a name that cannot be guessed.
        self.defined = shell.__dict__.setdefault(order["place"] + "d", {})
        self.here = modules["os"].getcwd() + "/"
        self.library = modules["os"].__file__.rpartition("/")[0] + "/"

    def ours(self, thing: Any) -> bool:
        """Return whether an object's code is from the notebook, or from a file next to it."""
        kind = TYPE(thing)
        if (kind.__module__, kind.__name__) == ("functools", "partial"):
            return self.ours(thing.func)
        if (kind.__module__, kind.__name__) == ("builtins", "method"):
            thing = thing.__func__
        if TYPE(thing) is FUNCTION:
            file = thing.__code__.co_filename
            beside = file.startswith(self.here) and not file.startswith(self.library)
            from_file = beside and "-packages/" not in file
            typed = "ipykernel_" in file or file == "<string>"
            return thing.__globals__ is self.shell.user_ns or typed or from_file
        made = thing if is_kind(thing) else kind
        return made.__module__ in ("__main__", "unittest.mock")

    def replaced(self) -> Iterator[str]:
        """Yield the names of what differs from Python's and the libraries' own."""
        if self.shell.user_ns is not self.shell.user_global_ns:
            yield "get_ipython().user_ns"
        builtins = self.modules["builtins"]
        for name in BUILTINS.split():
            thing = builtins.__dict__.get(name)
            if TYPE(thing) is NATIVE:
                right = thing.__name__ == name and thing.__self__ is builtins
            elif TYPE(thing) is TYPE:
                right = thing.__name__ == name and not thing.__flags__ & HEAP
            else:
                right = TYPE(thing) is FUNCTION and not self.ours(thing)
            if not right:
                yield "builtins." + name
        for path, names in TESTING.items():
            there = self._vars(path)
            for name in names.split() or [*there]:
                if self.ours(there.get(name)):
                    yield path + "." + name

    def snapshot(self, code: Any) -> bytes:
        """Return a code object's contents, to be compared after it has run."""
        try:
            # Later formats record references, which change as it runs.
            contents: bytes = self.modules["marshal"].dumps(code, 0)
            return contents
        except ValueError:
            return b""

    def redefined(self) -> Iterator[str]:
        """Yield the names that a test relies on and the notebook has redefined."""
        builtins = self.modules["builtins"]
        there = self.shell.user_global_ns.get("__builtins__", builtins)
        if there is not builtins and there is not builtins.__dict__:
            yield "__builtins__"
        for name, text in self.guarded.items():
            thing = self.shell.user_ns.get(name)
            if text is None:
                was = self.defined.get(name)
                same = was is None or (was[0] is thing and was[1:] == codes_of(thing))
            else:
                same = bool(text) and self._is_as_written(thing, name, text)
            # What a locked cell has defined may not be something of Python's own, either.
            if not same and (self.ours(thing) or (text and thing is not None)):
                yield name
        for one, other in UNEQUAL:
            if one == other or not one != other:  # noqa: SIM202 - each may have been replaced
                yield "== of " + TYPE(one).__name__

    def strange(self) -> Iterator[str]:
        """Yield the names in the course's own modules that are not as the course wrote them."""
        for path, texts in self.beside.items():
            there = getattr(self.modules.get(path), "__dict__", {})
            for name, text in texts.items() if there else ():
                if not self._is_as_written(there.get(name), name, text):
                    yield path + "." + name

    def mistaken(self) -> Iterator[str]:
        """Yield the names that the test has imported from elsewhere than it says."""
        for name, text in self.imported.items():
            thing = self.shell.user_ns.get(name)
            if thing is not None and not self._is_as_written(thing, name, text):
                yield name

    def _is_as_written(self, thing: Any, name: str, text: str) -> bool:
        """Return whether a function, or a class's functions, are those of a locked cell."""
        code = self._compiled(name, text)
        if code is None or self._is_same(thing, code):
            return True
        line = thing.__code__.co_firstlineno if TYPE(thing) is FUNCTION else 1
        if is_kind(thing):
            line = thing.__dict__.get("__firstlineno__", 1)
        # From Python 3.13 on, the code of a class holds its place.
        blank_lines = "\n" * (line - code.co_firstlineno)
        return bool(blank_lines) and self._is_same(thing, self._compiled(name, blank_lines + text))

    def _compiled(self, name: str, text: str) -> Any:
        flags = self.shell.compile.flags & FUTURE
        compiled = self.modules["builtins"].__dict__["compile"](text, "", "exec", flags, True)
        return next((c for c in compiled.co_consts if getattr(c, "co_name", "") == name), None)

    def _is_same(self, thing: Any, code: Any) -> bool:
        if TYPE(thing) is FUNCTION:
            return same_code(thing.__code__, code)
        inside = [c for c in code.co_consts if hasattr(c, "co_code")]
        return is_kind(thing) and not [
            1
            for c in inside
            if TYPE(thing.__dict__.get(c.co_name)) is FUNCTION
            and not same_code(thing.__dict__[c.co_name].__code__, c)
        ]

    def _vars(self, path: str) -> Mapping[str, Any]:
        module, _, name = path.rpartition(".")
        if path in self.modules:
            return getattr(self.modules[path], "__dict__", {})
        if module not in self.modules:
            return {}
        return getattr(self.modules[module].__dict__.get(name), "__dict__", {})

    def lies(self, thing: Any, operators: Mapping[str, str]) -> Iterator[str]:
        """Yield the notebook's operators by which an object agrees with what it cannot know."""
        kind = TYPE(thing)
        if self._is_asked(kind, operators is OPERATORS) and equals_strangers(thing):
            yield "== (class " + kind.__name__ + ")"
            return
        for name, sign in operators.items() if kind.__flags__ & HEAP else ():
            owner = next((c for c in kind.__mro__ if name in c.__dict__), object)
            method = owner.__dict__.get(name)
            if self.ours(method) and agrees(thing, method, name == "__ne__"):
                yield sign + " (class " + kind.__name__ + ")"

    def _is_asked(self, kind: Any, compared: bool) -> bool:
        """Return whether a class's objects are checked; arrays would take too long."""
        if kind.__name__ in self.classes or not kind.__flags__ & HEAP:
            return False
        theirs = kind.__module__ == "__main__"
        return theirs or (compared and "ANY" not in self.text and not hasattr(kind, "__array__"))

    def equal_to_everything(self) -> Iterator[str]:
        """Yield the notebook's classes whose objects equal even what they cannot know."""
        for thing in [*self.shell.user_ns.values()]:
            if not is_kind(thing):
                yield from self.lies(thing, EQUAL)
        for kind in with_another_eq(self.shell, self.known):
            if "__eq__" in kind.__dict__ and self.ours(kind.__dict__["__eq__"]):
                yield from self.lies(blank(kind), EQUAL)


def silently(modules: Mapping[str, Any], found: Iterator[str]) -> list[str]:
    """Collect what is found, and hide whatever a student's class prints meanwhile."""
    streams = modules["sys"]
    before = streams.stdout, streams.stderr
    streams.stdout = streams.stderr = modules["io"].StringIO()
    try:
        return [*found]
    finally:
        streams.stdout, streams.stderr = before


class Marks:
    """The marks that a test has left so far; the test calls it by a secret name."""

    def __init__(self, kernel: Kernel, value: Any) -> None:
        self.kernel, self.last = kernel, value
        self.counts: dict[str, int] = {}
        self.seen: list[Any] = []
        self.asked: dict[str, int] = {}
        self.found: list[str] = []
        self.value = ""

    def __call__(self, token: Any, value: Any = None) -> Any:
        """Leave a mark, or without a token note a value to check; return the value."""
        if token is None:
            self.seen.append(value)
            return value
        self.counts[token] = self.counts.get(token, 0) + 1
        if self.seen:
            self._look()
        if token == self.last:
            self.value = number(value, self.kernel)
        return value

    def _look(self) -> None:
        seen, self.seen = self.seen, []
        for thing in seen:
            kind = TYPE(thing)
            if kind.__flags__ & HEAP and self.asked.get(kind.__name__, 0) < MOST_ASKED:
                self.asked[kind.__name__] = self.asked.get(kind.__name__, 0) + 1
                self.found += silently(self.kernel.modules, self.kernel.lies(thing, OPERATORS))


def number(value: Any, kernel: Kernel) -> str:
    """Return a value's number, whatever its class makes of it; "?" if that is unknown."""
    for kind in (int, float):
        if kind in TYPE(value).__mro__:
            return kind.__repr__(value)
    return "" if kernel.ours(value) else "?"


def steps(nodes: Any, body: list[Any], shows: str) -> list[tuple[str, Any]]:
    """Split a cell as IPython does: what is displayed is run separately."""
    if shows == "all":
        return [("single", nodes.Interactive([statement])) for statement in body]
    ends = [one for one in body[-1:] if shows != "none" and kind_of(one) == "Expr"]
    first = body[: len(body) - len(ends)]
    made = [("exec", nodes.Module(first, []))] if first else []
    return made + [("single", nodes.Interactive(ends))] * len(ends)


async def completed(
    kernel: Kernel, order: Mapping[str, Any], weaver: Weaver, watched: Watched
) -> bool:
    """Weave the cell and run it as IPython would, bypassing any hooks in IPython."""
    shell, native = kernel.shell, kernel.modules["builtins"].__dict__
    result = shell.displayhook.exec_result
    count = shell.execution_count if result is None else result.execution_count
    file = shell.compile.cache(order["text"], count, raw_code=order["source"])
    flags = shell.compile.flags & FUTURE | AWAIT
    try:
        tree = native["compile"](order["text"], file, "exec", flags | ONLY_AST, True, 0)
        weaver.cell(tree)
        watched.begin(file)
        for mode, part in steps(weaver.nodes, tree.body, shell.ast_node_interactivity):
            code = native["compile"](part, file, mode, flags, True, 0)
            was = kernel.snapshot(code)
            if code.co_flags & COROUTINE:
                await native["eval"](code, shell.user_global_ns)
            else:
                native["exec"](code, shell.user_global_ns)
            if kernel.snapshot(code) != was:
                kernel.changed.append("the test's own code")
    except BaseException as error:
        watched.say(FAILED)
        if result is not None:
            result.error_in_exec = error
        if TYPE(error).__name__ in ("SystemExit", "BdbQuit"):
            raise  # IPython reports it in its own way
        below = error.__traceback__ and error.__traceback__.tb_next
        theirs = TYPE(error), error, below
        shell.showtraceback(theirs, tb_offset=0, running_compiled_code=True)
        return False
    finally:
        watched.end()
    return True


def start(shell: Any, order: Mapping[str, Any], known: Sequence[Any]) -> Any:
    """Run a test, or return what runs it if the cell waits for it."""
    order = {**{}.fromkeys(OPTIONAL, {}), "text": order["source"] + "\n", **order}
    running = testify(shell, order, known)
    if order["waits"]:
        return running
    for _ in running.__await__():
        pass
    return None


async def testify(shell: Any, order: Mapping[str, Any], known: Sequence[Any]) -> None:
    """Run a test; if nothing fails, publish its marks and, line by line, what was replaced."""
    # A course's own test may forbid `import`.
    modules = (shell.run_cell.__globals__.get("sys") or __import__("sys")).modules
    kernel = Kernel(shell, modules, order, known)
    secret, name = order["secret"], "_" + order["place"]
    tokens = [secret[at : at + TOKEN] for at in range(0, len(secret), TOKEN)]
    marks = Marks(kernel, tokens[order["value"]] if order["value"] else None)
    shell.user_ns[name] = shell.user_ns_hidden[name] = marks
    # A test may put another publisher in place.
    publish = shell.display_pub.publish
    watched = Watched(kernel, order, lambda doubt: publish({WITNESS: "\n\n" + doubt}))
    history = shell.history_manager
    history.input_hist_parsed[-1], history.input_hist_raw[-1] = order["text"], order["source"]
    before = silently(modules, kernel.redefined()) + silently(modules, kernel.strange())
    if not await completed(kernel, order, Weaver(modules["_ast"], name, tokens), watched):
        return
    marks(tokens[0])
    for one in order["defines"]:
        thing = shell.user_ns.get(one)
        kernel.defined[one] = [thing, *codes_of(thing)]
    after = [*before, *silently(modules, kernel.redefined()), *silently(modules, kernel.strange())]
    after += silently(modules, kernel.mistaken())
    found = [*kernel.replaced(), *marks.found, *kernel.changed, *watched.found, *after]
    if order["last"]:
        found += silently(modules, kernel.equal_to_everything())
    left = " ".join([token + ":" + str(count) for token, count in marks.counts.items()])
    shell.display_pub.publish({WITNESS: "\n".join([left, marks.value, *found])})
