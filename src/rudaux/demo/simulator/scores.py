"""How Canvas reads a posted grade, and how it shows a score.

`interpret_grade`, `grade_to_score` and `score_to_grade` of
https://github.com/instructure/canvas-lms/blob/master/app/models/abstract_assignment.rb
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

from rudaux.demo.simulator.entities import Assignment, LatePolicy, Submission

# Canvas's default grading scheme: name, lowest percentage.
SCHEME = (
    ("A", 94.0), ("A-", 90.0), ("B+", 87.0), ("B", 84.0), ("B-", 80.0), ("C+", 77.0),
    ("C", 74.0), ("C-", 70.0), ("D+", 67.0), ("D", 64.0), ("D-", 61.0), ("F", 0.0),
)  # fmt: skip
_PERCENT = re.compile(r"[+-]?\d*\.?\d+%\Z")
_POINTS = re.compile(r"[+-]?\d*\.?\d+\Z")


def ruby_text(value: Any) -> str:
    """Write a JSON value as Ruby's `to_s` does: small and huge floats get an exponent."""
    if not isinstance(value, float) or not math.isfinite(value):
        return "" if value is None else str(value).lower() if value is True else str(value)
    size = abs(value)
    if size and not 1e-4 <= size < 1e16:
        mantissa, _, exponent = f"{value!r}".partition("e")
        if not exponent:
            mantissa, _, exponent = f"{value:e}".partition("e")
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(exponent):+03d}"
    return repr(value)


def interpret_grade(assignment: Assignment, posted: Any) -> float | None:
    """Read a posted grade; what cannot be read is None, which wipes the score without an error."""
    text, points = ruby_text(posted), assignment.points_possible or 0.0
    lettered = assignment.grading_type in {"letter_grade", "gpa_scale"}
    score: float | None
    if lettered and (letter := _letter_score(text)) is not None:
        score = points * letter / 100
    elif _PERCENT.match(text):
        score = points * float(text[:-1]) / 100
    elif _POINTS.match(text):
        score = float(text)
    elif text in {"pass", "complete"}:
        score = points
    elif text in {"fail", "incomplete"}:
        score = 0.0
    else:
        score = None
    if assignment.grading_type == "pass_fail" and score not in {0.0, points}:
        return None
    return score


def _letter_score(text: str) -> float | None:
    for index, (name, _) in enumerate(SCHEME):
        if name.lower() == text.lower():
            return 100.0 if index == 0 else SCHEME[index - 1][1] - 1
    return None


def score_to_grade(assignment: Assignment, score: float | None) -> str | None:
    """Write a score in the assignment's type: "8.5", "85%", "B", "complete"."""
    if score is None:
        return None
    points = assignment.points_possible or 0.0
    percent = score / points * 100 if points else 100.0
    if assignment.grading_type == "pass_fail":
        return "complete" if score == points else "incomplete"
    if assignment.grading_type == "percent":
        return f"{_round_if_whole(round(percent, 2))}%"
    if assignment.grading_type in {"letter_grade", "gpa_scale"}:
        return next((name for name, low in SCHEME if percent >= low), "F")
    return _round_if_whole(score)


def _round_if_whole(value: float) -> str:
    return str(int(value)) if value == int(value) else ruby_text(value)


def seconds_late(row: Submission, due: datetime | None) -> int:
    """Return how late a submission is to Canvas: as a person set it, or by its time stamp."""
    if row.late_policy_status == "late":
        return row.seconds_late_override or 0
    if row.late_policy_status is None and row.submitted_at and due:
        return max(0, int((row.submitted_at - due).total_seconds()))
    return 0


def late_deduction(
    policy: LatePolicy | None, assignment: Assignment, entered: float, late: int
) -> float | None:
    """Return the points that a late policy takes off a score; None where it takes none."""
    if policy is None or not policy.late_submission_deduction_enabled or late <= 0:
        return None
    points = assignment.points_possible or 0.0
    interval = 3600 if policy.late_submission_interval == "hour" else 86400
    wanted = points * policy.late_submission_deduction / 100 * math.ceil(late / interval)
    floor = 0.0
    if policy.late_submission_minimum_percent_enabled:
        floor = points * policy.late_submission_minimum_percent / 100
    return max(0.0, min(wanted, entered - floor))
