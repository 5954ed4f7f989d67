"""The HTML pages that students read, from autograded notebooks and from solutions."""

from __future__ import annotations

from rudaux.adapters.nbgrader.feedback.ahead import Task, Worker, make_ahead, processes
from rudaux.adapters.nbgrader.feedback.errors import last_errors
from rudaux.adapters.nbgrader.feedback.marks import Marks
from rudaux.adapters.nbgrader.feedback.report import Made, Reporter
from rudaux.adapters.nbgrader.feedback.solution import Solutions

__all__ = [
    "Made",
    "Marks",
    "Reporter",
    "Solutions",
    "Task",
    "Worker",
    "last_errors",
    "make_ahead",
    "processes",
]
