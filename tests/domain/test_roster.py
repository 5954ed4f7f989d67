from __future__ import annotations

import pytest

from rudaux.domain.roster import GradebookStudent, RosterChange, Student, compare_rosters


def canvas(*ids: int) -> list[Student]:
    return [Student(str(n), f"Moon {n}") for n in ids]


def gradebook(*ids: int, submissions: int = 1) -> list[GradebookStudent]:
    return [GradebookStudent(str(n), "", f"Moon {n}", None, submissions) for n in ids]


def ids(*numbers: int) -> set[str]:
    return {str(n) for n in numbers}


@pytest.mark.parametrize(
    ("left", "shrunk"),
    [(range(1, 9), ""), (range(1, 8), "3 of 10 students are gone from Canvas")],
)
def test_a_fifth_may_leave_and_more_is_suspicious_also_where_all_have_grades(
    left: range, shrunk: str
) -> None:
    change = compare_rosters(canvas(*left), gradebook(*range(1, 11)))
    assert (change.shrunk, len(change)) == (shrunk, 0)


@pytest.mark.parametrize("known", [(), (1, 2)])
def test_an_empty_roster_is_suspicious_for_a_new_course_and_an_old_one(
    known: tuple[int, ...],
) -> None:
    assert compare_rosters([], gradebook(*known)).shrunk == "Canvas lists no students at all"


@pytest.mark.parametrize("known", [(), (1, 2)])
def test_an_empty_roster_that_was_agreed_to_is_not_asked_about_again(
    known: tuple[int, ...],
) -> None:
    again = compare_rosters([], gradebook(*known), ids(*known), accepted_size=0)
    assert again == RosterChange(kept=tuple(gradebook(*known)))


def test_that_all_are_known_to_have_left_does_not_make_an_empty_roster_agreed_to() -> None:
    assert compare_rosters([], gradebook(1, 2), ids(1, 2), accepted_size=2).shrunk


def test_an_empty_roster_agreed_to_before_anybody_came_is_none_once_somebody_did() -> None:
    assert compare_rosters([], gradebook(1), accepted_size=0).shrunk


def test_students_known_to_have_left_count_neither_as_gone_nor_as_there() -> None:
    known = gradebook(*range(1, 11))
    assert not compare_rosters(canvas(*range(1, 7)), known, ids(7, 8, 9, 10)).shrunk
    assert compare_rosters(canvas(*range(1, 5)), known, ids(7, 8, 9, 10)).shrunk


def test_a_student_who_comes_back_is_a_change_and_counts_again() -> None:
    moon = Student("2", "Moon 2", "Moon, 2")
    known = GradebookStudent("2", moon.first_name, moon.last_name, None, 1)
    change = compare_rosters([moon], [known], ids(2), accepted_size=0)
    assert (change.returned, len(change)) == ((moon,), 1)
