from __future__ import annotations

import pytest

from rudaux.domain.artifacts import is_report_of, mark

PAGE = "<html><head><title>hw</title></head><body></body></html>"


def is_ios(page: str, assignment: str = "hw", student_id: str = "io") -> bool:
    return is_report_of(page.encode(), assignment, student_id)


def test_a_report_says_whose_it_is_and_on_what() -> None:
    page = mark(PAGE, "hw", "io", "hw")
    assert is_ios(page)
    assert not is_ios(page, student_id="titan")
    assert not is_ios(page, assignment="hw2")


def test_a_report_without_a_mark_is_nobody_s() -> None:
    assert not is_ios(PAGE)


def test_the_mark_is_the_first_thing_in_the_head_and_nothing_else_changes() -> None:
    page = mark(PAGE, "hw", "io", "nb")
    assert page == PAGE.replace(
        "<head>", '<head><meta name="rudaux-submission" content="hw/io/nb">'
    )


def test_a_page_that_begins_with_its_head_is_marked_in_it() -> None:
    page = mark("<head></head>", "hw", "io", "nb")
    assert page == '<head><meta name="rudaux-submission" content="hw/io/nb"></head>'


def test_a_page_without_a_head_is_marked_at_its_start() -> None:
    page = mark("<p>hello", "hw", "io", "nb")
    assert page == '<meta name="rudaux-submission" content="hw/io/nb"><p>hello'


def test_what_student_code_writes_cannot_pass_for_another_student_s_report() -> None:
    forged = mark("", "hw", "titan", "hw")
    output = PAGE.replace("<body>", f"<body>{forged}<head>{forged}")
    page = mark(output, "hw", "io", "hw")
    assert is_ios(page)
    assert not is_ios(page, student_id="titan")


@pytest.mark.parametrize(
    ("assignment", "student_id", "written"),
    [
        ("week/1", "io", "week%2F1/io/nb"),
        ("hw", "io/titan", "hw/io%2Ftitan/nb"),
        ('a"b', "<io>", "a&quot;b/&lt;io&gt;/nb"),
    ],
)
def test_names_with_odd_characters_stay_apart(
    assignment: str, student_id: str, written: str
) -> None:
    page = mark(PAGE, assignment, student_id, "nb")
    assert f'content="{written}"' in page
    assert is_report_of(page.encode(), assignment, student_id)
