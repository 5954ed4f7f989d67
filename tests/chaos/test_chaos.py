"""A few trials of the chaos session, seeded, in every test run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.stage import Stage, stages
from tests.chaos.trials import KINDS, killed, under_faults

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def course_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    with stages(Path(tmp_path_factory.mktemp("chaos"))) as found:
        yield found


@pytest.mark.parametrize("stage", ["init", "submit"])
def test_faults_of_every_kind_leave_what_an_undisturbed_run_leaves(
    course_at: dict[str, Stage], stage: str
) -> None:
    ends = [under_faults(course_at[stage], KINDS, seed) for seed in (1, 2, 3)]
    assert [end.wrong for end in ends] == [{}, {}, {}]
    assert sum(end.faults for end in ends) > 1


@pytest.mark.parametrize(
    ("stage", "longest"),
    [
        ("init", 2.5), ("extend", 2.5), ("grade", 8.0), ("submit", 2.5), ("regrade", 9.0),
        ("joined", 4.0),
    ],
)  # fmt: skip
def test_a_command_killed_at_random_moments_ends_as_an_undisturbed_one(
    course_at: dict[str, Stage], stage: str, longest: float
) -> None:
    ended = killed(course_at[stage], longest, seed=3)
    assert ended.wrong == {}
    assert ended.faults > 0
