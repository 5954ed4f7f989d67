"""The assignment that every submission answers: two notebooks, a data file and a module."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAME = "shapes"
NOTEBOOKS = ("circles", "words")
MODEL = "the model answer of the instructor"
"""Stands in the solutions alone: who prints it has read source/."""

AREA = "import math\n\ndef area(radius):\n    return math.pi * radius ** 2"
MEAN = "def mean_radius():\n    return sum(radii) / len(radii)"
COUNT = "def count_words(text):\n    return len(text.split())"
RIGHT = {"area": AREA, "mean": MEAN, "count": COUNT}
POINTS = {"test_area": 2, "test_mean": 3, "explain": 2, "test_count": 3}
FULL = 8
"""Points of a right submission whose cell for a mark by hand is left blank."""

CHECKS = """\
from __future__ import annotations

def same(one, other):
    \'\'\'Say whether two numbers are the same, but for rounding.\'\'\'
    return _distance(one, other) < 1e-9

def _distance(one, other):
    def size(number: float) -> float:
        return 0.0 if number in {0, 8, -0.0, "nothing", "none"} else abs(number)
    return size(one - other)
"""
_RADII = """\
import csv

from checks import same

with open("radii.csv") as file:
    radii = [float(row["radius"]) for row in csv.DictReader(file)]"""
_TEST_AREA = """\
assert round(area(1), 3) == 3.142
### BEGIN HIDDEN TESTS
assert round(area(2), 3) == 12.566
### END HIDDEN TESTS"""
_TEST_MEAN = """\
assert mean_radius() == 2.5
### BEGIN HIDDEN TESTS
radii.append(7.5)
assert same(mean_radius(), 3.5)
### END HIDDEN TESTS"""
_TEST_COUNT = """\
import checks as c
from checks import same as alike
assert count_words("one two") == 2
### BEGIN HIDDEN TESTS
assert alike(count_words(""), 0) and c.same(count_words("a  b"), 2)
### END HIDDEN TESTS"""


def write_source(folder: Path) -> None:
    """Write the instructor's version under `folder`."""
    folder.mkdir(parents=True)
    (folder / "radii.csv").write_text("radius\n1\n2\n3\n4\n")
    (folder / "checks.py").write_text(CHECKS)
    circles = [
        _cell("text", "Compute the area of a circle.", kind="markdown", locked=True),
        _cell("area", _solution(AREA), solution=True),
        _cell("test_area", _TEST_AREA, grade=True, locked=True),
        _cell("radii", _RADII, locked=True),
        _cell("mean", _solution(MEAN), solution=True),
        _cell("test_mean", _TEST_MEAN, grade=True, locked=True),
        _cell("explain", "Because of pi.", kind="markdown", grade=True, solution=True),
    ]
    words = [
        _cell("count", _solution(COUNT), solution=True),
        _cell("test_count", _TEST_COUNT, grade=True, locked=True),
    ]
    for name, cells in zip(NOTEBOOKS, (circles, words), strict=True):
        (folder / f"{name}.ipynb").write_text(json.dumps(_notebook(cells)))


def cell_named(content: dict[str, Any], name: str) -> dict[str, Any]:
    """Give the cell of that grade id."""
    found: dict[str, Any] = next(
        c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    )
    return found


def _solution(code: str) -> str:
    return f"### BEGIN SOLUTION\n# {MODEL}\n{code}\n### END SOLUTION"


def _notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": spec},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(
    name: str,
    source: str,
    kind: str = "code",
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "grade_id": name,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
        "schema_version": 3,
    }
    if grade:
        meta["points"] = POINTS[name]
    code: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {
        "cell_type": kind,
        "id": name,
        "metadata": {"nbgrader": meta},
        "source": source,
        **code,
    }
