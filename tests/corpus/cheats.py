"""Submissions whose code lies to the tests in its own kernel, each to be held for a person.

No sandbox keeps code from its own score: these are found by what they change.
"""

from __future__ import annotations

from tests.corpus.assignment import AREA
from tests.corpus.cases import Case, answers
from tests.corpus.notebooks import WRONG_AREA


def _cheat(name: str, code: str, area: str = WRONG_AREA) -> Case:
    return Case(name, answers(area=f"{area}\n{code}"), "needs_manual", None, kind="held")


_NO_KERNEL = """
import functools
shell = get_ipython()
@functools.wraps(type(shell).run_cell_async)
async def nothing(self, *args, **kwargs):
    from IPython.core.interactiveshell import ExecutionResult
    result = ExecutionResult(None)
    self.execution_count += 1
    return result
type(shell).run_cell_async = nothing
"""
_EMPTY_CELLS = """
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])
"""
_NO_ASSERTS = """
import ast
class Off(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(Off())
"""
_EQUAL = """
class Yes(float):
    def __eq__(self, other): return True
    def __round__(self, digits=None): return self
    __hash__ = None
def area(radius):
    return Yes(0)
"""

CHEATS = (
    _cheat("no-op kernel", _NO_KERNEL),
    _cheat("cells made empty", _EMPTY_CELLS),
    _cheat("assert statements removed", _NO_ASSERTS),
    _cheat("equal to everything", _EQUAL),
    _cheat("patched round", "import builtins\nbuiltins.round = lambda x, n=0: "
           "{1: 3.142, 2: 12.566}[x]"),
    _cheat("patched AssertionError", "import builtins\nbuiltins.AssertionError = "
           "type('AssertionError', (Exception,), {'__new__': lambda *a: SystemExit(0)})", AREA),
)  # fmt: skip
