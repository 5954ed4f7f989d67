"""Whether a test really ran: nbgrader takes "no error" as full marks, even for a no-op.

In Python each test is sent as an order to run it with marks woven in (see `weave`), each with its
own token, new for every run. A test without an error counts if all tokens that its text requires
came back; otherwise it scores 0, and the submission is held for a person. What the notebook has
replaced that tests compare with (see `testify`), and how it looked into the running test (see
`watch`), is reported as well, but changes no score.

Not detected: answers known beforehand, or read in ways that `watch` misses, changed data of locked
cells, comparisons changed in compiled code or in libraries that `testify` does not list, and a
notebook written against this very check. Tests in a cell magic are not checked; in R a last line
publishes a single token; other kernels are not checked.
"""

from __future__ import annotations

import ast
import binascii
import inspect
import re
import secrets
import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from nbgrader.utils import is_grade, is_solution

from rudaux.adapters.nbgrader.grading.choose import grade_id
from rudaux.adapters.nbgrader.grading.leaning import Leaning, Modules, bound
from rudaux.adapters.nbgrader.grading.looks import looks
from rudaux.adapters.nbgrader.grading.outputs import error
from rudaux.adapters.nbgrader.grading.watch import FAILED, LOOKED
from rudaux.adapters.nbgrader.grading.weave import Needed, Weaver
from rudaux.domain.execution import PROOF, WITNESS

_UNPACK = """(lambda there, place: there.get(place) or there.setdefault(place, compile(
    __import__("zlib").decompress(__import__("binascii").a2b_base64(code)), "<rudaux>", "exec")
))(get_ipython().__dict__, order["place"])"""
"""Compiles once what comes along with each test; the place cannot be guessed before the first."""
_START = f"""try:
    code, known = "{PROOF}", ()
    if code[:2] == "0x":
        known = __import__("sys").modules["rudaux.runtime.prepared"].READY
        its_name = ().__class__.__base__.__repr__(known)
        known = known if its_name.endswith(" " + code + ">") else ()
    exec(known[0] if known else eval({_UNPACK!r}))
    coming = start(get_ipython(), order, known[1:])
except MemoryError as full:
    get_ipython().showtraceback((MemoryError, full, None))
except Exception:
    pass
"""
"""Starts a test. What was made before the kernel has an address that nothing in its place has."""
_NOTHING = "async def nothing(): pass\n"
"""What a cell awaits if its test cannot be started."""
_EXEC = '__import__("builtins").exec('
_LINES = (_EXEC, f"await (lambda testify: ({_EXEC}")
_ENDS = (", {})", ", testify), testify.get('coming') or testify['nothing']())[1])({})")
_TOKEN, _AWAIT = 16, 0x2000
_MOST_NAMES = 5
_PYTHON = re.compile(r"py(?!(thon)?2)")
_R_LINE = "IRdisplay::publish_mimebundle(list("
_UNPRINTABLE = re.compile(r"[^\w .,()=]")


@dataclass(frozen=True)
class Woven:
    """What is known about a test beforehand: its marks, and which must be left if others are."""

    text: str
    marks: int
    value: int
    """The mark whose value is displayed at the end; 0 if there is none."""
    waits: bool
    rules: Sequence[tuple[int, Needed]] = ((0, []),)

    def is_proven(self, counts: Mapping[int, int]) -> bool:
        """Return whether no mark is missing."""
        return counts.get(0) == 1 and all(
            sum(counts.get(one, 0) for one in group) >= times * counts.get(end, 0)
            for end, needed in self.rules
            for group, times in needed
        )


_PLAIN = Woven("", 1, 0, False)


def plant(
    notebook: Any,
    kernelspec: Mapping[str, str],
    taught: frozenset[str] = frozenset(),
    modules: Modules | None = None,
    solution: str = "",
) -> dict[int, str]:
    """Make the tests prove that they ran, in place; return their tokens by the cells' index.

    `taught` are the names that students are asked to define, whatever else defines them; `modules`
    are those that the course puts beside the notebook, `solution` the text of the source's answers.
    """
    language = language_of(kernelspec)
    tests = [n for n, cell in enumerate(notebook.cells) if _is_test(cell)]
    planted, place = dict[int, str](), secrets.token_hex(8)
    looking = {**looks(notebook, solution), "key": secrets.token_hex(8)}
    leaning = Leaning(taught, modules or {})
    for index, cell in enumerate(notebook.cells) if language in {"python", "R"} else ():
        source = cell.source
        if index in tests:
            known = woven(source) if language == "python" else _PLAIN
            if known is not None:
                planted[index] = secrets.token_hex(known.marks * _TOKEN // 2)
            if language == "R":
                cell.source = _plant_r(source, planted[index])
            elif known is not None:
                order = {"source": source, "secret": planted[index], "place": place, **looking}
                guarded, classes = leaning.of(known.text)
                order |= {"guarded": guarded, "classes": classes, "last": index == tests[-1]}
                order["beside"], order["imported"] = leaning.beside(known.text)
                order["defines"] = sorted(bound(known.text).texts)
                cell.source = _plant_python(known, order)
        if language == "python" and cell.cell_type == "code":
            leaning.take(cell, _readable(source))
    return planted


def settle(notebook: Any, planted: Mapping[int, str]) -> list[str]:
    """Restore the tests' own text and take what they published; fail those that lack proof.

    Returns why a person must look at the notebook, whose outputs are those that came back.
    """
    missing, doubts = list[str](), dict[str, None]()
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        said = _take_outputs(cell)
        if index not in planted:
            continue
        known, secret = _unplanted(cell), planted[index]
        left, value = _published(said, secret[:_TOKEN])[:2]
        names = [name for text in said for name in text.split("\n")[2:]]
        doubts |= dict.fromkeys(name for name in names if name != FAILED)
        if any(o.output_type == "error" for o in cell.outputs):
            continue
        proven = FAILED not in names and known.is_proven(_counts(left, secret))
        if not proven or not _is_shown(cell, known, value):
            missing.append(grade_id(cell))
            cell.outputs.append(error("NotRun", "This cell was not run to its end."))
    # A kernel that runs out of memory may lose its output, including errors.
    return _reasons([] if _lacked_memory(notebook) else missing, list(doubts))


def _lacked_memory(notebook: Any) -> bool:
    return any(
        o.get("ename") == "MemoryError" or "MemoryError" in str(o.get("text"))
        for cell in notebook.cells
        for o in cell.get("outputs", ())
    )


def proof(secret: str, *replaced: str) -> dict[str, Any]:
    """Return the output of a test that has left all its marks."""
    tokens = [secret[at : at + _TOKEN] for at in range(0, len(secret), _TOKEN)]
    left = " ".join([f"{tokens[0]}:1", *(f"{token}:999" for token in tokens[1:])])
    data = {WITNESS: "\n".join((left, "?", *replaced))}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _published(said: Sequence[str], end: str) -> list[str]:
    """Return the lines of the text that contains the token of the cell's end."""
    mine = ([*text.split("\n"), "?"] if "\n" not in text else text.split("\n")
            for text in said if end in text.split("\n")[0])  # fmt: skip
    return next(mine, ["", "?"])


def _counts(left: str, secret: str) -> dict[int, int]:
    found = {word.partition(":")[0]: word.partition(":")[2] or "1" for word in left.split()}
    counts = (found.get(secret[at : at + _TOKEN], "") for at in range(0, len(secret), _TOKEN))
    return {n: int(count) for n, count in enumerate(counts) if count.isdecimal()}


def _is_shown(cell: Any, known: Woven, value: str) -> bool:
    """Return whether the number that nbgrader would take as the points is the test's own."""
    shown = [o.data.get("text/plain") for o in cell.outputs if o.output_type == "execute_result"]
    for text in shown if known.value and value != "?" else ():
        try:
            number = Decimal(str(text))
        except ArithmeticError:
            continue  # not a number, so not points
        try:
            room = Decimal(1).scaleb(int(number.as_tuple().exponent))
            if abs(number - Decimal(value)) > room:
                return False
        except (ArithmeticError, TypeError, ValueError):
            return False
    return True


def _reasons(missing: list[str], doubts: list[str]) -> list[str]:
    reasons = []
    if missing:
        reasons.append(f"{', '.join(missing)} did not run to the end, although no error was shown")
    replaced, looked = (
        [d for d in doubts if d[:1] != LOOKED],
        [d for d in doubts if d[:1] == LOOKED],
    )
    if replaced:
        names = _named(replaced)
        reasons.append(f"it replaces {names}, which can make wrong answers pass")
    if looked:
        names = _named(looked)
        reasons.append(f"it uses {names} while a test runs, which can tell it the right answers")
    return reasons


def _named(found: list[str]) -> str:
    names = [_UNPRINTABLE.sub("", name)[:80] for name in found[:_MOST_NAMES]]
    more = f" and {len(found) - _MOST_NAMES} more" if len(found) > _MOST_NAMES else ""
    return f"{', '.join(names)}{more}"


def _is_test(cell: Any) -> bool:
    code = cell.cell_type == "code" and bool(cell.source.strip())
    return code and is_grade(cell) and not is_solution(cell)


def language_of(kernelspec: Mapping[str, str]) -> str:
    """Return the language of a kernel; "" if it is unknown."""
    name = kernelspec.get("name") or "python3"
    by_name = "R" if name == "ir" else "python" if _PYTHON.search(name.lower()) else ""
    return kernelspec.get("language") or by_name


def _plant_r(source: str, token: str) -> str:
    # IRkernel shows the value of every expression, whatever comes after it.
    return f'{source}\ninvisible({_R_LINE}"{WITNESS}" = "{token}")))'


def _plant_python(known: Woven, order: dict[str, Any]) -> str:
    order |= {"waits": known.waits, "value": known.value}
    if known.text != order["source"] + "\n":
        order["text"] = known.text
    told = {name: value for name, value in order.items() if value}
    run = f"order = {told!r}\n{_NOTHING * known.waits}{_START}"
    # One short token: IPython reads each several times.
    return f"{_LINES[known.waits]}{run!r}{_ENDS[known.waits]}"


def _unplanted(cell: Any) -> Woven:
    """Restore a test's own text, and return what is known about it."""
    if _R_LINE in cell.source.rpartition("\n")[2] and not cell.source.startswith(_LINES):
        cell.source = cell.source.rpartition("\n")[0]
        return _PLAIN
    waits = cell.source.startswith("await")
    run = ast.literal_eval(cell.source[len(_LINES[waits]) : -len(_ENDS[waits])])
    order = ast.literal_eval(run[run.index("{") : run.index("\n")])
    cell.source = order["source"]
    return woven(cell.source) or _PLAIN


@lru_cache(maxsize=4096)
def woven(source: str) -> Woven | None:
    """Find the marks of a test; None if it is a cell magic or cannot be parsed."""
    try:
        text = _as_python(source)
        tree = _parsed(text)
        weaver = Weaver(ast, "_", range(len(text) * 4 + 4))
        weaver.cell(tree)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(tree, "<test>", "exec", _AWAIT, True, 0)
    except (SyntaxError, ValueError, RecursionError):
        return None
    waits = bool(code.co_flags & inspect.CO_COROUTINE)
    return Woven(text, weaver.used, weaver.value or 0, waits, weaver.rules)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flags = ast.PyCF_ONLY_AST | _AWAIT
        tree: ast.Module = compile(text, "<test>", "exec", flags, True)
        return tree


def _as_python(source: str) -> str:
    """Return the plain Python that IPython makes of a cell."""
    lines = (source + "\n").splitlines(keepends=True)
    while lines and not lines[0].strip():
        del lines[0]
    text = "".join(lines)
    if text.startswith("%%"):
        raise SyntaxError("a cell magic")
    try:
        _parsed(text)
        if not text[:1].isspace():
            return text
    except SyntaxError:
        pass
    # Importing it takes a third of a second, and few tests need it.
    from IPython.core.inputtransformer2 import TransformerManager

    return str(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]


@lru_cache(maxsize=4096)
def _readable(source: str) -> str:
    try:
        return _as_python(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""


@cache
def program() -> str:
    """Return what runs in the kernel, compressed: IPython scans each line several times.

    A kernel that was not forked gets it with each test: one that was interrupted, or found no
    memory, spoils no other.
    """
    texts = [f"WITNESS = {WITNESS!r}"]
    for name in ("weave.py", "compiled.py", "classes.py", "watch.py", "testify.py"):
        tree = ast.parse(Path(__file__).with_name(name).read_text(encoding="utf-8"))
        texts.append(ast.unparse(_Compact().visit(tree)))
    packed = zlib.compress("\n".join(texts).encode(), 9)
    return binascii.b2a_base64(packed, newline=False).decode()


class _Compact(ast.NodeTransformer):
    """Remove what only readers of the source need."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: Any) -> ast.AST:
        return self.visit_FunctionDef(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Drop it: all imports are for annotations, or of what stands in the same text."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign:
        return ast.Assign([node.target], node.value or ast.Constant(None), lineno=node.lineno)


def _take_outputs(cell: Any) -> list[str]:
    """Remove what a test published from its outputs, and R's line from its traceback."""
    said = [str(o.data[WITNESS]) for o in cell.outputs if WITNESS in o.get("data", {})]
    cell.outputs = [o for o in cell.outputs if WITNESS not in o.get("data", {})]
    for output in cell.outputs:
        if output.output_type == "error":
            output.traceback = [_without_line(frame) for frame in output.traceback]
    return said


def _without_line(frame: str) -> str:
    return "\n".join(line for line in frame.split("\n") if _R_LINE not in line)
