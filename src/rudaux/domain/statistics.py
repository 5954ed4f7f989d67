"""Classical test theory: what an assignment's scores and tests say about the assignment.

The terms are those of textbooks (Crocker and Algina, Introduction to Classical and Modern Test
Theory, chapter 14): difficulty is the share that passes, discrimination the corrected item-total
correlation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from statistics import correlation, median, quantiles
from typing import Literal

MANY = 5
"""Students below which nothing can be said about a class as a whole."""
FEW = 10
"""Submissions below which a correlation says nothing, and is not shown."""
SLOW_SHARE = 0.1
"""A test is called slow once it is slow for this share of the class."""

Flag = Literal["all_fail", "all_pass", "negative_discrimination", "not_reached", "slow"]
TestKey = tuple[str, str]
"""A notebook's name without its suffix, and the grade id of a cell in it."""


@dataclass(frozen=True)
class MarkedCell:
    """A cell that has points; `by_hand`: it is an answer or a task, not a test."""

    notebook: str
    cell: str
    maximum: Decimal
    by_hand: bool = False

    @property
    def key(self) -> TestKey:
        """What it is called in an assignment."""
        return self.notebook, self.cell


@dataclass(frozen=True)
class Marks:
    """Every mark of an assignment: a row per student, in the order of `cells`; None: no mark."""

    cells: tuple[MarkedCell, ...]
    by_student: Mapping[str, tuple[Decimal | None, ...]]


@dataclass(frozen=True)
class Summary:
    """The scores of so many students; quartiles by linear interpolation, as R and pandas do."""

    count: int
    mean: Decimal
    median: Decimal
    quartiles: tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Bin:
    """How many scores are at least `low` and below `high`; the last bin holds its end as well."""

    low: Decimal
    high: Decimal
    count: int


@dataclass(frozen=True)
class ItemStatistics:
    """How one test went; `mean` is in its points, `passed` the share with all of them.

    `discrimination` is None where there are too few students, or nobody differs; `seconds` is the
    median over the class, None where it is not known.
    """

    cell: MarkedCell
    students: int
    mean: Decimal
    passed: float
    discrimination: float | None
    seconds: float | None
    flags: tuple[Flag, ...]


def summarise(scores: Sequence[Decimal]) -> Summary | None:
    """Return mean, median and quartiles; None without scores."""
    if not scores:
        return None
    mean = sum(scores, Decimal(0)) / len(scores)
    low = high = scores[0]
    if len(scores) > 1:
        low, _, high = quantiles(scores, n=4, method="inclusive")
    return Summary(len(scores), mean, median(scores), (low, high))


def histogram(scores: Sequence[Decimal], points: Decimal) -> tuple[Bin, ...]:
    """Count scores in ten bins from 0 to `points`, and in more where extra credit leads."""
    width = points / 10
    if width <= 0:
        return ()
    number = max([10, *(ceil(score / width) for score in scores)])
    counts = [0] * number
    for score in scores:
        counts[min(max(int(score / width), 0), number - 1)] += 1
    return tuple(Bin(n * width, (n + 1) * width, count) for n, count in enumerate(counts))


def discrimination(item: Sequence[float], totals: Sequence[float]) -> float | None:
    """Return the corrected item-total correlation: Pearson's, of an item with the rest of the sum.

    `totals` include the item. None for fewer than `FEW` students, and where all are alike.
    """
    if len(item) < FEW:
        return None
    rest = [round(total - points, 9) for points, total in zip(item, totals, strict=True)]
    if min(item) == max(item) or min(rest) == max(rest):
        return None  # nobody differs: what is left of rounding would correlate
    return correlation(item, rest)


def complete(marks: Marks, students: Iterable[str]) -> dict[str, tuple[Decimal, ...]]:
    """Return the rows of those of these students who have a mark for every cell."""
    rows = {sid: marks.by_student.get(sid, ()) for sid in students}
    return {
        sid: tuple(mark for mark in row if mark is not None)
        for sid, row in rows.items()
        if len(row) == len(marks.cells) and None not in row
    }


def analyse_items(
    marks: Marks,
    students: Collection[str],
    seconds: Mapping[str, Mapping[TestKey, float]],
    unreached: Mapping[str, Collection[TestKey]],
    slow_from: float,
) -> tuple[ItemStatistics, ...]:
    """Return how each autograded test went over these students' complete rows.

    `seconds` and `unreached` (the tests that did not run) are by student. A test is slow where one
    student in ten needs `slow_from` seconds or more for it.
    """
    rows = complete(marks, students)
    if not rows:
        return ()
    totals = [float(sum(row)) for row in rows.values()]
    found = []
    for number, cell in enumerate(marks.cells):
        if cell.by_hand or cell.maximum <= 0:
            continue
        points = [row[number] for row in rows.values()]
        r = discrimination([float(p) for p in points], totals)
        took = [seconds[sid][cell.key] for sid in rows if cell.key in seconds.get(sid, {})]
        missed = sum(cell.key in unreached.get(sid, ()) for sid in rows)
        passed = sum(p >= cell.maximum for p in points)
        flags = _flags(points, passed, missed, r, took, slow_from)
        mean = sum(points, Decimal(0)) / len(points)
        middle = median(took) if took else None
        share = passed / len(points)
        found.append(ItemStatistics(cell, len(points), mean, share, r, middle, flags))
    return tuple(found)


def _flags(
    points: Sequence[Decimal],
    passed: int,
    missed: int,
    r: float | None,
    took: Sequence[float],
    slow_from: float,
) -> tuple[Flag, ...]:
    enough, count = len(points) >= MANY, len(points)
    slow = sum(seconds >= slow_from for seconds in took)
    tried: tuple[tuple[Flag, bool], ...] = (
        ("not_reached", enough and missed == count),
        ("all_fail", enough and not any(p > 0 for p in points)),
        ("all_pass", enough and passed == count),
        ("negative_discrimination", r is not None and round(r, 6) < 0),
        ("slow", bool(took) and slow >= max(1.0, SLOW_SHARE * len(took)) and enough),
    )
    return tuple(flag for flag, holds in tried if holds)
