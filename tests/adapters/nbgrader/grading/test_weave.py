"""Honest tests of many styles: full marks for right answers, 0 in their own words for others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.nbgrader.grading.conftest import GradedOnce
from tests.adapters.nbgrader.grading.witness_course import AREA, WRONG, Circles, Found

STYLES = (
    "assert round(area(1), 3) == 3.142",
    "for r, a in [(1, 3.142), (2, 12.566)]:\n    assert round(area(r), 3) == a, r",
    "cases = {1: 3.142, 2: 12.566}\nfor r, a in cases.items():\n    assert round(area(r), 3) == a",
    "r = 0\nwhile r < 3:\n    r += 1\n    if r == 2:\n        continue\n    assert area(r) < 30\n"
    "assert area(1) < 4",
    "try:\n    area('x')\nexcept TypeError:\n    pass\nelse:\n    raise AssertionError('no error')",
    "try:\n    assert area(1) < 4\nfinally:\n    print('done')",
    "def check(r, a):\n    assert round(area(r), 3) == a\ncheck(1, 3.142)\ncheck(2, 12.566)",
    "def check(r):\n    if r == 1:\n        return\n    assert round(area(r)) == 13\n"
    "check(1)\ncheck(2)",
    "from contextlib import suppress\nwith suppress(ValueError):\n    assert area(1) < 4\n"
    "    raise ValueError",
    "import warnings\nwith warnings.catch_warnings():\n    assert area(1) < 4",
    "if area(1) > 4:\n    raise AssertionError('too much')\nelif area(1) < 3:\n"
    "    raise AssertionError('too little')",
    "import asyncio\nawait asyncio.sleep(0)\nassert area(1) < 4",
    "import asyncio\nasync def later():\n    await asyncio.sleep(0)\n    return area(1)\n"
    "assert await later() < 4",
    "import pytest\nwith pytest.raises(TypeError):\n    area('x')\n"
    "assert area(1) == pytest.approx(3.1416, abs=1e-3)",
    "import unittest\nself = unittest.TestCase()\nself.assertAlmostEqual(area(1), 3.1416, 3)\n"
    "with self.assertRaises(TypeError):\n    area('x')",
    "import unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n"
    "        with self.subTest():\n            self.assertLess(area(1), 4)\n"
    "found = unittest.TextTestRunner(open('log', 'w')).run(T('test_it'))\n"
    "assert found.wasSuccessful(), 'failed'",
    "import numpy as np\nnp.testing.assert_allclose(area(np.array([1., 2.])), [3.1416, 12.5664], "
    "rtol=1e-3)\nassert (area(np.ones(2)) < 4).all()",
    "import pandas as pd\npd.testing.assert_series_equal(area(pd.Series([1., 2.])), "
    "pd.Series([3.1416, 12.5664]), rtol=1e-3)\nassert area(pd.Series([1.])).lt(4).all()",
    "from unittest.mock import ANY\nassert [area(1) < 4, area(2)] == [True, ANY]",
    "assert area(1) < 4 and (area(2) > 12 or not area(0)), 'no'",
    "assert 3 < area(1) < 4",
    "match area(1):\n    case float():\n        assert area(1) < 4\n    case _:\n"
    "        assert False, 'no float'",
    "class Near:\n    def __init__(self, a):\n        self.a = a\n    def __eq__(self, other):\n"
    "        return abs(self.a - other) < 1e-3\nassert area(1) == Near(3.1416)",
    "%precision 3\nassert area(1) < 4\n!true",
    "%%time\nassert area(1) < 4",
    "%%capture\nassert area(1) < 4",
    "points = 0\nif area(1) < 4:\n    points += 0.5\nif 12 < area(2) < 13:\n"
    "    points += 0.5\npoints",
    "1 if area(1) < 4 else 0",
)
VALUES = len(STYLES) - 2
"""From here on tests give points by their value, and a wrong answer gets no error."""


@pytest.fixture(scope="module")
def found(graded_once: GradedOnce) -> dict[str, Found]:
    return graded_once("styles", {"right": AREA, "wrong": WRONG}, STYLES)


def test_right_answers_get_full_marks_in_every_style_and_are_not_held(
    found: dict[str, Found],
) -> None:
    errors = [c["outputs"] for c in found["right"].cells if "error" in str(c["outputs"])]
    assert (found["right"].score, found["right"].suspicions, errors) == (str(len(STYLES)), (), [])


def test_wrong_answers_get_nothing_but_the_tests_own_words_and_are_not_held(
    found: dict[str, Found],
) -> None:
    assert found["wrong"].suspicions == ()
    for cell in found["wrong"].cells[1 : VALUES + 1]:
        errors = [o for o in cell["outputs"] if o["output_type"] == "error"]
        source = "".join(cell["source"])
        assert [o["ename"] for o in errors] != ["NotRun"], source
        assert errors, source
        assert "testify" not in str(errors), source
        assert "rudaux" not in str(errors), source


def test_a_condition_is_asked_once_and_raises_what_it_raises(tmp_path: Path) -> None:
    tests = (
        "asked = []\nclass Once:\n    def __bool__(self):\n        asked.append(1)\n"
        "        return True\nassert Once()\nassert asked == [1]\nassert Once() and Once()\n"
        "assert asked == [1, 1, 1]",
        "import numpy as np\nassert np.ones(2) == np.ones(2)",
    )
    result = Circles(tmp_path, tests).grade({"io": AREA})["io"]
    assert (result.score, result.suspicions) == ("1", ())
    (error,) = result.cells[2]["outputs"]
    assert (error["ename"], len(error["traceback"])) == ("ValueError", 4)
