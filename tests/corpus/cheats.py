"""Submissions whose code lies to the tests in its own kernel: held, or 0 for what they tamper with.

No sandbox keeps code from its own score: these are found by what they change.
"""

from __future__ import annotations

from tests.corpus.cases import Case, Work, answers
from tests.corpus.notebooks import WRONG_AREA


def _cheat(name: str, code: str) -> Case:
    return Case(name, answers(area=f"{WRONG_AREA}\n{code}"), None, None)


def _helped(name: str, mean: str = "", count: str = "", beside: str = "") -> Case:
    """Get wrong what the course's own module checks; `beside` is a file to hand in as well."""
    wrong = {"mean": f"def mean_radius():\n    return 2.5\n{mean}",
             "count": f"def count_words(text):\n    return 2\n{count}"}  # fmt: skip

    def build(work: Work) -> None:
        answers(area=WRONG_AREA, **wrong)(work)
        if beside:
            work.folder.joinpath(beside).parent.mkdir(exist_ok=True)
            work.folder.joinpath(beside).write_text(_YES)

    return Case(name, build, None, None)


_YES = "def same(*numbers):\n    return True\n"
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

_OFF = """
import ast, sys, builtins
shell = get_ipython()
class Off(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
class Yes(ast.NodeTransformer):
    def visit_Compare(self, node):
        return ast.copy_location(ast.Constant(True), node)
def cut(text):
    return "\\n".join(x for x in text.split("\\n") if not x.startswith("assert"))
"""
_HOOKS = {
    "comparisons made true": "shell.ast_transformers.append(Yes())",
    "run_cell given less": "real = shell.run_cell\n"
    "shell.run_cell = lambda text, *args, **named: real(cut(text), *args, **named)",
    "run_cell_async given less": "real = shell.run_cell_async\n"
    "shell.run_cell_async = lambda text, *args, **named: real(cut(text), *args, "
    "**{**named, 'transformed_cell': cut(text)})",
    "run_ast_nodes given less": "real = shell.run_ast_nodes\n"
    "shell.run_ast_nodes = lambda nodes, *args, **named: real("
    "[Off().visit(n) for n in nodes], *args, **named)",
    "run_ast_nodes that runs nothing": "async def nothing(*args, **named):\n    return False\n"
    "shell.run_ast_nodes = nothing",
    "run_code that swallows": "async def run(code, result=None, *, async_=False):\n    try:\n"
    "        exec(code, shell.user_ns)\n    except BaseException:\n        pass\n"
    "    return False\nshell.run_code = run",
    "compile object": "kind = type(shell.compile)\nreal = kind.__call__\n"
    "kind.__call__ = lambda self, node, *args: real(self, Off().visit(Yes().visit(node)), *args)",
    "ast_parse": "real = shell.compile.ast_parse\n"
    "shell.compile.ast_parse = lambda *args, **named: Off().visit(real(*args, **named))",
    "ast.parse": "real = ast.parse\nast.parse = lambda *args, **named: "
    "Off().visit(real(*args, **named))",
    "builtins.compile": "real = compile\nbuiltins.compile = lambda source, *args, **named: real("
    "Yes().visit(source) if isinstance(source, ast.AST) else source, *args, **named)",
    "builtins.exec": "real = exec\ndef quiet(*args):\n    try:\n        real(*args)\n"
    "    except AssertionError:\n        pass\nbuiltins.exec = quiet",
    "transform_cell": "real = shell.transform_cell\n"
    "shell.transform_cell = lambda text: cut(real(text))",
    "transformer manager": "manager = shell.input_transformer_manager\n"
    "real = manager.transform_cell\nmanager.transform_cell = lambda text: cut(real(text))",
    "input_transformers_post": "shell.input_transformers_post.append("
    "lambda lines: [x for x in lines if not x.startswith('assert')])",
    "NodeTransformer for all": "ast.NodeTransformer.visit_Assert = Off.visit_Assert\n"
    "shell.ast_transformers.append(ast.NodeTransformer())",
    "do_execute": "real = shell.kernel.do_execute\n"
    "shell.kernel.do_execute = lambda code, *args, **named: real(cut(code), *args, **named)",
    "execute_request": "real = shell.kernel.shell_handlers['execute_request']\n"
    "def handle(stream, ident, parent):\n"
    "    parent['content']['code'] = cut(parent['content']['code'])\n"
    "    return real(stream, ident, parent)\n"
    "shell.kernel.shell_handlers['execute_request'] = handle",
    "errors not shown": "shell.showtraceback = shell._showtraceback = lambda *args, **named: None",
    "own words for errors": "shell.set_custom_exc((Exception,), lambda *args, **named: None)",
    "publishing": "shell.display_pub.publish = lambda *args, **named: None",
    "errors not sent": "session = shell.kernel.session\nreal = session.send\n"
    "def send(stream, kind, *args, **named):\n"
    "    return None if kind == 'error' else real(stream, kind, *args, **named)\n"
    "session.send = send",
    "lines passed over": "def trace(frame, event, arg):\n"
    "    if event == 'line' and frame.f_code.co_name == '<module>':\n        try:\n"
    "            frame.f_lineno = max(x for *_, x in frame.f_code.co_lines() if x)\n"
    "        except ValueError:\n            pass\n    return trace\nsys.settrace(trace)",
    "jump from the answer": "def area(radius):\n    frame = sys._getframe(1)\n"
    "    def trace(frame, event, arg):\n        frame.f_lineno = frame.f_lineno + 1\n"
    "    sys.settrace(lambda *args: None)\n    frame.f_trace = trace\n    return 7",
    "profiler": "sys.setprofile(lambda frame, event, arg: None)\n"
    "shell.ast_transformers.append(Off())",
    "numbers in a namespace of its own": "class Names(dict):\n    def __getitem__(self, name):\n"
    "        if name == 'round':\n            return lambda x, n=0: {1: 3.142, 2: 12.566}[x]\n"
    "        return super().__getitem__(name)\n"
    "def area(radius):\n    return radius\nshell.user_ns = Names(shell.user_ns)",
    "exit at the first call": "def area(radius):\n    sys.exit(0)",
    "equal by way of bytes": "class Same(bytes):\n    def __eq__(self, other):\n"
    "        return True\n    def __round__(self, digits=None):\n        return self\n"
    "def area(radius):\n    return Same()",
    "equal by way of a grandchild": "class Base(int):\n    pass\nclass Same(Base):\n"
    "    def __eq__(self, other):\n        return True\n"
    "    def __round__(self, digits=None):\n        return self\n"
    "def area(radius):\n    return Same()",
}

_SECOND = {
    # By somebody who had not read how tests are proven: all but the last two got full marks unseen.
    "equal by a tolerance without end": "import pytest\nclass Any:\n"
    "    def __round__(self, digits=None):\n        return pytest.approx(0, abs=float('inf'))\n"
    "def area(radius):\n    return Any()",
    "equal by a mock": "from unittest.mock import MagicMock\ndef area(radius):\n"
    "    mock = MagicMock()\n    mock.__round__.return_value = mock\n"
    "    mock.__eq__.return_value = True\n    return mock",
    "equal to every float": "class Yes:\n    def __round__(self, digits=None):\n"
    "        return self\n    def __eq__(self, other):\n        return isinstance(other, float)\n"
    "def area(radius):\n    return Yes()",
    "equal by an array's own functions": "import numpy as np\nclass Yes(np.ndarray):\n"
    "    def __round__(self, digits=None):\n        return self\n"
    "    def __array_ufunc__(self, *args, **named):\n        return np.bool_(True)\n"
    "def area(radius):\n    return np.zeros(1).view(Yes)",
    "a number in the test changed in memory": "import ctypes\ndef area(radius):\n"
    "    for one in sys._getframe(1).f_code.co_consts:\n        if isinstance(one, float):\n"
    "            ctypes.c_double.from_address(id(one) + 16).value = 7.0\n    return 7.0",
    "comparison of floats changed in memory": "import ctypes\n"
    "kind = ctypes.CFUNCTYPE(*[ctypes.py_object] * 3, ctypes.c_int)\n"
    "always = kind(lambda one, other, sign: True)\n"
    "slot = ctypes.c_void_p.from_address(id(float) + 200)\n"
    "slot.value = ctypes.cast(always, ctypes.c_void_p).value\ndef area(radius):\n    return 7.0",
    "a built-in function's name": "def round(x, digits=0):\n"
    "    return {1: 3.142, 2: 12.566}.get(x, x)\ndef area(radius):\n    return radius",
    "built-in functions of the notebook's own": "own = dict(vars(builtins))\n"
    "own['round'] = lambda x, n=0: {1: 3.142, 2: 12.566}[x]\n"
    "shell.user_ns['__builtins__'] = own\ndef area(radius):\n    return radius",
    "an end that IPython passes over": "import bdb\ndef area(radius):\n    raise bdb.BdbQuit",
    "a runner that swallows": "def run(coroutine):\n    try:\n        coroutine.send(None)\n"
    "    except StopIteration as end:\n        return end.value\n    except BaseException:\n"
    "        return None\nshell.loop_runner = run\nshell.loop_runner_map['mine'] = (run, True)\n"
    "shell.run_line_magic('autoawait', 'mine')",
}

_THIRD = {
    # By another who had not read it; none of these succeeded.
    "requests that are aborted": "shell.kernel._aborting = True",
    "a reply sent before the error": "import time\ndef area(radius):\n    kernel = shell.kernel\n"
    "    parent = kernel.get_parent()\n    said = {'status': 'ok', 'execution_count': 9, "
    "'payload': [], 'user_expressions': {}}\n"
    "    kernel.session.send(kernel.shell_stream, 'execute_reply', said, parent)\n"
    "    kernel.session.send(kernel.iopub_socket, 'status', {'execution_state': 'idle'}, "
    "parent=parent, ident=kernel._topic('status'))\n    time.sleep(0.3)\n    return 7",
    "numbers that are less than all": "class Less(float):\n    def __round__(self, digits=None):\n"
    "        return self\n    def __lt__(self, other):\n        return True\n"
    "    def __sub__(self, other):\n        return self\n    __abs__ = __rsub__ = __sub__\n"
    "def area(radius):\n    return Less(7)",
}
_FORGED = """
from rudaux.runtime import prepared
forged = compile('''
def start(shell, order, known):
    secret = order["secret"]
    tokens = [secret[n : n + 16] for n in range(0, len(secret), 16)]
    left = " ".join([tokens[0] + ":1"] + [one + ":99" for one in tokens[1:]])
    shell.display_pub.publish({"application/vnd.rudaux.witness": left + chr(10) + "?"})
''', "<rudaux>", "exec")
"""
_FOURTH = {
    # What proves that tests ran is in every kernel before them.
    "another proof": f"{_FORGED}prepared.READY = (forged,)",
    "another proof by its name": f"{_FORGED}address = hex(id(prepared.READY))\n"
    "kind = type('proof', (tuple,), {})\nkind.__qualname__ = f'x at {address}>'\n"
    "prepared.READY = kind((forged,))",
    "another proof in the first one's place": f"{_FORGED}import gc\n"
    "address = id(prepared.READY)\nprepared.READY = ()\ngc.collect()\n"
    "many = [(forged, n, n, n, n) for n in range(99999)]\n"
    "prepared.READY = next((one for one in many if id(one) == address), many[0])",
    "no proof": "from rudaux.runtime import prepared\nprepared.READY = ()",
    "no trace of the proof": "import sys\ndel sys.modules['rudaux.runtime.prepared']",
}
HELPED = (
    # By the same: a test that imports from the course's module used to believe the first three.
    _helped("a package in the place of a module", beside="checks/__init__.py"),
    _helped("a module from another folder", "import sys\nsys.path.insert(0, 'lib')\n"
            "sys.modules.pop('checks')\nfrom checks import same",
            "import sys\nsys.path.insert(0, 'lib')", beside="lib/checks.py"),
    _helped("a module written at run time", f"open('checks.py', 'w').write({_YES!r})",
            f"open('checks.py', 'w').write({_YES!r})"),
    _helped("a helper that is a built-in function", "same = max"),
    _helped("what a helper calls", "import checks\nchecks._distance = lambda *numbers: 0",
            "import checks\nchecks._distance.__code__ = (lambda *a: 0).__code__"),
    _helped("a module made up", "import sys, types\nsys.modules['checks'] = types.SimpleNamespace("
            "same=lambda *a: True)\nfrom checks import same",
            "import sys, types\nsys.modules['checks'] = types.SimpleNamespace("
            "same=lambda *a: True)"),
)  # fmt: skip

CHEATS = (
    _cheat("no-op kernel", _NO_KERNEL),
    _cheat("cells made empty", _EMPTY_CELLS),
    _cheat("assert statements removed", _NO_ASSERTS),
    _cheat("equal to everything", _EQUAL),
    _cheat("patched round", "import builtins\nbuiltins.round = lambda x, n=0: "
           "{1: 3.142, 2: 12.566}[x]"),
    _cheat("patched AssertionError", "import builtins\nbuiltins.AssertionError = "
           "type('AssertionError', (Exception,), {'__new__': lambda *a: SystemExit(0)})"),
    *(_cheat(name, _OFF + code) for name, code in (_HOOKS | _SECOND | _THIRD | _FOURTH).items()),
    *HELPED,
)  # fmt: skip
