"""Whose override it is, when somebody joined, and what becomes of a student's time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from rudaux.domain.collection import (
    Copied,
    LateEdit,
    describe_edits,
    duration,
    edits_after,
)
from rudaux.domain.deadlines import Override, date_of, in_force, same_moment
from rudaux.domain.extensions import (
    Change,
    Joined,
    OverrideRecord,
    end_of_day,
    joined_at,
    keep_up,
    keeps_title,
    late_deadline,
    made_by,
    purpose_of,
    title_for,
)
from rudaux.domain.roster import Student

NOW = datetime(2026, 10, 1, 18, tzinfo=timezone.utc)
DAY = timedelta(days=1)
ZONE = ZoneInfo("America/Vancouver")
IO = Student("io", "Io", section_ids=frozenset({1}), canvas_id="4711")
OWN = Override(7, NOW, student_ids=frozenset({"io"}), title="rudaux: late registration 4711")
THEIRS = replace(OWN, title="1 student")


def record(due: datetime | None, override: int | None = 7, **more: object) -> OverrideRecord:
    known = OverrideRecord(
        "homework_1", "io", "late registration", "create", override, None, due, NOW, state="done"
    )
    return replace(known, **more)  # type: ignore[arg-type]


# --- Whose it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "made", "purpose"),
    [
        (OWN, (), "late registration"),
        (replace(OWN, title=title_for("extension", IO)), (), "extension"),
        (replace(OWN, student_ids=frozenset(), outside=frozenset({"9"})), (), "late registration"),
        (THEIRS, (), None),
        (THEIRS, (8,), None),
        (THEIRS, (7,), "extension"),
        (replace(OWN, student_ids=frozenset({"io", "titan"})), (7,), None),
        (replace(OWN, outside=frozenset({"9"})), (7,), None),
        (replace(OWN, section_id=3), (7,), None),
        (replace(OWN, group_id=3), (7,), None),
        (replace(OWN, whole_course=True), (7,), None),
    ],
)
def test_an_override_is_rudauxs_by_its_title_or_the_ledger_and_for_one_student_alone(
    override: Override, made: tuple[int, ...], purpose: str | None
) -> None:
    assert purpose_of(override, made) == purpose


def test_the_title_names_canvas_s_own_id_where_it_is_known() -> None:
    assert title_for("extension", IO) == "rudaux: extension 4711"
    assert title_for("extension", Student("io", "Io")) == "rudaux: extension io"


def test_what_was_only_lengthened_was_not_made() -> None:
    actions = ("create", "split", "lengthen", "remove")
    records = [record(NOW, n, action=action) for n, action in enumerate(actions)]
    assert made_by([*records, record(NOW, None)]) == {0, 1}


@pytest.mark.parametrize(
    ("title", "kept"), [("1 student", False), ("12 students", False), ("", False), ("ill", True)]
)
def test_a_name_that_canvas_gave_is_counted_anew(title: str, kept: bool) -> None:
    assert keeps_title(replace(OWN, title=title)) == kept


def test_a_write_that_is_open_or_refused_is_a_promise() -> None:
    states = ("planned", "refused", "done", "failed")
    assert [record(NOW, state=s).promised for s in states] == [True, True, False, False]
    assert not record(None, state="planned", action="remove").promised


def test_the_ledger_is_told_which_override_is_about_to_change() -> None:
    change = Change("homework_1", IO, "lengthen", "extension", OWN, NOW, NOW + DAY, "ill")
    told = OverrideRecord(
        "homework_1", "io", "extension", "lengthen", 7, NOW, NOW + DAY, NOW, "ill"
    )
    assert change.record(NOW) == told
    assert replace(change, action="split").record(NOW).override is None
    assert replace(change, override=None).record(NOW).override is None


# --- When somebody joined -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "left", "expected"),
    [
        (None, False, NOW),
        (None, True, NOW + DAY),
        (Joined(NOW - DAY), False, NOW - DAY),
        (Joined(NOW - DAY), True, NOW - DAY),
        (Joined(NOW - DAY, gone=True), False, NOW + DAY),
        (Joined(None), False, NOW),
    ],
)
def test_a_change_of_an_enrollment_counts_only_for_whoever_was_gone(
    before: Joined | None, left: bool, expected: datetime
) -> None:
    student = replace(IO, joined_at=NOW, changed_at=NOW + DAY)
    assert joined_at(student, before, left) == expected


def test_where_canvas_does_not_say_nothing_is_known() -> None:
    assert joined_at(IO, None, False) is None
    assert joined_at(IO, Joined(NOW, gone=True), False) is None


@pytest.mark.parametrize(
    ("joined", "natural", "expected"),
    [
        (NOW, NOW, None),
        (NOW + DAY, NOW, datetime(2026, 10, 5, 23, 59, 59, tzinfo=ZONE)),
        (NOW + DAY, NOW + 4 * DAY, None),
        (NOW + DAY, NOW + 4 * DAY - timedelta(seconds=1),
         datetime(2026, 10, 5, 23, 59, 59, tzinfo=ZONE)),
    ],
)  # fmt: skip
def test_who_joins_after_the_unlock_has_the_days_to_the_end_of_the_last(
    joined: datetime, natural: datetime, expected: datetime | None
) -> None:
    assert late_deadline(joined, NOW, natural, 3, ZONE) == expected


def test_the_end_of_a_day_is_its_last_second_there() -> None:
    late = datetime(2026, 10, 2, 5, 30, 0, 7, tzinfo=timezone.utc)
    assert end_of_day(late, ZONE) == datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)


# --- What becomes of a student's time -----------------------------------------------------------


def decided(
    there: Override | None,
    wanted: datetime | None,
    natural: datetime | None = NOW,
    *records: OverrideRecord,
) -> tuple[str, datetime | None, str] | None:
    begun = Change("homework_1", IO, "create", "late registration", there, NOW, wanted)
    found = keep_up(begun, wanted, natural, records)
    return (found.action, found.due_at, found.left) if found else None


LATER = NOW + 2 * DAY


def test_without_an_override_one_is_made_where_it_gives_more() -> None:
    assert decided(None, LATER) == ("create", LATER, "")
    assert decided(None, None) is None
    assert decided(None, NOW) is None
    assert decided(None, LATER, None) is None


def test_one_that_a_person_took_away_is_not_made_again_unless_for_longer() -> None:
    gone = ("create", LATER, "a person removed it in Canvas")
    assert decided(None, LATER, NOW, record(LATER)) == gone
    assert decided(None, LATER, NOW, record(LATER - DAY)) == ("create", LATER, "")
    assert decided(None, LATER, NOW, record(LATER, state="failed")) == ("create", LATER, "")
    again = (record(LATER), record(None, action="remove"))
    assert decided(None, LATER, NOW, *again) == ("create", LATER, "")


def test_rudauxs_own_is_lengthened_and_never_shortened() -> None:
    assert decided(OWN, LATER) == ("lengthen", LATER, "")
    assert decided(OWN, None, LATER) == ("lengthen", LATER, "")
    assert decided(OWN, NOW - DAY, NOW - DAY) is None
    assert decided(OWN, LATER, None) is None
    assert decided(replace(OWN, due_at=None), LATER) is None
    assert decided(replace(OWN, overrides_due=False), LATER) is None
    assert decided(replace(OWN, due_at=LATER - timedelta(seconds=86_399)), LATER) is None


def test_what_a_person_changed_of_it_is_left_to_them() -> None:
    left = ("create", LATER, "a person changed it in Canvas")
    assert decided(OWN, LATER, NOW, record(NOW + DAY)) == left
    assert decided(OWN, LATER, NOW, record(NOW + DAY), record(NOW)) == ("lengthen", LATER, "")
    assert decided(OWN, LATER, NOW, record(NOW + DAY, override=8)) == ("lengthen", LATER, "")


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (THEIRS, "a person made an override for them"),
        (replace(THEIRS, outside=frozenset({"9"})),
         "a person made an override for them and others"),
    ],
)  # fmt: skip
def test_a_person_s_own_is_told_of_where_it_gives_less(there: Override, why: str) -> None:
    assert decided(there, LATER) == ("create", LATER, why)
    assert decided(there, NOW) is None
    assert decided(there, None) is None
    assert decided(replace(there, due_at=None), LATER) is None


# --- Dates --------------------------------------------------------------------------------------


def test_of_several_times_to_unlock_the_earliest_counts_and_to_lock_the_latest() -> None:
    shared = [
        Override(n, None, False, section_id=1, unlock_at=at, overrides_unlock=True, lock_at=at,
                 overrides_lock=True)
        for n, at in enumerate((NOW + DAY, NOW, LATER))
    ]  # fmt: skip
    assert date_of("unlock", IO, None, shared) == NOW
    assert date_of("lock", IO, None, shared) == LATER
    assert date_of("due", IO, LATER, shared) == LATER
    open_now = replace(shared[0], unlock_at=None)
    assert date_of("unlock", IO, NOW, [*shared, open_now]) is None
    assert in_force("due", IO, [OWN, Override(9, NOW, section_id=1)]) == (OWN,)


@pytest.mark.parametrize(
    ("seconds", "same"), [(0, True), (86_399, True), (-86_399, True), (1, False)]
)
def test_a_midnight_that_canvas_moves_is_the_same_moment(seconds: int, same: bool) -> None:
    assert same_moment(NOW, NOW + timedelta(seconds=seconds)) == same
    assert same_moment(None, None)
    assert not same_moment(NOW, None)
    assert not same_moment(None, NOW)


# --- Late edits ---------------------------------------------------------------------------------


def test_what_was_changed_after_the_deadline_is_told_latest_first() -> None:
    times = [(f"file{n}", NOW + n * timedelta(hours=1)) for n in range(6)]
    edits = edits_after(Copied(NOW, "d", (), tuple(times)), NOW)
    assert edits[0] == LateEdit("file1", NOW + timedelta(hours=1), NOW)
    told = "file5 5 h late, file4 4 h late, file3 3 h late and 2 more"
    assert describe_edits(edits) == told
    assert describe_edits(edits[:3]) == "file3 3 h late, file2 2 h late, file1 1 h late"
    assert describe_edits([LateEdit("a\nb", NOW + DAY, NOW)]) == "'a\\nb' 1 d late"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (119, "1 min"), (3600, "1 h"), (3660, "1 h 1 min"),
        (86_399, "23 h 59 min"), (86_400, "1 d"), (93_600, "1 d 2 h"), (86_460, "1 d"),
    ],
)  # fmt: skip
def test_a_span_is_told_in_its_two_largest_units(seconds: int, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text
