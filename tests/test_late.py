"""The late penalty that rudaux ships, under nbgrader's own options."""

from __future__ import annotations

from pathlib import Path

import pytest
from traitlets.config import Config

from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.late import DAY, PercentPerDay
from tests.adapters.nbgrader.course import RIGHT, make_course, pretend


def penalty(seconds: float, score: float = 8.0, **options: float) -> float | None:
    plugin = PercentPerDay(config=Config({"PercentPerDay": options}))
    return plugin.late_submission_penalty("11", score, seconds)


@pytest.mark.parametrize(
    ("seconds", "points"),
    [(0, None), (1, 0.8), (DAY, 0.8), (DAY + 1, 1.6), (6 * DAY, 4.0), (90 * DAY, 4.0)],
)
def test_each_day_begun_takes_its_percent_up_to_the_most(
    seconds: int, points: float | None
) -> None:
    assert penalty(seconds, percent=10.0, at_most=50.0) == points


def test_the_minutes_of_grace_cost_nothing_and_then_the_whole_first_day_counts() -> None:
    assert penalty(900, grace_minutes=15.0) is None
    assert penalty(901, grace_minutes=15.0) == 0.8


def test_nbgrader_takes_it_from_its_configuration_and_the_feedback_says_so(
    tmp_path: Path,
) -> None:
    course = make_course(tmp_path / "course")
    config = course.folder / "nbgrader_config.py"
    config.write_text(
        f"{config.read_text()}\n"
        'c.AssignLatePenalties.plugin_class = "rudaux.late.PercentPerDay"\n'
        "c.PercentPerDay.percent = 50\n"
    )
    course.hand_in("11", RIGHT)
    grader = NbgraderGrader(course.folder, course.folder / "scratch")
    for seconds_late, score in ((26 * 3600, "0"), (3600, "1.5")):
        grader.score(pretend(course.job("11")), seconds_late)
        assert course.score("11") == score
    text = "".join(file.content.decode() for file in grader.feedback("ps1", "11"))
    assert "handed in 1 h after your deadline" in text
    assert "Late submission penalty (Score: -1.5)" in text
