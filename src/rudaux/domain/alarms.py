"""What about a push as a whole looks like a mistake, before anything of it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Literal

from rudaux.domain.submissions import Standing

MANY = 5
"""Students below which nothing can be said about a class as a whole."""

AlarmKind = Literal["missing", "zeros", "median", "test", "points"]
ABOUT_ZEROS: frozenset[AlarmKind] = frozenset({"missing", "zeros"})


@dataclass(frozen=True)
class Alarm:
    """A reason to ask a person before a push; `text` is a clause without an end mark."""

    kind: AlarmKind
    text: str


@dataclass(frozen=True)
class CellScore:
    """How a test went: of so many `graded` students, `zeros` got none of its `maximum` points."""

    name: str
    maximum: Decimal
    graded: int
    zeros: int


@dataclass(frozen=True)
class Graded:
    """One judged submission's score in Canvas points: `last` pushed and now; or would it change."""

    new: Decimal
    last: Decimal | None
    writes: bool


def zero_alarm(standings: Iterable[Standing], limit: float) -> tuple[Alarm, ...]:
    """Warn where more than the share `limit` of those due is failed or missing."""
    due = [s for s in standings if s.due]
    missing, failed = (sum(s.state == kind for s in due) for kind in ("missing", "failed"))
    if missing + failed <= limit * len(due):
        return ()
    return (
        Alarm(
            "missing",
            f"{missing} missing and {failed} failed of {len(due)} due is more than {limit:.0%}",
        ),
    )


def equal_zeros_alarm(graded: Sequence[Graded], limit: float) -> tuple[Alarm, ...]:
    """Warn where more than the share `limit` of those who handed in has a score of exactly 0."""
    zeros = sum(g.new == 0 for g in graded)
    if len(graded) < MANY or zeros <= limit * len(graded) or not _mostly_new(graded):
        return ()
    text = f"{zeros} of the {len(graded)} who handed in have exactly 0, more than {limit:.0%}"
    return (Alarm("zeros", text),)


def median_alarm(graded: Iterable[Graded], points: Decimal, limit: float) -> tuple[Alarm, ...]:
    """Warn where the median moves by more than the share `limit` of the points.

    Only those are compared whom an earlier push gave a score: newcomers move no median.
    """
    pairs = [(g.last, g.new) for g in graded if g.last is not None]
    if len(pairs) < MANY:
        return ()
    before, after = median(last for last, _ in pairs), median(new for _, new in pairs)
    if abs(after - before) <= Decimal(str(limit)) * points:
        return ()
    return (
        Alarm(
            "median",
            f"the median of {len(pairs)} students goes from {before:.2f} to {after:.2f}, by more "
            f"than {limit:.0%} of {points.normalize():f} points",
        ),
    )


def failed_test_alarms(cells: Iterable[CellScore], graded: Sequence[Graded]) -> tuple[Alarm, ...]:
    """Warn of each test that every student fails: more often its mistake than theirs."""
    if not _mostly_new(graded):
        return ()
    return tuple(
        Alarm("test", f"all {c.graded} students fail the test {c.name}")
        for c in cells
        if c.graded >= MANY and c.zeros == c.graded and c.maximum > 0
    )


def points_alarm(ours: Decimal, canvas: Decimal | None) -> tuple[Alarm, ...]:
    """Warn where Canvas counts the assignment out of other points than scores are scaled to."""
    if canvas == ours:
        return ()
    there = "no points" if canvas is None else f"{canvas.normalize():f} points"
    text = f"Canvas has {there} for it where rudaux.toml has {ours.normalize():f}"
    return (Alarm("points", f"{text} (`rudaux canvas push` brings them in step)"),)


def _mostly_new(graded: Sequence[Graded]) -> bool:
    """Whether most of it is not in Canvas yet: what a person agreed to once is not asked again."""
    return bool(graded) and 2 * sum(g.writes for g in graded) >= len(graded)
