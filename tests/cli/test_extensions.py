"""`rudaux canvas extend` and what it says, on the practice course."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rudaux.cli.extensions import parse_until
from rudaux.errors import UsageError
from tests.course import SmallCourse
from tests.kept import CourseAfter

ZONE = ZoneInfo("America/Vancouver")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-05", datetime(2026, 10, 5, 23, 59, 59, tzinfo=ZONE)),
        ("2026-10-05T18:00", datetime(2026, 10, 5, 18, tzinfo=ZONE)),
        ("2026-10-05 18:00:30", datetime(2026, 10, 5, 18, 0, 30, tzinfo=ZONE)),
        ("2026-10-05T00:00", datetime(2026, 10, 4, 23, 59, 59, tzinfo=ZONE)),
        ("+2d", timedelta(days=2)),
        ("+36h", timedelta(hours=36)),
        ("+1w", timedelta(weeks=1)),
    ],
)
def test_a_moment_is_in_the_course_s_zone_and_never_the_midnight_that_canvas_moves(
    text: str, moment: datetime | timedelta
) -> None:
    assert parse_until(text, ZONE) == moment


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("friday", "is not a date: write 2026-10-05"),
        ("2026-10-05T18:00+02:00", "should have no UTC offset"),
        ("-2d", "is not a date"),
    ],
)
def test_what_is_no_moment_says_what_would_be_one(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why.replace("+", r"\+")):
        parse_until(text, ZONE)


@pytest.fixture
def course(course_after: CourseAfter) -> SmallCourse:
    return course_after(all_join_early, ("init",), assignments=("homework_1",))


def all_join_early(course: SmallCourse) -> None:
    for enrollment in course.world.enrollments.values():
        enrollment.created_at = course.practice.due["homework_1"] - timedelta(days=30)


def test_an_extension_is_in_canvas_and_in_cron_and_a_second_run_changes_nothing(
    course: SmallCourse,
) -> None:
    io, europa, *_ = course.practice.kinds
    command = ("canvas", "extend", "homework_1", "--student", io, "--until", "2099-01-05")
    before = course.fingerprint()
    assert "Io Jupiter (extension): due" in course.rudaux(*command, "--dry-run").out
    assert course.fingerprint() == before
    course.rudaux(*command, "--reason", "ill")
    (override,) = course.world.overrides.values()
    assert (override.student_ids, override.title) == ([int(io)], f"rudaux: extension {io}")
    assert course.crontab.read_text().count("rudaux grade") == 1
    after = course.fingerprint()
    assert "23:59: nothing to change" in course.rudaux(*command).out
    earlier = ("canvas", "extend", "homework_1", "--student", io, "--until", "2098-01-05")
    assert "23:59: nothing to change" in course.rudaux(*earlier).out
    course.rudaux("init")
    assert course.fingerprint() == after
    (shown,) = json.loads(course.rudaux("canvas", "extensions", "--json").out)["extensions"]
    assert (shown["by"], shown["reason"], shown["students"][0]["id"]) == ("extension", "ill", io)
    assert "Io Jupiter" in course.rudaux("canvas", "extensions").out
    wrong = course.rudaux("canvas", "extend", "homework_1", "--student", "1", "--until", "+1d",
                          code=2)  # fmt: skip
    assert 'no student of this course has "1" as an id' in wrong.err
    course.world.add_override(
        override.assignment_id, [int(europa)], due_at=override.dates["due_at"]
    )
    assert "a person" in course.rudaux("canvas", "extensions", "homework_1").out


def test_late_registration_comes_before_anything_is_collected(course: SmallCourse) -> None:
    new = str(course.world.add_student("Metis Jupiter", email="metis@example.edu"))
    due = course.practice.due["homework_1"]
    unlock = (due - timedelta(days=9)).astimezone(ZONE).replace(tzinfo=None)
    course.edit(
        'name = "homework_1"', f'name = "homework_1"\nunlock = {unlock.isoformat("T", "seconds")}'
    )
    course.edit("[[assignments]]", "[late_registration]\ndays = 300\n\n[[assignments]]")
    assert "Metis Jupiter (joined late)" in course.rudaux("init", "--dry-run").out
    course.rudaux("grade", "--auto", "--manual")
    (override,) = course.world.overrides.values()
    assert override.title == f"rudaux: late registration {new}"
    assert not (course.folder / "submitted" / new).exists()
    assert not course.crontab.exists()  # nobody had asked for cron
    course.rudaux("init")
    assert course.crontab.read_text().count("rudaux grade") == 1
    before = course.fingerprint()
    course.rudaux("init")
    course.rudaux("grade", "--auto", "--manual")
    assert course.fingerprint() == before
