from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rudaux.domain.deadlines import Override, deadline_of, newcomers
from rudaux.domain.roster import Student

BASE = datetime(2026, 10, 1, 23, 59, tzinfo=timezone.utc)
EARLY, LATE = BASE - timedelta(days=1), BASE + timedelta(days=1)
LATEST = BASE + timedelta(days=2)
IO = Student("11", "Io Jupiter", section_ids=frozenset({1, 2}))
ANA = Student("12", "Ariel Uranus", joined_at=EARLY)
GROUPS = {7: frozenset({"11", "12"}), 8: frozenset({"13"})}
OWN = frozenset({"11"})


def due(*overrides: Override, base: datetime | None = BASE) -> datetime | None:
    """When Io's work is due."""
    return deadline_of(IO, base, overrides, GROUPS)


def test_who_joins_at_the_deadline_could_still_hand_in() -> None:
    for joined, after in ((None, False), (EARLY, False), (BASE, False), (LATE, True)):
        new = replace(IO, joined_at=joined)
        assert newcomers([new, ANA], {"11": BASE, "12": BASE}) == ({"11"} if after else set())
    assert newcomers([replace(IO, joined_at=LATE), ANA], {"11": None}) == frozenset()


def test_a_class_that_was_enrolled_anew_has_no_newcomers() -> None:
    three = [replace(IO, id=sid, joined_at=LATE) for sid in ("11", "12", "13")]
    due = dict.fromkeys(("11", "12", "13", "14"), BASE)
    assert newcomers([three[0], ANA, three[2]], due) == frozenset()
    assert newcomers([*three[:2], ANA, replace(ANA, id="14")], due) == {"11", "12"}


# --- One rule at a time -------------------------------------------------------------------------


def test_without_an_override_the_base_date_holds_and_there_may_be_none() -> None:
    assert due() == BASE
    assert due(base=None) is None
    assert deadline_of(IO, BASE) == BASE


def test_an_override_of_a_students_own_wins_over_all_others_even_when_it_is_earlier() -> None:
    others = [
        Override(1, LATE, section_id=1),
        Override(2, LATEST, group_id=7),
        Override(3, None, whole_course=True),
    ]
    assert due(*others, Override(4, EARLY, student_ids=OWN)) == EARLY
    assert due(Override(4, EARLY, student_ids=OWN), *others) == EARLY


def test_the_latest_of_two_overrides_of_a_students_own_holds() -> None:
    assert due(Override(1, LATE, student_ids=OWN), Override(2, EARLY, student_ids=OWN)) == LATE


def test_an_override_for_somebody_else_changes_nothing() -> None:
    assert due(Override(1, LATE, student_ids=frozenset({"12"}))) == BASE


def test_the_latest_of_section_group_and_course_holds_whichever_it_is() -> None:
    for one, two, three in ((EARLY, LATE, LATEST), (LATE, LATEST, EARLY), (LATEST, EARLY, LATE)):
        overrides = [
            Override(1, one, section_id=1),
            Override(2, two, group_id=7),
            Override(3, three, whole_course=True),
        ]
        assert due(*overrides) == LATEST


def test_a_section_s_date_holds_for_its_students_even_when_it_is_before_the_base_date() -> None:
    assert due(Override(1, EARLY, section_id=2)) == EARLY
    assert due(Override(1, LATE, section_id=2)) == LATE


def test_a_student_of_two_sections_has_until_the_later_date() -> None:
    assert due(Override(1, EARLY, section_id=1), Override(2, LATE, section_id=2)) == LATE


def test_another_section_s_date_does_not_hold() -> None:
    assert due(Override(1, LATEST, section_id=3)) == BASE


def test_a_group_s_date_holds_for_its_members_and_for_nobody_else() -> None:
    assert due(Override(1, LATE, group_id=7)) == LATE
    assert due(Override(1, LATE, group_id=8)) == BASE


def test_a_group_that_has_no_members_extends_nobody() -> None:
    assert due(Override(1, LATE, group_id=9)) == BASE
    assert deadline_of(IO, BASE, [Override(1, LATE, group_id=7)]) == BASE


def test_a_group_s_number_is_not_taken_for_a_section_s() -> None:
    assert due(Override(1, LATE, group_id=1)) == BASE
    assert due(Override(1, LATE, section_id=7)) == BASE


def test_a_date_for_the_whole_course_holds_for_everyone() -> None:
    assert due(Override(1, EARLY, whole_course=True)) == EARLY


def test_an_override_that_leaves_the_due_date_alone_does_not_count() -> None:
    untouched = Override(1, None, overrides_due=False, student_ids=OWN)
    assert due(untouched) == BASE
    assert due(untouched, Override(2, LATE, section_id=1)) == LATE
    assert due(Override(3, LATEST, overrides_due=False, section_id=1)) == BASE


def test_no_due_date_at_all_is_later_than_any_date() -> None:
    assert due(Override(1, None, section_id=1), Override(2, LATEST, group_id=7)) is None
    assert due(Override(1, None, student_ids=OWN), Override(2, LATE, student_ids=OWN)) is None


# --- Against a slow and obvious resolver --------------------------------------------------------


def slow_deadline(
    student: Student,
    base: datetime | None,
    overrides: Sequence[Override],
    groups: Mapping[int, frozenset[str]],
) -> datetime | None:
    """Sort every override into two lists of dates, and take the last of the list that counts."""
    forever = datetime.max.replace(tzinfo=timezone.utc)
    own: list[datetime] = []
    shared: list[datetime] = []
    for override in overrides:
        if not override.overrides_due:
            continue
        date = forever if override.due_at is None else override.due_at
        if student.id in list(override.student_ids):
            own.append(date)
        if override.whole_course:
            shared.append(date)
        if override.section_id in list(student.section_ids):
            shared.append(date)
        theirs = [number for number, members in groups.items() if student.id in members]
        if override.group_id in theirs:
            shared.append(date)
    dates = own or shared
    if not dates:
        return base
    last = sorted(dates)[-1]
    return None if last == forever else last


IDS = st.sets(st.sampled_from(["11", "12", "13"])).map(frozenset)
NUMBERS = st.integers(1, 3)
DATES = st.none() | st.integers(-3, 3).map(lambda days: BASE + timedelta(days=days))
OVERRIDES = st.lists(
    st.one_of(
        st.builds(Override, NUMBERS, DATES, st.booleans(), student_ids=IDS),
        st.builds(Override, NUMBERS, DATES, st.booleans(), section_id=NUMBERS),
        st.builds(Override, NUMBERS, DATES, st.booleans(), group_id=NUMBERS),
        st.builds(Override, NUMBERS, DATES, st.booleans(), whole_course=st.just(True)),
    ),
    max_size=6,
)
STUDENTS = st.builds(
    Student,
    st.sampled_from(["11", "12", "13"]),
    st.just("Io Jupiter"),
    section_ids=st.sets(NUMBERS, max_size=2).map(frozenset),
)
MEMBERS = st.dictionaries(NUMBERS, IDS)


@given(STUDENTS, DATES, OVERRIDES, MEMBERS)
def test_a_slow_and_obvious_resolver_gives_the_same_deadline(
    student: Student,
    base: datetime | None,
    overrides: list[Override],
    groups: dict[int, frozenset[str]],
) -> None:
    expected = slow_deadline(student, base, overrides, groups)
    assert deadline_of(student, base, overrides, groups) == expected


@given(STUDENTS, DATES, OVERRIDES, MEMBERS, st.randoms())
def test_the_order_in_which_canvas_lists_overrides_does_not_matter(
    student: Student,
    base: datetime | None,
    overrides: list[Override],
    groups: dict[int, frozenset[str]],
    random: Random,
) -> None:
    shuffled = sorted(overrides, key=lambda _: random.random())
    first = deadline_of(student, base, overrides, groups)
    assert deadline_of(student, base, shuffled, groups) == first


@given(STUDENTS, DATES, OVERRIDES, MEMBERS)
def test_what_leaves_the_due_date_alone_could_as_well_not_be_there(
    student: Student,
    base: datetime | None,
    overrides: list[Override],
    groups: dict[int, frozenset[str]],
) -> None:
    idle = [replace(o, overrides_due=False) for o in overrides]
    first = deadline_of(student, base, overrides, groups)
    assert deadline_of(student, base, [*idle, *overrides, *idle], groups) == first
