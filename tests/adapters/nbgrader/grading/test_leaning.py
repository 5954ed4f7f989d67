"""Helpers of locked cells: a notebook that redefines what its tests lean on waits for a person."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from rudaux.adapters.nbgrader.grading.compiled import same_code
from rudaux.adapters.nbgrader.grading.leaning import (
    Leaning,
    bound,
    functions,
    taught,
)
from rudaux.adapters.nbgrader.grading.testify import Kernel
from tests.adapters.nbgrader.grading.conftest import GradedOnce
from tests.adapters.nbgrader.grading.witness_course import AREA, WRONG, Found, as_notebook

HELPERS = '''\
import math as m
from math import isclose

def check(r, a=3.142, *, places=3):
    """Compare with the right area."""
    def near(x):
        return round(x, places) == a
    assert near(area(r)), f"area({r})"

def compare(r):
    check(r)

class Near:
    def __init__(self, a):
        self.a = a
    def __eq__(self, other):
        return isclose(self.a, other, rel_tol=1e-3)

class AnyNumber:
    def __eq__(self, other):
        return isinstance(other, float)
'''
TESTS = ("compare(1)", "assert area(1) == Near(3.1416)", "assert AnyNumber() == area(1)")
HOOK = "def hook(*args):\n{}\nget_ipython().events.register('pre_run_cell', hook)\n"
SPACE = "    space = get_ipython().user_ns\n"
REPLACED = {
    "check": SPACE + "    space['check'] = lambda *args, **named: None",
    "compare": SPACE + "    if 'compare' in space: space['compare'].__code__ = "
    "(lambda r: None).__code__",
    "Near": SPACE + "    if 'Near' in space: space['Near'].__eq__ = lambda self, other: True",
    "isclose": SPACE + "    space['isclose'] = lambda *args, **named: True",
    "round": SPACE + "    space['round'] = lambda x, n=0: 3.142",
}
HONEST = {
    "plain": "",
    "names of its own": "def check(x):\n    return x\nclass Near:\n    pass\nm = isclose = 5",
    "an import again": "from math import *\nimport math, math as m\nfrom numpy import isclose",
    "a copy": HELPERS.replace('    """Compare with the right area."""\n', ""),
}


@pytest.fixture(scope="module", params=["in a locked cell", "in a test"])
def found(request: pytest.FixtureRequest, graded_once: GradedOnce) -> dict[str, Found]:
    answers = {f"replaced {name}": WRONG + HOOK.format(code) for name, code in REPLACED.items()}
    answers |= {name: f"{AREA}\n{code}" for name, code in HONEST.items()}
    if request.param == "in a test":
        return graded_once("helpers-in-a-test", answers, (HELPERS, *TESTS))
    return graded_once("helpers-in-a-locked-cell", answers, TESTS, locked=HELPERS)


@pytest.mark.parametrize("name", REPLACED)
def test_a_helper_that_was_redefined_is_named(name: str, found: dict[str, Found]) -> None:
    (reason,) = found[f"replaced {name}"].suspicions
    assert name in reason


@pytest.mark.parametrize("name", HONEST)
def test_honest_work_with_names_of_helpers_is_not_held(name: str, found: dict[str, Found]) -> None:
    assert found[name].suspicions == ()
    assert int(found[name].score) >= len(TESTS)


def test_a_test_leans_on_what_its_helpers_use() -> None:
    leaning = Leaning(frozenset({"area"}))
    (cell,) = as_notebook([HELPERS]).cells
    cell.metadata.nbgrader.grade = False
    leaning.take(cell, HELPERS)
    guarded, classes = leaning.of("compare(1)\nlen = 4\nlen")
    assert set(guarded) == {"compare", "check", "round"}
    assert str(guarded["check"]).startswith("def check(r, a=3.142")
    assert classes == ["AnyNumber", "Near"]


def test_what_students_are_asked_to_define_is_theirs() -> None:
    notebook = as_notebook(["def round(x):\n    return 1", "def check():\n    pass"])
    notebook.cells[0].metadata.nbgrader |= {"grade": False, "solution": True}
    assert taught(notebook) == {"round"}
    assert Leaning(taught(notebook)).of("assert round(2) == 1")[0] == {}


def test_a_cell_that_cannot_be_read_binds_nothing() -> None:
    assert bound("def f(:").names == bound("\0").names == frozenset()


MODULE = """\
import math
from functools import lru_cache
LIMIT = 3
def same(one, other):
    limit = LIMIT
    return near(one, other, limit)
def near(one, other, limit):
    return abs(one - other) < limit
def _rounded(x):
    return round(x)
@lru_cache
def slow(x):
    return x
def wrapped(x):
    return x
wrapped = lru_cache(wrapped)
if LIMIT:
    def chosen(x):
        return x
"""


def test_of_a_module_only_what_it_surely_defines_is_compared() -> None:
    assert set(functions(MODULE)) == {"same", "near", "_rounded"}
    assert functions("def f(:") == {}


def test_a_set_that_python_read_from_its_cache_is_the_same_in_another_order() -> None:
    code = compile("x in {0, 8}", "", "eval")
    one, other, third = (
        code.replace(co_consts=(frozenset(order),)) for order in ([0, 8], [8, 0], [8, 1])
    )
    assert repr(one.co_consts) != repr(other.co_consts)
    assert same_code(one, other)
    assert not same_code(one, third)


def test_functions_of_a_module_are_compiled_with_its_imports_from_the_future() -> None:
    module = "from __future__ import annotations\n\ndef same(a):\n    return a\n"
    assert functions(module) == {
        "same": "from __future__ import annotations\ndef same(a):\n    return a"
    }


def test_functions_of_a_module_are_compiled_as_the_whole_module_is() -> None:
    module = (
        "import numpy as np\nimport os.path\ntry:\n    import pandas as pd\n"
        "except ImportError:\n    pd = None\nfrom itertools import chain\n"
        "def stacked(x):\n    return np.vstack(x), os.path.join('a'), pd.DataFrame(x)\n"
        "class Flat:\n    def of(self, x):\n        return chain.from_iterable(x), x.copy()\n"
    )

    def code(text: str, name: str) -> Any:
        codes = compile(text, "", "exec").co_consts
        return next(c for c in codes if getattr(c, "co_name", "") == name)

    for name, text in functions(module).items():
        whole = code(module, name)
        # From Python 3.13 on, the code of a class holds its place.
        lines = "\n" * (whole.co_firstlineno - code(text, name).co_firstlineno)
        assert same_code(code(lines + text, name), whole)


def test_a_class_inside_a_function_is_the_same_wherever_the_function_stands() -> None:
    module = "side = 2\n\n\ndef made():\n    class Inner:\n        x = SIDE\n    return Inner\n"
    there = ModuleType("shapes")
    exec(compile(module.replace("SIDE", "2"), "shapes.py", "exec"), there.__dict__)
    known = {**sys.modules, "shapes": there}
    shell = SimpleNamespace(compile=SimpleNamespace(flags=0))

    def strange(source: str) -> list[str]:
        order: dict[str, Any] = dict.fromkeys(("text", "place"), "")
        order |= {"guarded": {}, "classes": [], "imported": {}}
        order["beside"] = {"shapes": functions(source)}
        return [*Kernel(shell, known, order, ()).strange()]

    assert strange(module.replace("SIDE", "2")) == []
    assert strange(module.replace("SIDE", "3")) == ["shapes.made"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("from checks import same", {"same"}),
        ("from checks import same as near, LIMIT", {"near"}),
        ("from checks import *", {"same", "near"}),
        ("import checks as c", set()),
        ("from checks import same\nsame = 1", set()),
        ("if 1:\n    from checks import same", set()),
    ],
)
def test_what_a_test_imports_from_a_module_of_the_course(line: str, names: set[str]) -> None:
    modules = {"checks": functions(MODULE)}
    beside, imported = Leaning(frozenset(), modules).beside(line)
    assert set(imported) == names
    assert all(text.startswith(f"def {name}(") for name, text in imported.items())
    assert beside == (modules if line[0] != "i" or line[1] == "m" else {})


def test_a_locked_cell_leans_on_the_module_that_it_imports_from() -> None:
    leaning = Leaning(frozenset(), {"checks": functions(MODULE)})
    (cell,) = as_notebook([""]).cells
    cell.metadata.nbgrader.grade = False
    assert leaning.beside("same(1, 1)") == ({}, {})
    leaning.take(cell, "from checks import same as alike, slow")
    assert leaning.of("alike(1, 1)\nslow(1)")[0]["alike"] == functions(MODULE)["same"].replace(
        "def same", "def alike"
    )
    assert "slow" not in leaning.of("slow(1)")[0]
    assert leaning.beside("alike(1, 1)") == (leaning.modules, {})
    leaning.take(cell, "alike = print")
    assert leaning.of("alike(1, 1)")[0] == {"alike": ""}
