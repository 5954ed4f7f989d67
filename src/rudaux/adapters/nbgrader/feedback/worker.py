"""A worker process that makes feedback pages: one line of JSON in per submission, one line out.

It reads autograded notebooks and writes no files. It ends with its standard input, so that no
worker is left if rudaux itself is killed.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from rudaux.adapters.nbgrader.feedback.marks import Marks
from rudaux.adapters.nbgrader.feedback.report import Made, Reporter
from rudaux.adapters.nbgrader.settings import load_course


def main() -> None:
    """Serve until standard input ends; the first line says which course it is."""
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answers:
        os.dup2(2, 1)  # the configuration file may print
        told = json.loads(sys.stdin.readline())
        reporter = Reporter(load_course(Path(told["folder"])), told["hidden_tests"])
        for line in sys.stdin:
            _answer(reporter, json.loads(line), answers)


def _answer(reporter: Reporter, task: dict[str, Any], answers: TextIO) -> None:
    marks = {name: Marks(**fields) for name, fields in task["marks"].items()}
    try:
        made = as_data(reporter.make(task["assignment"], task["student_id"], marks))
    except Exception as error:
        made = {"failed": repr(error)}  # rudaux makes the page itself, and reports what is wrong
    answers.write(json.dumps(made) + "\n")
    answers.flush()


def as_data(made: Made) -> dict[str, Any]:
    """Return the pages in a form that JSON can hold."""
    pages = [[name, None if page is None else page.decode()] for name, page in made.pages]
    return {**asdict(made), "pages": pages}


def from_data(data: dict[str, Any]) -> Made:
    """Reverse `as_data`; raise `KeyError` if no pages were made."""
    pages = tuple((name, None if page is None else page.encode()) for name, page in data["pages"])
    return Made(pages, data["refused"], tuple(data["outdated"]))
