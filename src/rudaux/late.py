"""A late penalty for nbgrader: so many percent of the score for each day begun.

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
    """Takes `percent` of the score for each day begun after the student's own deadline.

    Never more than `at_most` percent, and nothing within `grace_minutes`; later than that, days
    count from the deadline. rudaux gives it the seconds after each student's own deadline.
    """

    percent = Float(10.0, min=0.0, max=PERCENT, help="Percent of the score a day.").tag(config=True)
    at_most = Float(PERCENT, min=0.0, max=PERCENT, help="Most percent in all.").tag(config=True)
    grace_minutes = Float(0.0, min=0.0, help="Minutes that cost nothing.").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return the points to take off, or None for none."""
        if total_seconds_late <= self.grace_minutes * 60:
            return None
        days = math.ceil(total_seconds_late / DAY)
        share: float = min(self.percent * days, self.at_most) / PERCENT
        return score * share
