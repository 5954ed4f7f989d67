from __future__ import annotations

import pytest

from rudaux.domain.roster import (
    GradebookStudent,
    RosterChange,
    Student,
    compare_rosters,
    others_perhaps,
)

IO = Student("1", "Io Jupiter", "Jupiter, Io", "io@example.edu")
TITAN = Student("2", "Titan Saturn", "Saturn, Titan", "titan@example.edu")


def known(student: Student, submissions: int = 0) -> GradebookStudent:
    """A student as the gradebook has them after a sync."""
    return GradebookStudent(
        student.id, student.first_name, student.last_name, student.email, submissions
    )


def moons(count: int) -> list[Student]:
    return [Student(str(n), f"Moon {n}", f"Moon, {n}") for n in range(count)]


def suspicion(before: int, gone: int, known_dropped: int = 0) -> str:
    """What is said when `gone` of `before` students vanish."""
    students = moons(before)
    dropped = [s.id for s in students[:known_dropped]]
    return compare_rosters(students[gone:], [known(s) for s in students], dropped).shrunk


# --- Names --------------------------------------------------------------------------------------


def test_a_name_is_split_at_its_comma() -> None:
    assert (IO.first_name, IO.last_name) == ("Io", "Jupiter")
    twice = Student("3", "Ariel U.", "Uranus, Ariel, B.")
    assert (twice.first_name, twice.last_name) == ("Ariel, B.", "Uranus")


def test_a_single_name_is_a_last_name() -> None:
    assert (Student("3", "Io", "Io").first_name, Student("3", "Io", "Io").last_name) == ("", "Io")
    assert Student("3", "Io Jupiter").last_name == "Io Jupiter"


# --- Joined, renamed, gone ----------------------------------------------------------------------


def test_a_roster_in_step_changes_nothing() -> None:
    change = compare_rosters([IO, TITAN], [known(IO), known(TITAN)])
    assert change == RosterChange()
    assert len(change) == 0


def test_a_student_who_joined_is_added() -> None:
    change = compare_rosters([IO, TITAN], [known(IO)])
    assert change == RosterChange(joined=(TITAN,))
    assert len(change) == 1


@pytest.mark.parametrize(
    "before",
    [
        GradebookStudent("1", "Yo", "Jupiter", "io@example.edu"),
        GradebookStudent("1", "Io", "Saturn", "io@example.edu"),
        GradebookStudent("1", "Io", "Jupiter", "other@example.edu"),
        GradebookStudent("1", "Io", "Jupiter", None),
        GradebookStudent("1", None, None, "io@example.edu"),
    ],
)
def test_a_name_or_an_address_that_changed_is_taken_over(before: GradebookStudent) -> None:
    change = compare_rosters([IO], [before])
    assert change == RosterChange(renamed=(IO,))
    assert len(change) == 1


def test_an_address_that_canvas_hides_is_no_change() -> None:
    hidden = Student("1", "Io Jupiter", "Jupiter, Io")
    assert len(compare_rosters([hidden], [known(IO)])) == 0
    assert len(compare_rosters([hidden], [known(hidden)])) == 0


def test_a_name_that_neither_side_has_is_no_change() -> None:
    bare = Student("1", "", "")
    assert len(compare_rosters([bare], [GradebookStudent("1")])) == 0


def test_who_left_is_removed_without_a_submission_and_kept_with_one() -> None:
    before = [known(IO), known(TITAN, submissions=2), *map(known, moons(1))]
    change = compare_rosters(moons(1), before)
    assert change.removed == (known(IO),)
    assert change.kept == (known(TITAN, submissions=2),)
    assert len(change) == 1


def test_who_left_with_a_submission_is_removed_where_a_person_asks_for_it() -> None:
    before = [known(IO), known(TITAN, submissions=2)]
    change = compare_rosters([], before, remove_dropped=True)
    assert (change.removed, change.kept) == (tuple(before), ())


def test_all_that_a_sync_would_do_is_counted() -> None:
    changed = GradebookStudent("2", "T.", "Saturn")
    old = [known(s) for s in moons(10)[3:6]]
    change = compare_rosters([IO, TITAN], [changed, *old])
    assert (len(change.joined), len(change.renamed), len(change.removed)) == (1, 1, 3)
    assert len(change) == 5


# --- A roster that cannot be right --------------------------------------------------------------


def test_up_to_a_fifth_may_leave_unasked() -> None:
    assert suspicion(before=10, gone=0) == ""
    assert suspicion(before=10, gone=2) == ""
    assert suspicion(before=5, gone=1) == ""
    assert compare_rosters([IO], []).shrunk == ""


def test_more_than_a_fifth_gone_is_suspicious_and_said_in_numbers() -> None:
    assert suspicion(before=10, gone=3) == "3 of 10 students are gone from Canvas"
    assert suspicion(before=4, gone=1) == "1 of 4 students are gone from Canvas"


def test_an_empty_roster_is_always_suspicious() -> None:
    assert suspicion(before=1, gone=1) == "Canvas lists no students at all"
    assert compare_rosters([], []).shrunk == "Canvas lists no students at all"


def test_who_was_known_to_have_left_does_not_count_again() -> None:
    assert suspicion(before=10, gone=4, known_dropped=3) == ""
    assert suspicion(before=10, gone=5, known_dropped=3) == "2 of 7 students are gone from Canvas"


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


def test_whom_a_token_of_some_sections_does_not_see_is_neither_dropped_nor_suspicious() -> None:
    known = gradebook(*range(1, 11))
    change = compare_rosters(canvas(1, 2), known, ids(9), remove_dropped=True, limited=True)
    assert [s.id for s in change.unseen] == [s.id for s in known[2:]]
    assert (change.removed, change.kept, change.shrunk, len(change)) == ((), (), "", 0)


def test_no_student_at_all_is_a_question_for_a_token_of_some_sections_too() -> None:
    assert compare_rosters([], gradebook(1, 2), accepted_size=2, limited=True).shrunk


def test_who_comes_as_another_left_with_work_may_be_the_same_person() -> None:
    left = known(IO, submissions=1)
    by_name = Student("7", "Io Jupiter", "Jupiter, Io")
    by_address = Student("8", "Io J.", "J., Io", "IO@example.edu")
    assert others_perhaps([by_name, by_address, TITAN], [left]) == {"7": left, "8": left}
    assert others_perhaps([by_name, IO], [left]) == {}
    assert others_perhaps([by_name], [known(IO)]) == {}
