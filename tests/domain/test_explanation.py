from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random

import pytest

from rudaux.domain.deadlines import Override, deadline_of
from rudaux.domain.explanation import due_from
from rudaux.domain.marks import SheetMark, Verdict
from rudaux.domain.roster import Student

BASE = datetime(2026, 10, 1, 23, 59, tzinfo=timezone.utc)
LATE, LATEST = BASE + timedelta(days=1), BASE + timedelta(days=2)
IO = Student("11", "Io Jupiter", section_ids=frozenset({1, 2}))
GROUPS = {7: frozenset({"11", "12"})}
OWN = frozenset({"11"})


@pytest.mark.parametrize(
    ("overrides", "number", "kind"),
    [
        ((), None, None),
        ((Override(1, LATE, section_id=1),), 1, "section"),
        ((Override(1, LATE, section_id=3),), None, None),
        ((Override(1, LATE, overrides_due=False, section_id=1),), None, None),
        ((Override(1, LATE, section_id=1), Override(2, LATEST, group_id=7)), 2, "group"),
        ((Override(1, LATE, whole_course=True), Override(2, None, section_id=1)), 2, "section"),
        ((Override(1, LATE, whole_course=True),), 1, "course"),
        ((Override(1, LATEST, section_id=1), Override(2, LATE, student_ids=OWN)), 2, "student"),
        ((Override(1, LATE, section_id=1), Override(2, LATE, student_ids=OWN)), 2, "student"),
        ((Override(1, BASE, section_id=1),), 1, "section"),
    ],
)
def test_the_override_that_a_deadline_is_from_is_found(
    overrides: tuple[Override, ...], number: int | None, kind: str | None
) -> None:
    for order in (overrides, tuple(Random(1).sample(overrides, len(overrides)))):
        at = deadline_of(IO, BASE, order, GROUPS)
        due = due_from(IO, at, order, GROUPS)
        assert (due.at, due.override and due.override.id, due.kind) == (at, number, kind)


@pytest.mark.parametrize(
    ("mark", "points", "verdict"),
    [
        (SheetMark("n", "c", Decimal(2), Decimal(2)), "2", "passed"),
        (SheetMark("n", "c", Decimal(2), Decimal("0.5")), "0.5", "partly"),
        (SheetMark("n", "c", Decimal(2), Decimal(0)), "0", "failed"),
        (SheetMark("n", "c", Decimal(0), Decimal(0)), "0", "passed"),
        (SheetMark("n", "c", Decimal(2), Decimal(0), Decimal(1)), "1", "partly"),
        (SheetMark("n", "c", Decimal(2), Decimal(1), None, Decimal(1)), "2", "passed"),
        (SheetMark("n", "c", Decimal(2), waits=True), None, "waits"),
        (SheetMark("n", "c", Decimal(2)), None, "ungraded"),
        (SheetMark("n", "c", None), None, "ungraded"),
    ],
)
def test_a_mark_by_hand_counts_before_the_tests_and_the_verdict_follows(
    mark: SheetMark, points: str | None, verdict: Verdict
) -> None:
    assert mark.points == (None if points is None else Decimal(points))
    assert mark.verdict == verdict
