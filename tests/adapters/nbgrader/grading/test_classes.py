"""Objects that equal everything, where no test looks at them, but into what holds them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.adapters.nbgrader.grading.conftest import GradedOnce
from tests.adapters.nbgrader.grading.witness_course import Found

TESTS = ("assert area(1) == [3.142]", "assert len(area(2)) == 1")
HIDDEN = "def area(radius):\n    return [{0}]"
YES = "lambda *both: True"
CHEATS = {
    "a class of the notebook": f"class Yes:\n    __eq__ = {YES}\n" + HIDDEN.format("Yes()"),
    "one made as the test runs": HIDDEN.format(f"type('Yes', (), {{'__eq__': {YES}}})()"),
    "one that was hidden from a search": "import gc\n"
    f"class Yes:\n    __eq__ = {YES}\ngc.collect()\ngc.freeze()\n" + HIDDEN.format("Yes()"),
    "one that does not say what it inherits": "class Kind(type):\n    def mro(cls):\n"
    f"        return [cls, int]\nclass Yes(int, metaclass=Kind):\n    __eq__ = {YES}\n"
    + HIDDEN.format("Yes(1)"),
    "one that a hook hides": "import sys\ndef refuse(event, *args):\n"
    "    if event == 'gc.get_referrers':\n        raise RuntimeError\nsys.addaudithook(refuse)\n"
    f"class Yes:\n    __eq__ = {YES}\n" + HIDDEN.format("Yes()"),
    "a class of Python with another ==": "from fractions import Fraction\n"
    f"Fraction.__eq__ = {YES}\n" + HIDDEN.format("Fraction(1)"),
    "a class of Python that had no ==": "from string import Template\n"
    f"Template.__eq__ = {YES}\n" + HIDDEN.format("Template('')"),
    "a class of a module that comes later": "import tabnanny\n"
    f"tabnanny.Whitespace.__eq__ = {YES}\n" + HIDDEN.format("tabnanny.Whitespace('')"),
}
HONEST = {
    "a class like any other": "class Moon:\n    def __eq__(self, other):\n"
    "        return 3.142 == other\n" + HIDDEN.format("Moon()"),
    "a list": HIDDEN.format("3.142"),
    "a number of Python's": "from fractions import Fraction\n" + HIDDEN.format("3142 / 1000"),
}

LOOKED = """
import binascii, gc, zlib
from fractions import Fraction
from string import Template
from rudaux.adapters.nbgrader.grading.classes import changed
from rudaux.runtime import prepared
nothing = binascii.b2a_base64(zlib.compress(b"pass")).decode()
prepared.prepare({"code": nothing})
class Shell:
    def __init__(self):
        self.user_ns = {}
class New(Fraction):
    pass
def found():
    kinds = changed(shell, *prepared.READY[1:])
    return len(kinds) > 99 or sorted(kind.__name__ for kind in kinds)
shell = Shell()
print(found())
Fraction.__eq__ = Template.__eq__ = object.__eq__
print(found())
gc.freeze()
print(found())
"""


@pytest.fixture(scope="module")
def graded(graded_once: GradedOnce) -> Mapping[str, Found]:
    return graded_once("classes", CHEATS | HONEST, TESTS)


@pytest.mark.parametrize("name", CHEATS)
def test_a_class_that_equals_everything_is_found_wherever_it_is(
    name: str, graded: Mapping[str, Found]
) -> None:
    assert graded[name].score == "2"
    assert "it replaces == (class " in "".join(graded[name].suspicions)


@pytest.mark.parametrize("name", HONEST)
def test_a_class_that_compares_is_not_held(name: str, graded: Mapping[str, Found]) -> None:
    assert (graded[name].score, graded[name].suspicions) == ("2", ())


def test_only_what_changed_since_the_fork_is_looked_at_unless_something_hides_it() -> None:
    said = subprocess.check_output([sys.executable, "-c", LOOKED], text=True)
    assert said.splitlines() == [
        "['New', 'Shell', 'object']",
        "['Fraction', 'New', 'Shell', 'Template', 'object']",
        "True",
    ]
