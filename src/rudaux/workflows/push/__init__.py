"""What every push needs: a look at it as a whole, and scores that are read back."""

from __future__ import annotations

from rudaux.workflows.push.about_tests import warnings_about_tests
from rudaux.workflows.push.alarms import find_alarms, find_warnings, gradebook_alarms
from rudaux.workflows.push.grades import write_grades

__all__ = [
    "find_alarms",
    "find_warnings",
    "gradebook_alarms",
    "warnings_about_tests",
    "write_grades",
]
