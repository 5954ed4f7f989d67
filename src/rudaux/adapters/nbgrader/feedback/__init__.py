"""Autograded notebooks, and solutions -> the HTML pages that students read."""

from __future__ import annotations

from rudaux.adapters.nbgrader.feedback.errors import last_errors
from rudaux.adapters.nbgrader.feedback.report import Reporter
from rudaux.adapters.nbgrader.feedback.solution import Solutions

__all__ = ["Reporter", "Solutions", "last_errors"]
