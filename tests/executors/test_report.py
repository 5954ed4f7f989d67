"""What is said of a submission counts only where it is whole: what is left out is never a 0."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rudaux.domain.execution import Job
from rudaux.executors.report import Report

CELLS = [
    {"cell_type": "markdown", "source": "Square it."},
    {"cell_type": "code", "source": "x = 4"},
    {"cell_type": "code", "source": ["assert x", " == 4"]},
    {"cell_type": "code", "source": "  \n"},
]
JOB = Job("hw", "io", dict.fromkeys(("a.ipynb", "b.ipynb"), json.dumps({"cells": CELLS})), Path())
END = '{"verdict": "ok", "reason": "", "seconds": 1.0}\n'


def said(*lines: str) -> Report:
    report = Report(JOB)
    report.take("".join(lines).encode())
    return report


def notebook(name: str, *cells: int) -> str:
    told = [json.dumps({"notebook": name}), *(json.dumps({"cell": [n, 1, [], 0.1]}) for n in cells)]
    return "".join(f"{line}\n" for line in told)


def test_a_report_of_every_cell_with_code_is_believed() -> None:
    report = said(notebook("a.ipynb", 1, 2), notebook("b.ipynb", 1, 2), END)
    assert report.execution("").verdict == "ok"


@pytest.mark.parametrize(
    "lines",
    [(), (notebook("a.ipynb", 1, 2),), (notebook("a.ipynb", 1, 2), notebook("b.ipynb", 1))],
    ids=["nothing", "one notebook", "all but one cell"],
)
def test_a_report_that_is_well_and_leaves_cells_out_is_a_failure_of_ours(
    lines: tuple[str, ...],
) -> None:
    done = said(*lines, END).execution("")
    assert (done.verdict, done.reason) == ("failed", "the report of its run leaves out cells")
