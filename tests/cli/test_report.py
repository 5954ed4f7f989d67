from __future__ import annotations

from rudaux.cli.report import MOST, graded_lines
from rudaux.cli.view import troubles
from rudaux.domain.outcome import Outcome, SlowCell


def test_held_and_failed_students_are_all_named_with_their_reason() -> None:
    outcomes = [Outcome(f"Moon {n}", "failed", "the container failed") for n in range(30)]
    outcomes.append(Outcome("Io", "held", "one cell waits for a mark by hand"))
    lines = graded_lines(outcomes)
    assert lines[0].startswith("failed Moon 0, Moon 1, Moon 2, ")
    assert lines[0].endswith(", Moon 28, Moon 29: the container failed")
    assert lines[1:] == ["held   Io: one cell waits for a mark by hand"]


def test_remarks_on_graded_work_are_cut_short_and_counted() -> None:
    outcomes = [Outcome(f"Moon {n}", reason="renamed", repaired=True) for n in range(MOST + 5)]
    lines = graded_lines([*outcomes, Outcome("Io")])
    assert len(lines) == MOST + 1
    assert "and 5 more" in lines[-1]
    assert troubles(outcomes) == f" · {MOST + 5} repaired"


def test_the_three_slowest_cells_are_named_and_quick_ones_are_not() -> None:
    def took(seconds: float, name: str) -> Outcome:
        return Outcome(name, slowest=SlowCell(seconds, "homework_1.ipynb", 7))

    lines = graded_lines([took(41, "Io"), took(0.2, "Europa"), took(12, "Titan"),
                          took(9, "Rhea"), took(60, "Dione")])  # fmt: skip
    assert lines == [
        "slow   Dione: cell 7 of homework_1.ipynb took 60 s",
        "slow   Io: cell 7 of homework_1.ipynb took 41 s",
        "slow   Titan: cell 7 of homework_1.ipynb took 12 s",
    ]
