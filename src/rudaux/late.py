"""A late penalty for nbgrader: a percentage of the score for each day, or part of a day.

In `nbgrader_config.py`:

    c.AssignLatePenalties.plugin_class = "rudaux.late.PercentPerDay"
    c.PercentPerDay.percent = 10
    c.PercentPerDay.at_most = 50
    c.PercentPerDay.grace_minutes = 15

nbgrader alone loads this module; nothing of rudaux imports it.
https://nbgrader.readthedocs.io/en/stable/plugins/late-plugin.html
"""

from __future__ import annotations

import math

from nbgrader.plugins import BasePlugin
from traitlets import Float

DAY = 86_400
PERCENT = 100.0


class PercentPerDay(BasePlugin):  # type: ignore[misc]
    """Take `percent` of the score for each day, or part of one, after the student's deadline.

    It never takes more than `at_most` percent, and nothing within `grace_minutes`; after that, days
    count from the deadline. rudaux passes the seconds after each student's own deadline.
    """

    percent = Float(10.0, min=0.0, max=PERCENT, help="Percent per day.").tag(config=True)
    at_most = Float(PERCENT, min=0.0, max=PERCENT, help="Most percent in all.").tag(config=True)
    grace_minutes = Float(0.0, min=0.0, help="Minutes late without a penalty.").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return the points to take off, or None for none."""
        if total_seconds_late <= self.grace_minutes * 60:
            return None
        days = math.ceil(total_seconds_late / DAY)
        share: float = min(self.percent * days, self.at_most) / PERCENT
        return score * share
