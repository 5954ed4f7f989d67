from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rudaux.domain.execution import (
    CellResult,
    Execution,
    Job,
    kernel_name,
    kernels_of,
    seconds_of_tests,
)

CODE: dict[str, Any] = {"cells": [{"cell_type": "code", "source": ["1 + ", "1"]}]}
R: dict[str, Any] = {**CODE, "metadata": {"kernelspec": {"name": "ir"}}}


def test_a_notebook_runs_in_the_kernel_that_it_names() -> None:
    assert kernel_name(R) == "ir"


@pytest.mark.parametrize(
    "notebook",
    [
        {},
        {"metadata": {}},
        {"metadata": {"kernelspec": {}}},
        {"metadata": {"kernelspec": {"name": ""}}},
        {"metadata": {"kernelspec": {"name": None}}},
        {"metadata": {"kernelspec": {"name": "python"}}},
        {"metadata": {"kernelspec": {"name": "python3"}}},
    ],
)
def test_a_notebook_that_names_none_or_the_old_name_runs_in_python_3(
    notebook: dict[str, Any],
) -> None:
    assert kernel_name(notebook) == "python3"


def test_each_notebook_of_a_submission_has_its_own_kernel() -> None:
    texts = {"a.ipynb": json.dumps(R), "b.ipynb": json.dumps(CODE)}
    assert kernels_of(texts) == {"a.ipynb": "ir", "b.ipynb": "python3"}


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [{"cell_type": "markdown", "source": "I think so."}],
        [{"cell_type": "code", "source": " \n"}, {"cell_type": "code", "source": []}],
    ],
)
def test_a_notebook_without_code_to_run_needs_no_kernel(cells: list[dict[str, Any]]) -> None:
    assert kernels_of({"a.ipynb": json.dumps({"cells": cells})}) == {}


def test_how_long_a_cell_took_does_not_make_it_another_result() -> None:
    assert CellResult(0, 1, seconds=0.1) == CellResult(0, 1, seconds=9.0)
    assert CellResult(0, 1) != CellResult(0, None)


def test_the_seconds_of_tests_are_those_of_cells_that_ran_and_nobody_marks() -> None:
    def cell(name: str, **about: bool) -> dict[str, Any]:
        return {"metadata": {"nbgrader": {"grade_id": name, **about}}}

    cells = [
        cell("mean", grade=True, solution=False), cell("essay", grade=True, solution=True),
        cell("text", grade=False), {"metadata": {}}, cell("mode", grade=True),
        cell("late", grade=True),
    ]  # fmt: skip
    job = Job("hw", "1", {"nb.ipynb": json.dumps({"cells": cells})}, Path("/x"))
    results = [CellResult(n, n + 1, (), n / 2 + 1) for n in range(5)]
    results += [CellResult(5, None), CellResult(6, 7, (), 1.0), CellResult(-2, 8, (), 1.0)]
    ran = Execution(job, "ok", cells={"nb.ipynb": tuple(results), "other.ipynb": (results[0],)})
    assert seconds_of_tests(ran) == {("nb", "mean"): 1.0, ("nb", "mode"): 3.0}
