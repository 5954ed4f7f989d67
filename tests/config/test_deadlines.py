"""Late registration, late work and late edits in rudaux.toml."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from rudaux.config import LateRegistrationSettings
from tests.config.course_file import MINIMAL, assignment, only_mistake, parsed

TABLE = "\n[late_registration]\n"


def test_late_registration_is_off_unless_its_table_is_there() -> None:
    assert parsed(MINIMAL).late_registration is None
    assert parsed(f"{MINIMAL}{TABLE}days = 7\n").late_registration == LateRegistrationSettings(7)


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("", "late_registration.days is missing: add days = 7"),
        ("days = 0", "should be a whole number of days from 1 to 365"),
        ('days = "7"', "without quotes"),
        ("days = 7\nday = 7", "did you mean days"),
    ],
)
def test_a_mistake_in_it_is_named(line: str, right: str) -> None:
    assert right in only_mistake(f"{MINIMAL}{TABLE}{line}\n")


def test_a_bare_date_for_late_work_is_the_end_of_that_day() -> None:
    (one,) = parsed(MINIMAL + assignment(late_until="2026-10-04")).assignments
    assert one.late_until is not None
    utc = datetime(2026, 10, 5, 6, 59, 59, tzinfo=timezone.utc)
    assert one.late_until.astimezone(timezone.utc) == utc


def test_late_edits_are_accepted_or_held() -> None:
    assert parsed(MINIMAL).grading.late_edits == "accept"
    text = MINIMAL.replace("[grading]\n", "") + '\n[grading]\nlate_edits = "refuse"\n'
    assert 'should be "accept" or "hold"' in only_mistake(text)
