from __future__ import annotations

from rudaux.cli.progress import troubles
from rudaux.cli.summary import MOST, graded_summary
from rudaux.domain.outcome import Outcome, SlowCell


def test_what_failed_for_the_same_reason_is_one_line_with_three_names() -> None:
    outcomes = [Outcome(f"Moon {n}", "failed", "the container failed") for n in range(30)]
    outcomes.append(Outcome("Io", "held", "its tests never ran"))
    assert graded_summary(outcomes) == [
        ("look", "1 held for you", "Io: its tests never ran"),
        (
            "broken",
            "30 could not be graded",
            "Moon 0, Moon 1, Moon 2 and 27 more: the container failed",
        ),
    ]


def test_submissions_that_wait_for_marks_are_one_line_with_the_cells_of_each_notebook() -> None:
    waiting = (("problem1", 3), ("problem2", 2))
    outcomes = [Outcome(f"Moon {n}", "held", "a, b and c wait", waiting=waiting) for n in range(15)]
    said = "problem1 (3 cells), problem2 (2 cells)"
    assert graded_summary(outcomes) == [("look", "15 wait for marks", said)]
    assert graded_summary(outcomes, planned=True) == [("", "15 wait for marks", said)]
    assert troubles(outcomes) == ""


def test_a_repair_of_work_that_waits_for_marks_is_told_without_its_cells() -> None:
    renamed = Outcome("Io", "held", "a waits; renamed", None, True, (("problem1", 1),), "renamed")
    assert graded_summary([renamed], planned=True) == [
        ("", "1 waits for marks", "problem1 (1 cell)"),
        ("look", "1 repaired", "Io: renamed"),
    ]


def test_remarks_on_graded_work_are_cut_short_and_counted() -> None:
    count = MOST + 5
    outcomes = [Outcome(f"Moon {n}", reason=f"renamed {n}", repaired=True) for n in range(count)]
    rows = graded_summary([*outcomes, Outcome("Io")])
    assert rows[0] == ("ok", f"{count + 1} graded", "")
    assert rows[1] == ("look", f"{count} repaired", "Moon 0: renamed 0")
    assert len(rows) == MOST + 2
    assert rows[-1][2].startswith("and 5 more")
    assert troubles(outcomes) == f" · {count} repaired"


def test_the_three_slowest_cells_are_named_and_quick_ones_are_not() -> None:
    def took(seconds: float, name: str) -> Outcome:
        return Outcome(name, slowest=SlowCell(seconds, "homework_1.ipynb", 7))

    rows = graded_summary([took(41, "Io"), took(0.2, "Europa"), took(12, "Titan"),
                           took(9, "Rhea"), took(60, "Dione")])  # fmt: skip
    assert rows[1:] == [
        ("", "slowest", "Dione: cell 7 of homework_1.ipynb took 60 s"),
        ("", "", "Io: cell 7 of homework_1.ipynb took 41 s"),
        ("", "", "Titan: cell 7 of homework_1.ipynb took 12 s"),
    ]
