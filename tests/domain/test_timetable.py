from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from rudaux.domain.timetable import Entry, local_run_time

VANCOUVER = ZoneInfo("America/Vancouver")
BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")
UTC = timezone.utc


@pytest.mark.parametrize(
    ("due", "machine", "local"),
    [
        (datetime(2026, 10, 1, 23, 59, tzinfo=VANCOUVER), VANCOUVER, "2026-10-02 00:09"),
        (datetime(2026, 10, 1, 23, 59, tzinfo=VANCOUVER), UTC, "2026-10-02 07:09"),
        (datetime(2026, 10, 1, 23, 59, tzinfo=VANCOUVER), KOLKATA, "2026-10-02 12:39"),
        (datetime(2025, 12, 31, 23, 59, tzinfo=VANCOUVER), UTC, "2026-01-01 08:09"),
        # the two zones change their clocks on different days
        (datetime(2026, 3, 20, 12, 0, tzinfo=VANCOUVER), BERLIN, "2026-03-20 20:10"),
        (datetime(2026, 4, 1, 12, 0, tzinfo=VANCOUVER), BERLIN, "2026-04-01 21:10"),
    ],
)
def test_a_run_is_told_in_the_machines_own_time(
    due: datetime, machine: ZoneInfo, local: str
) -> None:
    assert f"{local_run_time(due, 10, machine):%Y-%m-%d %H:%M}" == local


@pytest.mark.parametrize(("second", "microsecond"), [(59, 1), (59, 0), (0, 1)])
def test_seconds_are_rounded_up_so_that_the_run_is_never_early(
    second: int, microsecond: int
) -> None:
    due = datetime(2026, 10, 1, 23, 59, second, microsecond, tzinfo=UTC)
    run = local_run_time(due, 10, UTC)
    assert run == datetime(2026, 10, 2, 0, 10, tzinfo=UTC)


def test_the_delay_is_real_minutes_where_clocks_go_forward() -> None:
    due = datetime(2026, 3, 8, 1, 55, tzinfo=VANCOUVER)
    run = local_run_time(due, 10, VANCOUVER)
    assert f"{run:%H:%M}" == "03:05"
    assert run.astimezone(UTC) - due.astimezone(UTC) == timedelta(minutes=10)


def test_the_delay_is_real_minutes_where_clocks_go_back() -> None:
    due = datetime(2026, 10, 25, 2, 55, tzinfo=BERLIN)
    assert local_run_time(due, 10, UTC) == datetime(2026, 10, 25, 1, 5, tzinfo=UTC)


def test_a_run_in_the_repeated_hour_waits_until_the_clock_is_unambiguous() -> None:
    for minute in (30, 31):
        due = datetime(2026, 10, 25, 2, minute, fold=1, tzinfo=BERLIN)
        run = local_run_time(due, 10, BERLIN)
        assert f"{run:%Y-%m-%d %H:%M}" == "2026-10-25 03:00"
    first = datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=BERLIN)
    assert f"{local_run_time(first, 10, BERLIN):%H:%M} " == "02:40 "


def test_entries_sort_by_assignment_then_time() -> None:
    late = Entry("b", 0, 0, 1, 1, 2026, "x")
    early = Entry("a", 59, 23, 31, 12, 2026, "x")
    assert sorted([late, early]) == [early, late]
