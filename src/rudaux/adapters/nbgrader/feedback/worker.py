"""A process of its own that makes reports: a line of JSON for each submission, one for its pages.

It reads autograded notebooks and writes nothing. It ends with its standard input, so that none is
left where rudaux itself was killed.
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
        os.dup2(2, 1)  # a configuration may print
        told = json.loads(sys.stdin.readline())
        reporter = Reporter(load_course(Path(told["folder"])), told["hidden_tests"])
        for line in sys.stdin:
            _answer(reporter, json.loads(line), answers)


def _answer(reporter: Reporter, task: dict[str, Any], answers: TextIO) -> None:
    marks = {name: Marks(**fields) for name, fields in task["marks"].items()}
    try:
        made = as_data(reporter.make(task["assignment"], task["student_id"], marks))
    except Exception as error:
        made = {"failed": repr(error)}  # rudaux makes it itself, and says what is wrong
    answers.write(json.dumps(made) + "\n")
    answers.flush()


def as_data(made: Made) -> dict[str, Any]:
    """Return what JSON can hold of it."""
    pages = [[name, None if page is None else page.decode()] for name, page in made.pages]
    return {**asdict(made), "pages": pages}


def from_data(data: dict[str, Any]) -> Made:
    """Turn `as_data` round; raises `KeyError` where nothing was made."""
    pages = tuple((name, None if page is None else page.encode()) for name, page in data["pages"])
    return Made(pages, data["refused"], tuple(data["outdated"]))
