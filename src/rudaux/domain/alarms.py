"""What makes a push as a whole look like a mistake, judged before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Literal

from rudaux.domain.execution import GradedWith
from rudaux.domain.grades import PushLine
from rudaux.domain.statistics import MANY, ItemStatistics
from rudaux.domain.submissions import Standing

MOVED = 0.25
"""The share of scores that may jump: the median alone would hide up to half of them."""

CHANCE = 0.1
"""From this far below 0 on, a negative discrimination is more than chance."""

AlarmKind = Literal[
    "missing", "zeros", "lower", "median", "test", "points", "above", "discrimination", "mixed"
]
ABOUT_ZEROS: frozenset[AlarmKind] = frozenset({"missing", "zeros"})


@dataclass(frozen=True)
class Alarm:
    """A reason to ask a person before a push; `text` is a clause without a full stop."""

    kind: AlarmKind
    text: str


@dataclass(frozen=True)
class CellScore:
    """How a test went: of `graded` students, `zeros` got none of its `maximum` points."""

    name: str
    maximum: Decimal
    graded: int
    zeros: int

    @property
    def failed_by_all(self) -> bool:
        """Whether nobody has a point, and enough students were graded to tell."""
        return self.graded >= MANY and self.zeros == self.graded and self.maximum > 0


@dataclass(frozen=True)
class MarkAbove:
    """A mark by hand that is more than the `maximum` of its `cell`, in nbgrader's points."""

    student_id: str
    cell: str
    mark: Decimal
    maximum: Decimal


@dataclass(frozen=True)
class Graded:
    """One submission's score in Canvas points: now, as `last` pushed, and whether it is written."""

    new: Decimal
    last: Decimal | None
    writes: bool


def zero_alarm(standings: Iterable[Standing], limit: float) -> tuple[Alarm, ...]:
    """Warn where more than the share `limit` of those due is failed or missing."""
    due = [s for s in standings if s.due and not s.asks]
    missing, failed = (sum(s.state == kind for s in due) for kind in ("missing", "failed"))
    if missing + failed <= limit * len(due):
        return ()
    return (
        Alarm(
            "missing",
            f"{missing} missing and {failed} failed out of {len(due)} due, more than the limit of "
            f"{limit:.0%}",
        ),
    )


def equal_zeros_alarm(graded: Iterable[Graded], limit: float) -> tuple[Alarm, ...]:
    """Warn where more than the share `limit` of what is written for work handed in is exactly 0.

    Zeros that a person has already accepted are in Canvas, and are not asked about again when
    somebody hands in late.
    """
    written = [g for g in graded if g.writes]
    zeros = sum(g.new == 0 for g in written)
    if len(written) < MANY or zeros <= limit * len(written):
        return ()
    who = f"{zeros} of the {len(written)} students who handed in work"
    return (Alarm("zeros", f"{who} get exactly 0, more than the limit of {limit:.0%}"),)


def lower_alarm(lines: Iterable[PushLine]) -> tuple[Alarm, ...]:
    """Warn where most grades in Canvas go down, or any grade of a missing student does.

    One student is enough: in a small class nothing else tells an accident from a regrade.
    """
    there = [line for line in lines if line.old is not None and line.kind != "excused"]
    lower = [
        line
        for line in there
        if line.writes and line.old is not None and (line.new or 0) < line.old
    ]
    missing = sum(line.kind == "missing" for line in lower)
    if 2 * len(lower) <= len(there) and not missing:
        return ()
    zeros = sum(not line.new for line in lower)
    text = f"{len(lower)} of {len(there)} grades in Canvas would go down"
    text += f", {zeros} of them to 0" if zeros else ""
    text += f", {missing} because the work is missing now" if missing else ""
    return (Alarm("lower", text),)


def nothing_to_earn_alarm(maximum: Decimal | None, graded: int) -> tuple[Alarm, ...]:
    """Warn where the source gives no points at all, so that every score would be 0."""
    if maximum or not graded:
        return ()
    return (Alarm("points", "no cell of its source has points, so everybody would get exactly 0"),)


def median_alarm(graded: Iterable[Graded], points: Decimal, limit: float) -> tuple[Alarm, ...]:
    """Warn where the median, or one score in four, moves by more than `limit` of the points.

    `limit` is a share. Only students who have a score from an earlier push are compared, so that
    newcomers do not move the median.
    """
    pairs = [(g.last, g.new) for g in graded if g.last is not None]
    if len(pairs) < MANY:
        return ()
    before, after = median(last for last, _ in pairs), median(new for _, new in pairs)
    most = Decimal(str(limit)) * points
    moved = sum(abs(new - last) > most for last, new in pairs)
    if abs(after - before) > most:
        what = f"the median of {len(pairs)} students goes from {before:.2f} to {after:.2f}, by more"
    elif moved > MOVED * len(pairs):
        what = f"the scores of {moved} of {len(pairs)} students change by more"
    else:
        return ()
    return (Alarm("median", f"{what} than {limit:.0%} of {points.normalize():f} points"),)


def failed_test_alarms(
    cells: Iterable[CellScore], graded: Sequence[Graded], unreached: Collection[str] = ()
) -> tuple[Alarm, ...]:
    """Warn of each test that every student fails: the test is more often wrong than they are.

    `unreached` names the tests that ran for nobody.
    """
    new = sum(g.writes for g in graded)
    if new < MANY and 2 * new < len(graded):
        return ()  # accepted already: do not ask again because somebody hands in late
    return tuple(Alarm("test", _all_fail(c, c.name in unreached)) for c in cells if c.failed_by_all)


def _all_fail(cell: CellScore, unreached: bool) -> str:
    if unreached:
        return f"the test {cell.name} ran in none of {cell.graded} submissions"
    return f"all {cell.graded} students fail the test {cell.name}"


def discrimination_alarms(tests: Iterable[ItemStatistics]) -> tuple[Alarm, ...]:
    """Warn of each test that good students fail and others pass, of ten students or more."""
    return tuple(
        Alarm(
            "discrimination",
            f"good students fail the test {t.cell.cell} in {t.cell.notebook} (discrimination "
            f"{t.discrimination:.2f} over {t.students} students)",
        )
        for t in tests
        if t.discrimination is not None and t.discrimination <= -CHANCE
    )


def mixed_alarm(graded_with: Iterable[GradedWith]) -> tuple[Alarm, ...]:
    """Warn where some students were graded with other tests or in another image than most."""
    known = list(graded_with)
    found = []
    for what, values in (
        ("with other tests", Counter(g.tests for g in known)),
        ("in another image", Counter(g.image for g in known)),
    ):
        others = len(known) - max(values.values(), default=0)
        if others:
            verb = "was" if others == 1 else "were"
            found.append(f"{others} of {len(known)} {verb} graded {what} than the rest")
    return (Alarm("mixed", ", ".join(found)),) if found else ()


def above_maximum_alarm(
    marks: Iterable[MarkAbove], names: Mapping[str, str], writes: Collection[str]
) -> tuple[Alarm, ...]:
    """Warn of marks above the maximum behind a grade that is about to be written.

    They may be extra credit, a slip (55 for 5.5), or from before the source lowered its points.
    """
    found = [
        f"{names[m.student_id]} has {_points(m.mark)} of {_points(m.maximum)} points for {m.cell}"
        for m in marks
        if m.student_id in writes
    ]
    if not found:
        return ()
    more = f", and {len(found) - 3} more" if len(found) > 3 else ""
    count = "a mark" if len(found) == 1 else f"{len(found)} marks"
    return (Alarm("above", f"{count} by hand above the maximum: {', '.join(found[:3])}{more}"),)


def scheme_alarm(grading_type: str) -> tuple[Alarm, ...]:
    """Warn where Canvas may read a score as a step of a grading scheme (a GPA of 4, for one)."""
    if grading_type not in {"letter_grade", "gpa_scale"}:
        return ()
    text = (
        f"Canvas uses a grading scheme ({grading_type}) and may take a score for one of its steps"
    )
    return (Alarm("points", f"{text}: set it to points there"),)


def points_alarm(ours: Decimal, canvas: Decimal | None) -> tuple[Alarm, ...]:
    """Warn where Canvas has other points for the assignment than rudaux scales scores to."""
    if canvas == ours:
        return ()
    there = "no points" if canvas is None else f"{canvas.normalize():f} points"
    text = f"Canvas has {there} for it, but rudaux.toml has {ours.normalize():f}"
    return (Alarm("points", f"{text} (`rudaux canvas push` updates Canvas)"),)


def _points(points: Decimal) -> str:
    return f"{points.normalize():f}"
