from __future__ import annotations

import pytest

from rudaux.domain.failures import group_failures, mask, names_of, not_reached
from rudaux.domain.roster import Student

MEAN, MEDIAN = ("nb", "mean"), ("nb", "median")
RHEA = Student(
    "4711", "Rhea Saturn", "Saturn, Rhea", "rhea.s@example.edu", canvas_id="99", login="rsaturn"
)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("ValueError: expected 3.14, got -2e-5", "ValueError: expected …, got …"),
        ("AssertionError: assert f(10) == [1, 4, 9]", "AssertionError: assert f(…) == […]"),
        ("TypeError: <function f at 0x7f3a> is not 1", "TypeError: <function f at …> is not …"),
        ("OSError: No such file: '/home/rsaturn/a.csv'", "OSError: No such file: '…'"),
        ("ValueError: ask rhea.s@example.edu", "ValueError: ask …"),
        ("NameError: name 'Rhea' in x1", "NameError: name '…' in x1"),
        ("KeyError: rsaturn", "KeyError: …"),
    ],
)  # fmt: skip
def test_numbers_addresses_and_names_are_taken_out(line: str, masked: str) -> None:
    assert mask(line, names_of([RHEA])) == masked


def test_what_many_say_is_one_group_and_the_largest_comes_first() -> None:
    errors = {
        "1": {MEAN: "ValueError: 1 is wrong", MEDIAN: "KeyError: 'x'"},
        "2": {MEAN: "ValueError: 2 is wrong"},
        "3": {MEDIAN: "ValueError: 3 is wrong"},
    }
    first, second = group_failures(errors, ())
    assert (first.line, first.students, first.tests) == (
        "ValueError: … is wrong", 3, (MEAN, MEDIAN)
    )  # fmt: skip
    assert (second.line, second.students) == ("KeyError: 'x'", 1)


def test_a_student_with_the_same_error_in_two_tests_counts_once() -> None:
    [group] = group_failures({"1": {MEAN: "KeyError", MEDIAN: "KeyError"}}, ())
    assert group.students == 1


def test_quoted_words_stay_only_where_most_have_the_same() -> None:
    same = {str(n): {MEAN: "NameError: name 'squares' is not defined"} for n in range(3)}
    [group] = group_failures({**same, "9": {MEAN: "NameError: name 'y' is not defined"}}, ())
    assert (group.line, group.students) == ("NameError: name 'squares' is not defined", 4)
    mixed = {str(n): {MEAN: f"NameError: name 'y{n}_' is not defined"} for n in range(3)}
    assert group_failures(mixed, ())[0].line == "NameError: name '…' is not defined"
    assert group_failures(same, (), closely=True)[0].line == "NameError: name '…' is not defined"


def test_only_a_test_that_did_not_run_is_not_reached() -> None:
    errors = {"1": {MEAN: "NotRun: This cell did not run: the kernel died.", MEDIAN: "KeyError"}}
    assert not_reached(errors) == {"1": frozenset({MEAN})}
