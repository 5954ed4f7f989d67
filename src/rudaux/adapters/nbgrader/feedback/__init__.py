"""Autograded notebooks and their marks -> the HTML reports that students read."""

from __future__ import annotations

from rudaux.adapters.nbgrader.feedback.errors import last_errors
from rudaux.adapters.nbgrader.feedback.report import Reporter

__all__ = ["Reporter", "last_errors"]
