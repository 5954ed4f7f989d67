"""A dress rehearsal: of the whole set-up, system by system, and of an assignment."""

from __future__ import annotations

from rudaux.workflows.check.assignment import check_assignment, recall, rehearse, unchecked
from rudaux.workflows.check.canvas import check_zone
from rudaux.workflows.check.setup import check_setup

__all__ = ["check_assignment", "check_setup", "check_zone", "recall", "rehearse", "unchecked"]
