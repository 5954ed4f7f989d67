"""Who may look into a running test: locked cells, tests, and answers as the source has them.

`tests/corpus/looking.py` has what is held, and the honest answers that are not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.nbgrader.grading.conftest import GradedOnce
from tests.adapters.nbgrader.grading.witness_course import AREA, Circles, Found

TESTS = (
    "def check(r, a):\n    assert round(area(r), 3) == a\ncheck(1, 3.142)",
    "import sys\ndef known():\n    assert round(area(5), 3) == 78.54\nknown()\n"
    "assert sys._getframe(1).f_code.co_name",
)
LOCKED = (
    "import inspect, sys, traceback\ndef where():\n    traceback.format_stack()\n"
    "    return sys._getframe(2).f_code.co_name, [f.function for f in inspect.stack()]"
)
_START = "import inspect, math, sys, traceback\n"
_PASSES = f"{AREA}right = area\ndef area(r):\n    {{}}\n    return right(r)\n"
LOOKING = {
    "the caller's names": "inspect.currentframe().f_back.f_locals.get('a')",
    "its arguments": "inspect.getargvalues(sys._getframe(1)).locals.get('a')",
    "a walk that a helper takes": "up(sys._getframe())",
    "a helper's caller's caller": "caller().f_back.f_locals.get('a')",
    "its caller's names, one by one": "[x for x in inspect.currentframe().f_back.f_locals.items()]",
    "a walk of the library's": "[f.f_locals for f, _ in traceback.walk_stack(sys._getframe())]",
    "numbers of the test's function": "known.__code__.co_consts if r == 5 else 0",
}
_UP = "def up(f):\n    while f:\n        f.f_locals.get('a')\n        f = f.f_back\n"
_CALLER = "def caller():\n    mine = inspect.currentframe()\n    return mine.f_back\n"
ALLOWED = {
    "a locked cell that looks": "where()",
    "one's own function's code": "right.__code__.co_consts",
    "a test's function's arguments": "inspect.signature(known) if r == 5 else 0",
}


@pytest.fixture(scope="module")
def found(graded_once: GradedOnce) -> dict[str, Found]:
    answers = {name: _PASSES.format(code) for name, code in (LOOKING | ALLOWED).items()}
    helpers = {"up(": _UP, "caller(": _CALLER}
    helped = {
        name: "".join([_START, *(one for call, one in helpers.items() if call in text), text])
        for name, text in answers.items()
    }
    return graded_once("looking", helped, TESTS, locked=LOCKED)


@pytest.mark.parametrize("name", LOOKING)
def test_an_answer_that_reads_a_tests_frame_is_held_with_its_score(
    name: str, found: dict[str, Found]
) -> None:
    (reason,) = found[name].suspicions
    assert "while a test runs, which can tell it the right answers" in reason
    assert found[name].score == "2"


@pytest.mark.parametrize("name", ALLOWED)
def test_other_looking_is_not_held(name: str, found: dict[str, Found]) -> None:
    assert (found[name].score, found[name].suspicions) == ("2", ())


def test_what_the_sources_solution_does_is_not_held_and_nothing_else_goes_with_it(
    tmp_path: Path,
) -> None:
    answer = _START + _PASSES.format("print(sys._getframe(1).f_code.co_name, inspect.stack())")
    other = "import gc\n" + _PASSES.format("gc.get_objects()")
    answers = {"same": answer, "other": other}
    results = Circles(tmp_path, TESTS, solution=answer).grade(answers)
    assert (results["same"].score, results["same"].suspicions) == ("2", ())
    assert "gc.get_objects while a test runs" in results["other"].suspicions[0]
