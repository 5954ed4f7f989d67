from __future__ import annotations

from dataclasses import replace

import pytest

from rudaux.domain.naming import find_students, name_students
from rudaux.domain.roster import GradebookStudent, Student, compare_rosters

IO = Student("1", "Io Jupiter", canvas_id="1", login="Io@Example.edu", sis_id="2")
TITAN = Student("2", "Titan Saturn", canvas_id="2", login="titan", sis_id="S2")


def test_students_go_by_the_id_that_is_chosen_in_lower_case_as_on_the_hub() -> None:
    assert [s.id for s in name_students([IO, TITAN], "login").students] == [
        "io@example.edu",
        "titan",
    ]
    assert [s.id for s in name_students([IO, TITAN], "sis").students] == ["2", "s2"]
    assert name_students([IO, TITAN], "canvas").students == (IO, TITAN)


def test_two_students_of_one_id_are_named() -> None:
    naming = name_students([IO, replace(TITAN, login="IO@example.edu ")], "login")
    assert naming.mistakes == (
        "Io Jupiter (Canvas id 1) and Titan Saturn (Canvas id 2) have the same login "
        '"io@example.edu", ignoring case',
    )


@pytest.mark.parametrize("sis", ["", " ", None])
def test_students_without_an_id_are_named(sis: str | None) -> None:
    naming = name_students([IO, replace(TITAN, sis_id=sis)], "sis")
    assert naming.mistakes == ("Titan Saturn (Canvas id 2) has no SIS id in Canvas",)
    assert not naming.hidden


def test_of_many_students_without_an_id_three_are_named() -> None:
    people = [Student(str(n), f"Moon {n}", canvas_id=str(n), sis_id="") for n in range(9)]
    [told] = name_students(people, "sis").mistakes
    assert told.startswith("Moon 0 (Canvas id 0), Moon 1 (Canvas id 1), Moon 2 (Canvas id 2) and 6")


def test_what_the_token_may_see_of_nobody_is_a_matter_of_rights() -> None:
    people = [replace(IO, login=None), replace(TITAN, login=None)]
    assert name_students(people, "login").hidden
    assert not name_students([], "login").hidden


def test_an_invited_student_waits_until_canvas_shows_their_login() -> None:
    invited = replace(TITAN, login=None, invited=True)
    naming = name_students([IO, invited], "login")
    assert [s.name for s in naming.students] == ["Io Jupiter"]
    assert naming.waiting == (invited,)
    assert not naming.mistakes
    assert len(name_students([IO, invited], "sis").students) == 2


@pytest.mark.parametrize(
    "login",
    ["..", ".", ".io", "~io", "-io", "a/b", "../io", "a\0b", "a\nb", "*", "io[1]", "{io}", "a\\b",
     "x" * 300],
)  # fmt: skip
def test_an_id_that_cannot_be_the_name_of_a_folder_is_refused(login: str) -> None:
    [told] = name_students([replace(IO, login=login), TITAN], "login").mistakes
    assert "of Io Jupiter (Canvas id 1) cannot be the name of a folder" in told


@pytest.mark.parametrize("login", ["io", "io@example.edu", "io.jupiter", "o'neil", "Ιώ", "a b"])
def test_other_ids_can(login: str) -> None:
    assert name_students([replace(IO, login=login)], "login").mistakes == ()


def test_a_person_may_mean_a_student_by_either_id_and_the_one_in_use_goes_first() -> None:
    people = name_students([IO, TITAN], "sis").students
    assert [s.name for s in people if s.id == "2"] == ["Io Jupiter"]
    for given, name in (("2", "Io Jupiter"), ("S2", "Titan Saturn"), ("1", "Io Jupiter")):
        assert [s.name for s in find_students(people, given)] == [name]
    assert find_students(people, "3") == ()


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("1", "Io"),
        ("IO@example.edu", "Io"),
        ("s2", "Titan"),
        ("Jupiter, Io", "Io"),
        ("io jupiter", "Io"),
        ("io", "Io"),
        ("ioc", "Iocaste"),
        ("juPÍ", "Io Iocaste Ganymède"),
        ("ganymede", "Ganymède"),
        ("nymed", "Ganymède"),
        ("jupiter ioc", "Iocaste"),
        ("", ""),
        ("pluto", ""),
    ],
)
def test_a_student_is_found_by_an_id_an_address_or_enough_of_a_name(given: str, meant: str) -> None:
    people = [
        Student("1", "Io Jupiter", "Jupiter, Io", "io@example.edu", canvas_id="1"),
        Student("2", "Titan Saturn", "Saturn, Titan", canvas_id="2", sis_id="S2"),
        Student("3", "Iocaste Jupiter", "Jupiter, Iocaste", canvas_id="3"),
        Student("4", "Ganymède Jupiter", "Jupiter, Ganymède", canvas_id="4"),
    ]
    found = find_students(people, given)
    assert [s.name.split()[0] for s in found] == meant.split()


# --- A gradebook under other ids ----------------------------------------------------------------


@pytest.mark.parametrize(("before", "now"), [("canvas", "login"), ("login", "canvas")])
def test_a_gradebook_under_the_other_ids_is_noticed_even_where_nobody_would_be_removed(
    before: str, now: str
) -> None:
    ids = {"canvas": ["1", "2"], "login": ["IO@example.edu", "titan"]}
    there = [GradebookStudent(name, submissions=1) for name in ids[before]]
    people = name_students([IO, TITAN], "login" if now == "login" else "canvas").students
    change = compare_rosters(people, there)
    assert "the gradebook has 2 of these students under another id (Io Jupiter: " in change.shrunk


def test_a_student_whose_other_id_is_somebody_elses_is_no_sign_of_it() -> None:
    people = name_students([IO, TITAN], "sis").students
    before = [GradebookStudent("2"), *(GradebookStudent(f"s{n}") for n in range(10))]
    assert "under another id" not in compare_rosters(people, before).shrunk
    assert compare_rosters([IO, TITAN], [GradebookStudent("2")]).shrunk == ""
