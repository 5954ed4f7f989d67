from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from nbformat import from_dict

from rudaux.adapters.nbgrader.grading.witness import language_of, plant, proof, settle
from tests.adapters.nbgrader.grading.conftest import GradedOnce
from tests.adapters.nbgrader.grading.witness_course import (
    AREA,
    PYTHON,
    TESTS,
    WRONG,
    Found,
    as_notebook,
    outputs,
)

HONEST = {
    "plain": "",
    "underscore": "_ = 5",
    "shadowed names": "sum = 0\nmax = 3\nlist = [1, 2]\nprint = 5\nround_ = 4\nlen = 'abc'",
    "shadowed by functions": "def len(x):\n    return 3\ndef isclose(a, b):\n    return True",
    "shadowed exec": "exec = 1\neval = 2\ncompile = 3\ntestify = 4\nget = None",
    "star import": "from math import *\nfrom os.path import *",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int = 0\n"
    "@dataclass\nclass Nothing:\n    pass\np = Point(1); q = Nothing()",
    "named tuple and enum": "from enum import Enum\nfrom typing import NamedTuple\n"
    "class Hue(Enum):\n    RED = 1\nclass P(NamedTuple):\n    x: int\nh, p = Hue.RED, P(1)",
    "eq by a name": "class Moon:\n    def __init__(self, name):\n        self.name = name\n"
    "    def __eq__(self, other):\n        return self.name == other.name\nm = Moon('Io')",
    "eq that raises": "class Bad:\n    def __eq__(self, other):\n"
    "        raise RuntimeError\nb = Bad()",
    "eq that exits": "class Bad:\n    def __eq__(self, other):\n"
    "        raise SystemExit\nb = Bad()",
    "eq that prints": "import sys\nclass Loud:\n    def __eq__(self, other):\n"
    "        print('asked'); print('asked', file=sys.stderr)\n        return False\nb = Loud()",
    "elementwise eq": "class Vector(list):\n    def __eq__(self, other):\n"
    "        return Vector(True for _ in self)\nv = Vector([1, 2])",
    "symbolic eq": "class Symbol:\n    def __eq__(self, other):\n        return (1, self, other)\n"
    "s = Symbol()",
    "repr that raises": "class Bad:\n    def __repr__(self):\n        raise ValueError\nb = Bad()",
    "getattr that raises": "class Bad:\n    def __getattr__(self, name):\n"
    "        raise RuntimeError(name)\nb = Bad()",
    "odd metaclass": "class Meta(type):\n    def __eq__(cls, other):\n        return True\n"
    "    __hash__ = type.__hash__\nclass Odd(metaclass=Meta):\n    pass\nodd = Odd()",
    "abstract class": "from abc import ABC, abstractmethod\nclass Shape(ABC):\n"
    "    @abstractmethod\n    def __eq__(self, other): ...\n",
    "print mocked in the answer": "from unittest.mock import patch\ndef quiet():\n"
    "    with patch('builtins.print'), patch('builtins.len', lambda x: 1):\n"
    "        return 1\nquiet()",
    "input replaced": "import builtins\nbuiltins.input = lambda prompt='': '5'\n"
    "builtins.print = lambda *args: None",
    "stdout replaced": "import io, sys\nsys.stdout = io.StringIO()\nsys.stderr = io.StringIO()",
    "stdout closed": "import sys\nsys.stdout.close()",
    "magics": "%precision 3\n%load_ext autoreload\n%autoreload 2\n%time 1 + 1\n!true",
    "reset": "%reset -f\n" + AREA,
    "decorators and partials": "import functools\n@functools.lru_cache\ndef f(x):\n    return x\n"
    "g = functools.partial(f, 1)",
    "warnings": "import warnings\nwarnings.filterwarnings('error')\n"
    "warnings.simplefilter('ignore')",
    "decimal and fractions": "from decimal import *\nfrom fractions import Fraction as F\n"
    "h = F(1, 2)",
    "unittest": "import unittest\nclass T(unittest.TestCase):\n    def assertEqual(self, a, b):\n"
    "        pass\n    def test(self):\n        self.assertTrue(True)\nt = T()",
    "events": "get_ipython().events.register('post_run_cell', lambda *args: None)",
    "hooks of exceptions": "import sys\nsys.excepthook = lambda *args: None\n"
    "get_ipython().set_custom_exc((ValueError,), lambda *args, **named: None)",
    "asyncio": "import asyncio\nawait asyncio.sleep(0)\nasync def later():\n    pass",
    "threads": "import threading\nthreading.Thread(target=print, args=(1,)).start()",
    "monkeypatched library": "import time\ntime.sleep = lambda seconds: None",
    "hypothesis": "import hypothesis\nfrom hypothesis import given, strategies as st\n"
    "@given(st.integers())\ndef check(n):\n    assert n == n\ncheck()",
    "pytest": "import pytest\nwith pytest.raises(ValueError):\n    int('x')",
    "numpy": "import numpy as np\nfrom numpy import *\nimport numpy.testing\na = np.arange(5)",
    "pandas": "import pandas as pd\nimport pandas.testing\nd = pd.DataFrame({'a': [1, 2]})\n"
    "e = d == d\n"
    "class Mine(pd.DataFrame):\n    pass\nm = Mine({'a': [1]})",
    "sympy": "import sympy\nfrom sympy import symbols, Eq\nx, y = symbols('x y')\nz = Eq(x, y)",
    "matplotlib": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n"
    "plt.show = lambda *args: None",
    "tqdm": "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)):\n    pass",
    "rich": "from rich import pretty, print, traceback\npretty.install()\ntraceback.install()",
}


@pytest.fixture(scope="module")
def honest(graded_once: GradedOnce) -> dict[str, Found]:
    return graded_once("honest", {name: f"{AREA}\n{code}" for name, code in HONEST.items()})


@pytest.mark.parametrize("name", HONEST)
def test_honest_work_is_neither_held_nor_robbed(name: str, honest: dict[str, Found]) -> None:
    assert (honest[name].score, honest[name].suspicions) == ("2", ())
    assert ["".join(cell["source"]) for cell in honest[name].cells[1:]] == list(TESTS)
    shown = [[o["output_type"] for o in cell["outputs"]] for cell in honest[name].cells]
    assert "error" not in shown[0]
    assert shown[1:] == [[], []]


ATTACKS = {
    "no-op run_cell": "shell = get_ipython()\nfrom IPython.core.interactiveshell import "
    "ExecutionResult\nasync def nothing(self, *args, **named):\n    self.execution_count += 1\n"
    "    return ExecutionResult(None)\ntype(shell).run_cell_async = nothing",
    "no-op do_execute": "async def nothing(*args, **named):\n"
    "    return {'status': 'ok', 'execution_count': 9, 'payload': [], 'user_expressions': {}}\n"
    "get_ipython().kernel.do_execute = nothing",
    "cells made empty": "get_ipython().input_transformers_cleanup.append("
    "lambda lines: ['pass\\n'])",
    "asserts cut out": "get_ipython().input_transformers_post.append("
    "lambda lines: [x for x in lines if not x.startswith('assert')])",
    "asserts cut out early": "get_ipython().input_transformer_manager.cleanup_transforms.append("
    "lambda lines: [x for x in lines if not x.startswith('assert')])",
    "asserts passed over": "import ast\nclass Off(ast.NodeTransformer):\n"
    "    def visit_Assert(self, node):\n        return ast.copy_location(ast.Pass(), node)\n"
    "get_ipython().ast_transformers.append(Off())",
    "asserts passed over by a file": "import cheat\ncheat.install(get_ipython())",
    "compiler replaced": "shell = get_ipython()\nreal = shell.compile.ast_parse\n"
    "def parse(*args, **named):\n    import ast\n    tree = real(*args, **named)\n"
    "    tree.body = [x for x in tree.body if not isinstance(x, ast.Assert)]\n    return tree\n"
    "shell.compile.ast_parse = parse",
    "transform_cell replaced": "shell = get_ipython()\nreal = type(shell).transform_cell\n"
    "def transform(self, raw):\n    return '\\n'.join(x for x in real(self, raw).split('\\n') "
    "if not x.startswith('assert'))\ntype(shell).transform_cell = transform",
    "run_code replaced": "shell = get_ipython()\nreal = type(shell).run_code\n"
    "async def run(self, code, *args, **named):\n    try:\n        exec(code, self.user_ns)\n"
    "    except AssertionError:\n        pass\n    return False\ntype(shell).run_code = run",
    "round patched": "import builtins\nbuiltins.round = lambda x, n=0: {1: 3.142, 2: 12.566}[x]\n"
    "def area(radius):\n    return radius",
    "showtraceback overridden": "get_ipython().showtraceback = lambda *args, **named: None\n"
    "get_ipython()._showtraceback = lambda *args, **named: None",
    "set_custom_exc": "get_ipython().set_custom_exc((BaseException,), lambda *args, **named: None)",
    "excepthook": "import sys\nsys.excepthook = lambda *args: None",
    "equal to everything": "class Yes(float):\n    def __eq__(self, other):\n        return True\n"
    "    def __round__(self, digits=None):\n        return self\n    __hash__ = None\n"
    "def area(radius):\n    return Yes(0)",
    "equal by an object": "class Yes:\n    def __init__(self):\n        self.ok = 1\n"
    "    def __eq__(self, other):\n        return self.ok\n"
    "    def __round__(self, digits=None):\n        return self\nyes = Yes()\n"
    "def area(radius):\n    return yes",
    "local class": "def area(radius):\n    class Yes:\n        def __eq__(self, other):\n"
    "            return True\n        def __round__(self, digits):\n            return self\n"
    "    return Yes()",
    "_exit in the answer": "import os\ndef area(radius):\n    os._exit(0)",
    "_exit after the cell": "import os\nget_ipython().events.register('pre_run_cell', "
    "lambda *args: os._exit(0))",
    "SystemExit in the answer": "def area(radius):\n    raise SystemExit(0)",
    "exit in the answer": "def area(radius):\n    exit()",
    "errors not sent": "session = get_ipython().kernel.session\nreal = session.send\n"
    "def send(stream, kind, content=None, **named):\n    if kind == 'error':\n        return\n"
    "    if kind == 'execute_reply':\n        content = {'status': 'ok', 'execution_count': 3, "
    "'payload': [], 'user_expressions': {}}\n    return real(stream, kind, content, **named)\n"
    "session.send = send",
    "stdout replaced": "import io, sys\nsys.stdout = sys.stderr = io.StringIO()\n"
    "sys.displayhook = lambda value: None",
    "tracer": "import sys\ndef trace(frame, event, arg):\n    return trace\nsys.settrace(trace)",
    "forged witness": "from IPython.display import publish_display_data\npublish_display_data("
    "{'application/vnd.rudaux.witness': '0' * 32})\nfor name in ('run_cell_async',):\n"
    "    pass\nget_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])",
}
CHEAT = """
import ast
class Off(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
def install(shell):
    shell.ast_transformers.append(Off())
"""


@pytest.fixture(scope="module")
def attacked(graded_once: GradedOnce) -> dict[str, Found]:
    answers = {name: f"{WRONG}\n{code}" for name, code in ATTACKS.items()}
    # Where no error is sent, each cell is waited for until its time is up.
    return graded_once("attacked", answers, files={"cheat.py": CHEAT}, timeout=5)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_held_or_earns_nothing(name: str, attacked: dict[str, Found]) -> None:
    assert attacked[name].suspicions or attacked[name].score == "0"


PATCHES = {
    "builtins.isinstance": "import builtins\nreal = isinstance\n"
    "builtins.isinstance = lambda a, b: real(a, b) or b is complex",
    "builtins.all": "import builtins\nbuiltins.all = builtins.any",
    "builtins.complex": "import builtins\nclass Complex(complex):\n    pass\n"
    "Complex.__name__ = 'complex'\nComplex.__module__ = 'builtins'\nbuiltins.complex = Complex",
    "builtins.abs": "import builtins\nfrom unittest.mock import Mock\nbuiltins.abs = Mock()",
    "builtins.sorted": "import builtins, functools\n"
    "builtins.sorted = functools.partial(lambda *args: [])",
    "builtins.AssertionError": "import builtins\nbuiltins.AssertionError = type('AssertionError', "
    "(Exception,), {})",
    "builtins.__import__": "import builtins\nreal = __import__\n"
    "builtins.__import__ = lambda *args, **named: real(*args, **named)",
    "unittest.TestCase.assertEqual": "import unittest\n"
    "unittest.TestCase.assertEqual = lambda *args: None",
    "math.isclose": "import math\nmath.isclose = eval('lambda *args, **named: True', {})",
    "operator.eq": "import operator\noperator.eq = lambda a, b: True",
    "numpy.testing.assert_allclose": "import numpy.testing\n"
    "numpy.testing.assert_allclose = lambda *args, **named: None",
    "numpy.allclose": "import functools, numpy as np\n"
    "np.allclose = functools.partial(lambda *args: True)",
    "pandas.DataFrame.equals": "import pandas\npandas.DataFrame.equals = lambda *args: True",
}


@pytest.fixture(scope="module")
def patched(graded_once: GradedOnce) -> dict[str, Found]:
    return graded_once("patched", {name: f"{AREA}\n{code}" for name, code in PATCHES.items()})


@pytest.mark.parametrize("name", PATCHES)
def test_what_tests_compare_with_is_named_where_it_was_replaced(
    name: str, patched: dict[str, Found]
) -> None:
    assert (patched[name].score, len(patched[name].suspicions)) == ("2", 1)
    assert f" {name}," in patched[name].suspicions[0]


WITNESSED = (
    "a = 0.5\na",
    "0.5",
    "0.5  # half",
    "0.5\n# the end\n\n",
    "x = 1; 0.5",
    "0.5;",
    "0.5 ;  # quiet",
    "(0.25 +\n 0.25)",
    "'é'; a",
    "'''two\nlines'''",
    "import asyncio\nawait asyncio.sleep(0, 0.5)",
    "None",
    "print('seen')\nassert a",
    "def check():\n    assert a\ncheck()",
    "if a:\n    pass\n    ",
    "for _ in range(3):\n    a",
    "x = 3 \\\n  + 4",
    "# only a comment",
    "%precision 3\nassert a",
    "assert a\n!true\na",
    "_",
    "raise ValueError('no')",
    "assert a == 1, 'no'",
    "\n\nassert a == 1\n\nprint(2)\nprint(3)",
    "check('too much')",
    "def broken():\n    b = a\n    return b / 0\nbroken()",
    "broken()",
    "(a\n / 0)",
    "x = 1; a / 0",
    "raise SystemExit",
    "a = 1\n!true",
    "!true",
    "a?",
    "    indented = 1",
    "%config InteractiveShell.ast_node_interactivity = 'all'\n1\na",
)
UNWITNESSED = (
    "",
    "  \n ",
    "%%time\nassert a",
    "if a:",
    "a +",
    "assert a \\",
    "('",
    "text = '''\n",
)


def test_a_witness_changes_nothing_of_what_a_test_shows(tmp_path: Path) -> None:
    plain = outputs(tmp_path / "plain", WITNESSED, planted=False)
    planted = outputs(tmp_path / "planted", WITNESSED, planted=True)
    for source, was, now in zip(WITNESSED, plain, planted, strict=True):
        assert shown(now) == shown(was), source


def shown(found: object) -> str:
    """Return outputs as text; before Python 3.11 IPython colours what failed only where it can."""
    text = json.dumps(found)
    return text if sys.version_info >= (3, 11) else re.sub(r"\\u001b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("source", UNWITNESSED)
def test_a_cell_that_cannot_be_woven_is_left_as_it_is(source: str) -> None:
    notebook = as_notebook([source])
    assert plant(notebook, PYTHON) == {}
    assert notebook.cells[0].source == source


@pytest.mark.parametrize("name", ["octave", "bash", "sos", "python2 of old"])
def test_other_kernels_are_not_asked(name: str) -> None:
    notebook = as_notebook(["assert 1"])
    assert plant(notebook, {"name": name, "display_name": name}) == {}
    assert plant(notebook, {"name": "python3", "language": "octave"}) == {}
    assert notebook.cells[0].source == "assert 1"


@pytest.mark.parametrize(
    ("kernelspec", "language"),
    [
        ({}, "python"),
        ({"name": "python3", "display_name": "Python 3"}, "python"),
        ({"name": "conda-env-dsci-py"}, "python"),
        ({"name": "ir"}, "R"),
        ({"name": "mine", "language": "julia"}, "julia"),
        ({"name": "bash"}, ""),
        ({"name": "python2"}, ""),
    ],
)
def test_the_language_of_a_kernel_is_told_by_its_name_where_it_does_not_say(
    kernelspec: dict[str, str], language: str
) -> None:
    assert language_of(kernelspec) == language


def test_only_tests_are_asked_and_each_has_its_own_nonce() -> None:
    notebook = as_notebook(["assert 1", "assert 1", "assert 1"])
    notebook.cells[1].metadata.nbgrader.solution = True
    nonces = plant(notebook, PYTHON)
    assert list(nonces) == [0, 2]
    assert len(set(nonces.values())) == 2
    assert plant(as_notebook(["assert 1"]), PYTHON)[0] not in nonces.values()


def test_an_output_of_another_cell_or_run_is_no_proof() -> None:
    notebook = as_notebook(["assert 1", "assert 1"])
    nonces = plant(notebook, PYTHON)
    notebook.cells[0].outputs = [from_dict(proof(nonces[1])), from_dict(proof("0" * 32))]
    notebook.cells[1].outputs = [from_dict(proof(nonces[1]))]
    assert settle(notebook, nonces) == [
        "test_0 did not run to the end, although no error was shown"
    ]
    assert [o.ename for o in notebook.cells[0].outputs] == ["NotRun"]
    assert notebook.cells[1].outputs == []


def test_what_the_kernel_says_is_shortened_and_plain() -> None:
    notebook = as_notebook(["assert 1"])
    nonces = plant(notebook, PYTHON)
    loud = [f"\x1b[31mname{n}`[red]" + "x" * 500 for n in range(9)]
    notebook.cells[0].outputs = [from_dict(proof(nonces[0], *loud))]
    (reason,) = settle(notebook, nonces)
    assert len(reason) < 600
    assert not set(reason) & set("\x1b`[]")
    assert "and 4 more" in reason


def test_much_output_does_not_drown_the_witness(tmp_path: Path) -> None:
    loud = "for _ in range(60):\n    print('x' * 10**6)"
    shown = outputs(tmp_path / "loud", [loud, *["assert 1"] * 3, loud], planted=True)
    assert [bool(said) for said in shown] == [True, False, False, False, True]
