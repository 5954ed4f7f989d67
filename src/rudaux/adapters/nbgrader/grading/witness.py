"""Whether a test was really run: nbgrader reads "no error" as full marks, and so would a no-op.

Each test cell is sent with one more line, its last, that publishes a nonce unknown to the notebook
before. No nonce and no error: the cell was not run to its end, which is no pass. In Python the line
also says what the notebook has replaced (see `testify`). No score comes from that: the submission
is held for a person.

Not found: a library's object that equals everything (`unittest.mock.ANY`), a class that lies only
to `<` or `!=` or equals all but strangers, answers read from the test's own frame or known tests,
anything put back before the test ends or hidden in compiled code, libraries `testify` does not
list, and a notebook written against this very check, which reads the nonce out of its cell. Tests
that end in a magic are not asked; in R only the nonce is asked for; other kernels are not asked.
"""

from __future__ import annotations

import ast
import binascii
import re
import secrets
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from nbgrader.utils import is_grade, is_solution

from rudaux.adapters.nbgrader.grading.choose import grade_id
from rudaux.adapters.nbgrader.grading.outputs import error
from rudaux.domain.execution import WITNESS

_VALUE = "rudaux_value"
_START = f"""
value = None
try:
    shell = get_ipython()
    value = shell.user_ns.pop({_VALUE!r}, None)
    if place not in shell.__dict__:
        packed = __import__("binascii").a2b_base64(code)
        text = __import__("zlib").decompress(packed)
        shell.__dict__[place] = compile(text, "<rudaux>", "exec")
    exec(shell.__dict__[place])
except Exception:
    pass
"""
"""The code is compiled once; nobody can know its place in the kernel before the first test."""
_MOST_NAMES = 5
_PYTHON = re.compile(r"py(?!(thon)?2)")
_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|.*\?\s*)$")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"\(lambda testify: .*__import__|IRdisplay::publish_mimebundle\(list")
_ASSIGNED = re.compile(rf"{_VALUE}(?:\x1b\[[0-9;]*m| )*=(?:\x1b\[[0-9;]*m| )*")
_UNPRINTABLE = re.compile(r"[^\w .,()=]")


def plant(notebook: Any, kernelspec: Mapping[str, str]) -> dict[int, str]:
    """Add the line to the test cells, in place; give the nonces by the cells' index."""
    language = language_of(kernelspec)
    tests = [n for n, cell in enumerate(notebook.cells) if _is_test(cell)]
    nonces, place = {}, secrets.token_hex(8)
    for index in tests if language in {"python", "R"} else ():
        nonce, cell = secrets.token_hex(16), notebook.cells[index]
        if language == "R":
            planted: str | None = _plant_r(cell.source, nonce)
        else:
            planted = _plant_python(cell.source, nonce, index == tests[-1], place)
        if planted is not None:
            cell.source, nonces[index] = planted, nonce
    return nonces


def settle(notebook: Any, nonces: Mapping[int, str]) -> list[str]:
    """Take the lines and what they published away again; fail the tests that lack theirs.

    Gives why a person must look at the notebook; its outputs are those that came back.
    """
    missing, replaced = list[str](), dict[str, None]()
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        said = _take_outputs(cell)
        if index not in nonces:
            continue
        cell.source = cell.source.rpartition("\n")[0].replace(f"{_VALUE} = ", "", 1)
        if nonces[index] in said:
            replaced |= dict.fromkeys(said[nonces[index]])
        elif not any(o.output_type == "error" for o in cell.outputs):
            missing.append(grade_id(cell))
            cell.outputs.append(error("NotRun", "This cell was not run to its end."))
    return _reasons(missing, list(replaced))


def proof(nonce: str, *replaced: str) -> dict[str, Any]:
    """Give the output that a planted line makes."""
    data = {WITNESS: "\n".join((nonce, *replaced))}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _reasons(missing: list[str], replaced: list[str]) -> list[str]:
    reasons = []
    if missing:
        verb = "was not run to its end" if len(missing) == 1 else "were not run to their end"
        reasons.append(f"{', '.join(missing)} {verb} although no error was shown")
    if replaced:
        names = [_UNPRINTABLE.sub("", name)[:80] for name in replaced[:_MOST_NAMES]]
        more = f" and {len(replaced) - _MOST_NAMES} more" if len(replaced) > _MOST_NAMES else ""
        reasons.append(f"it replaces {', '.join(names)}{more}, which can make wrong answers pass")
    return reasons


def _is_test(cell: Any) -> bool:
    code = cell.cell_type == "code" and bool(cell.source.strip())
    return code and is_grade(cell) and not is_solution(cell)


def language_of(kernelspec: Mapping[str, str]) -> str:
    """Give the language of a kernel; empty where it cannot be told."""
    name = kernelspec.get("name") or "python3"
    by_name = "R" if name == "ir" else "python" if _PYTHON.search(name.lower()) else ""
    return kernelspec.get("language") or by_name


def _plant_r(source: str, nonce: str) -> str:
    # IRkernel shows the value of every expression, whatever comes after it.
    return f'{source}\ninvisible(IRdisplay::publish_mimebundle(list("{WITNESS}" = "{nonce}")))'


def _plant_python(source: str, nonce: str, last: bool, place: str) -> str | None:
    """Add the line; None where the cell ends in a magic or cannot be read."""
    try:
        tree = ast.parse(_without_magics(source))
    except (SyntaxError, ValueError):
        return None
    run = f'__import__("builtins").exec({_START!r}, testify)'
    arguments = repr({"nonce": nonce, "last": last, "place": place, "code": _code()})
    end = tree.body[-1] if tree.body else None
    if not isinstance(end, ast.Expr) or _is_quiet(source, end):
        return f"{source}\n(lambda testify: {run})({arguments})"
    # Only a cell's last expression is shown, and nbgrader takes its value for the points.
    lines = source.split("\n")
    line = lines[end.lineno - 1].encode()
    at = end.col_offset
    lines[end.lineno - 1] = f"{line[:at].decode()}{_VALUE} = {line[at:].decode()}"
    return "\n".join([*lines, f"(lambda testify: ({run}, testify['value'])[1])({arguments})"])


def _without_magics(source: str) -> str:
    """Give source that Python can read, line for line; raises `SyntaxError` where there is none."""
    try:
        ast.parse(source)
    except SyntaxError:
        lines = source.split("\n")
        plain = [_MAGIC.sub(r"\1pass", line) for line in lines]
        said = [n for n, line in enumerate(lines) if line.strip() and line.strip()[0] != "#"]
        if lines[said[0]].startswith("%%") or plain[said[-1]] != lines[said[-1]]:
            raise
        return "\n".join(plain)
    return source


def _is_quiet(source: str, end: ast.Expr) -> bool:
    """Whether IPython shows no value because of a semicolon."""
    line = source.split("\n")[(end.end_lineno or 0) - 1].encode()
    return line[end.end_col_offset :].lstrip().startswith(b";")


@cache
def _code() -> str:
    """Give what runs in the kernel, packed: IPython reads through each line several times."""
    tree = ast.parse(Path(__file__).with_name("testify.py").read_text(encoding="utf-8"))
    text = ast.unparse(_Compact().visit(tree)) + f"\ntestify(shell, nonce, last, {WITNESS!r})"
    return binascii.b2a_base64(zlib.compress(text.encode(), 9), newline=False).decode()


class _Compact(ast.NodeTransformer):
    """Leaves out what only a reader of the source needs."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
        return self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Drop them: all are for annotations."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign:
        return ast.Assign([node.target], node.value or ast.Constant(None), lineno=node.lineno)


def _take_outputs(cell: Any) -> dict[str, list[str]]:
    """Remove the line's traces from a cell's outputs; give the names published, by nonce."""
    found: dict[str, list[str]] = {}
    kept = []
    for output in cell.outputs:
        said = output.get("data", {}).get(WITNESS)
        if said is not None:
            nonce, *names = str(said).split("\n")
            found.setdefault(nonce, []).extend(names)
            continue
        if output.output_type == "error":
            output.traceback = [_without_line(frame) for frame in output.traceback]
        kept.append(output)
    cell.outputs = kept
    return found


def _without_line(frame: str) -> str:
    if _VALUE not in frame and "testify" not in frame:
        return frame
    lines = [x for x in frame.split("\n") if not _LINE.search(_ANSI.sub("", x))]
    return _ASSIGNED.sub(lambda found: "".join(_ANSI.findall(found[0])), "\n".join(lines))
