"""The practice course's notebooks: nbgrader's own example, and students' work on it."""

from __future__ import annotations

import copy
import json
import shutil
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rudaux.demo.students import Kind

Notebook = dict[str, Any]

_RIGHT = """\
def squares(n):
    if n < 1:
        raise ValueError("n is too small")
    return [i ** 2 for i in range(1, n + 1)]"""
_NO_CHECK = "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]"
_WRONG = "def squares(n):\n    return list(range(n))"
_ENDLESS = """\
def squares(n):
    while n < 1:
        pass
    return [i ** 2 for i in range(1, n + 1)]"""
_SQUARES: dict[Kind, str] = {
    "partly": _NO_CHECK,
    "wrong": _WRONG,
    "endless": _ENDLESS,
}
_ANSWERS = {
    "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
    "sum_of_squares_equation": "$1 + 4 + \\dots + n^2$",
    "sum_of_squares_application": "def cannonballs(layers):\n    return sum_of_squares(layers)",
    "part-a": "It adds up the two calls before, until it reaches 0 or 1.",
    "part-b": "Below zero it never ends.",
}
MAXIMA = {"homework_1": Decimal(3), "homework_2": Decimal(13), "homework_3": Decimal(2)}
"""nbgrader's points: parts A and B; everything of the example; part A."""
_AUTOMATIC: dict[Kind, Decimal] = {
    "partly": Decimal(2),
    "wrong": Decimal("0.5"),
    "endless": Decimal(2),
}
"""Points out of 3 for the cells that nbgrader tests; 3 for a kind that is not named."""
BY_HAND = Decimal(10)
_FLAWED: Notebook = {
    "cell_type": "code",
    "execution_count": None,
    "metadata": {
        "nbgrader": {
            "grade": True,
            "grade_id": "sum_of_squares_invalid_input",
            "locked": False,
            "points": 1,
            "schema_version": 3,
            "solution": False,
        }
    },
    "outputs": [],
    "source": [
        '"""Check that sum_of_squares raises an error for invalid inputs."""\n',
        "try:\n",
        "    sum_of_squares(0)\n",
        "except ValueError as error:\n",
        '    assert "greater than or equal to 1" in str(error), f"not a clear message: {error}"',
    ],
}
"""A test with a usual mistake: it asks for the solution's own words, and passes careless code.

Good students fail it: `rudaux report homework_2` shows that.
"""
_FLAWED_AFTER = "correct_sum_of_squares"
_PASS_THE_FLAWED: frozenset[Kind] = frozenset({"partly", "wrong"})
UNREADABLE: frozenset[Kind] = frozenset({"invalid_json", "conflict"})
NOTHING: frozenset[Kind] = frozenset({"missing", "no_home"})


def example_source() -> Path:
    """Return the example course that `nbgrader quickstart` copies."""
    spec = find_spec("nbgrader")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nbgrader is not installed")
    return Path(spec.origin).parent / "docs" / "source" / "user_guide" / "source"


def write_source(folder: Path, names: tuple[str, ...], flawed: bool = False) -> None:
    """Write the assignments' source folders under `folder`/source.

    `flawed` adds a test to homework_2 that is wrong.
    """
    example = example_source() / "ps1"
    problem = json.loads((example / "problem1.ipynb").read_text(encoding="utf-8"))
    parts = {"homework_1": 13, "homework_3": 7}
    for name in names:
        target = folder / "source" / name
        target.mkdir(parents=True)
        if name == "homework_2":
            for file in sorted(example.glob("problem*.ipynb")):
                shutil.copyfile(file, target / file.name)
            if flawed:
                write(target / "problem1.ipynb", _with_flawed_test(problem))
        else:
            shortened = {**problem, "cells": problem["cells"][: parts[name]]}
            write(target / f"{name}.ipynb", shortened)
        shutil.copyfile(example / "jupyter.png", target / "jupyter.png")


def _with_flawed_test(problem: Notebook) -> Notebook:
    cells = list(problem["cells"])
    ids = [c["metadata"].get("nbgrader", {}).get("grade_id") for c in cells]
    cells.insert(ids.index(_FLAWED_AFTER) + 1, _FLAWED)
    return {**problem, "cells": cells}


def write_work(source: Path, target: Path, kind: Kind) -> None:
    """Write what a student of that kind has in the assignment's folder."""
    if kind in NOTHING:
        return
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "jupyter.png", target / "jupyter.png")
    for file in sorted(source.glob("*.ipynb")):
        notebook = answered(json.loads(file.read_text(encoding="utf-8")), kind)
        first = file == min(source.glob("*.ipynb"))
        name = f"my {file.name}" if kind == "renamed" and first else file.name
        text = json.dumps(notebook, indent=1)
        if kind == "invalid_json" and first:
            text = text[: len(text) // 2]
        if kind == "conflict" and first:
            text = f"<<<<<<< HEAD\n{text}\n=======\n{text}\n>>>>>>> upstream\n"
        (target / name).write_text(text, encoding="utf-8")


def answered(source: Notebook, kind: Kind) -> Notebook:
    """Answer a source notebook as a student of that kind does."""
    notebook = copy.deepcopy(source)
    answers = {**_ANSWERS, "squares": _SQUARES.get(kind, _RIGHT)}
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell["source"] = answers[grade_id]
    cells = notebook["cells"]
    ids = [c["metadata"].get("nbgrader", {}).get("grade_id") for c in cells]
    if kind == "duplicated" and "squares" in ids:
        cells.insert(ids.index("squares") + 1, copy.deepcopy(cells[ids.index("squares")]))
    if kind == "deleted_test" and "squares_invalid_input" in ids:
        del cells[ids.index("squares_invalid_input")]
    return notebook


def expected_score(
    assignment: str, kind: Kind, points: Decimal, flawed: bool = False
) -> Decimal | None:
    """Return the score that Canvas should show once all is marked; None: it must show none.

    Marking gives every answer full marks, and half to those whose tests failed. `flawed` as in
    `write_source`.
    """
    if kind in UNREADABLE:
        return None
    if kind in NOTHING:
        return Decimal(0)
    score, maximum = _AUTOMATIC.get(kind, Decimal(3)), MAXIMA[assignment]
    if assignment == "homework_2":
        score += BY_HAND * hand_mark(kind) + (flawed and kind in _PASS_THE_FLAWED)
        maximum += flawed
    return (score / maximum * points).quantize(Decimal("0.0001"))


def hand_mark(kind: Kind) -> Decimal:
    """Return the share of the marks that a person gives to this kind's answers."""
    return Decimal("0.5") if kind in {"partly", "wrong"} else Decimal(1)


def write(path: Path, notebook: Notebook) -> None:
    """Write a notebook as Jupyter does."""
    path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
