"""Which snapshots are taken when, and that they are looked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rudaux.config import SnapshotSettings
from rudaux.domain.deadlines import Override
from rudaux.domain.roster import Student
from rudaux.domain.snapshots import first_moment, serves
from rudaux.errors import CanvasFailure, ConfigError, StorageFailure
from rudaux.workflows import schedule, snapshots
from tests.fakes import NEXT_WEEK, NOW, YESTERDAY, FakeContext, assignment, fake_course
from tests.workflows.run import run_init

HOURLY = SnapshotSettings(
    ".zfs/snapshot",
    r"\d{4}-\d{2}-\d{2}-\d{4}",
    "%Y-%m-%d-%H%M",
    ZoneInfo("UTC"),
    "zfs",
    "tank/home",
)


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    """A course whose file server has no snapshot yet."""
    made = fake_course(tmp_path, [assignment(), assignment("homework_2", NEXT_WEEK)])
    hub = replace(made.config.jupyterhub, snapshots=HOURLY)
    made.config = replace(made.config, jupyterhub=hub)
    run_init(made)
    made.storage.snapshots = []
    return made


def take(ctx: FakeContext) -> list[str]:
    """Plan and apply without waiting; give what became of it."""
    plan = snapshots.plan(ctx)
    return [o.item for o in snapshots.apply(ctx, plan, lambda _: None)]


def extend(ctx: FakeContext, until: datetime) -> None:
    [number] = [a.id for a in ctx.canvas.existing.values() if a.name == "homework_1"]
    ctx.canvas.existing[number] = replace(ctx.canvas.existing[number], has_overrides=True)
    ctx.canvas.override_list[number] = [Override(1, until, student_ids=frozenset({"1"}))]


def test_one_snapshot_serves_all_deadlines_that_have_none_and_is_taken_once(
    ctx: FakeContext,
) -> None:
    extend(ctx, NOW - timedelta(hours=1))
    assert len(snapshots.plan(ctx)) == 2
    assert take(ctx) == ["homework_1", "homework_1"]
    assert ctx.snapshots.taken == ["2026-10-02-0800"]
    assert take(ctx) == []
    assert ctx.snapshots.taken == ["2026-10-02-0800"]


def test_an_extension_that_ends_later_gets_a_snapshot_of_its_own(ctx: FakeContext) -> None:
    extend(ctx, NOW + timedelta(hours=1))
    take(ctx)
    ctx.moment = NOW + timedelta(hours=1)
    assert take(ctx) == ["homework_1"]
    assert ctx.snapshots.taken == ["2026-10-02-0800", "2026-10-02-0900"]


def test_a_deadline_with_a_snapshot_needs_none(ctx: FakeContext) -> None:
    ctx.storage.snapshots = [YESTERDAY + timedelta(minutes=1)]
    assert take(ctx) == []


def test_a_name_that_would_lie_before_the_deadline_is_not_taken_yet(ctx: FakeContext) -> None:
    extend(ctx, NOW + timedelta(seconds=30))
    ctx.storage.snapshots = [YESTERDAY + timedelta(minutes=1)]
    ctx.moment = NOW + timedelta(seconds=40)
    [line] = snapshots.plan(ctx).lines
    assert line.waits_until == NOW + timedelta(minutes=1)
    assert take(ctx) == []
    assert ctx.snapshots.taken == []
    ctx.moment = NOW + timedelta(minutes=1)
    assert take(ctx) == ["homework_1"]


def test_a_snapshot_that_is_said_to_be_taken_and_is_not_there_is_a_failure(
    ctx: FakeContext,
) -> None:
    ctx.snapshots.lies = True
    with pytest.raises(StorageFailure, match="where work is collected from"):
        take(ctx)


def test_one_that_another_run_has_just_taken_is_good_enough(ctx: FakeContext) -> None:
    plan = snapshots.plan(ctx)
    ctx.snapshots.fails = StorageFailure("dataset already exists")
    ctx.storage.snapshots = [NOW]
    assert [o.item for o in snapshots.apply(ctx, plan, lambda _: None)] == ["homework_1"]
    ctx.storage.snapshots = []
    with pytest.raises(StorageFailure, match="already exists"):
        take(ctx)


def test_with_canvas_down_the_deadlines_that_are_known_get_theirs(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx.crontab.replace(
        schedule.owner(ctx), schedule.plan(ctx, {"homework_1": [NEXT_WEEK]}).entries
    )
    down = CanvasFailure("Canvas cannot be reached")

    def students() -> tuple[Student, ...]:
        raise down

    monkeypatch.setattr(ctx.canvas, "students", students)
    assert snapshots.plan(ctx).unsure is down
    assert take(ctx) == ["homework_1"]
    assert take(ctx) == []
    ctx.moment = NEXT_WEEK
    assert take(ctx) == ["homework_2, cron's entry"]
    assert take(ctx) == []


def test_without_take_there_is_nothing_to_do_and_no_entry(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path)
    with pytest.raises(ConfigError, match="takes no snapshots of this course"):
        snapshots.plan(ctx)
    assert snapshots.coming(ctx, {"homework_1": [NEXT_WEEK]}) == ()


def test_cron_takes_one_at_each_distinct_deadline(ctx: FakeContext) -> None:
    late = NEXT_WEEK + timedelta(seconds=30)
    plan = schedule.plan(ctx, {"homework_1": [NEXT_WEEK], "homework_2": [NEXT_WEEK, late]})
    taken = [e for e in plan.entries if e.assignment == snapshots.ENTRY]
    assert [(e.hour, e.minute) for e in taken] == [(8, 0), (8, 1)]
    assert all(" snapshot --auto " in e.command for e in taken)
    assert len(plan.entries) == 2 + 3
    ctx.crontab.replace(schedule.owner(ctx), plan.entries)
    again = schedule.plan(ctx, {"homework_1": [NEXT_WEEK], "homework_2": [NEXT_WEEK, late]})
    assert len(again) == 0


DEADLINE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("layout", "zone", "deadline", "expected"),
    [
        ("%Y-%m-%d-%H%M", "UTC", DEADLINE, DEADLINE + timedelta(seconds=1)),
        ("%Y-%m-%d-%H", "UTC", DEADLINE, DEADLINE + timedelta(seconds=1)),
        ("%Y-%m-%d", "UTC", DEADLINE, datetime(2026, 10, 3, tzinfo=timezone.utc)),
        # The hour that occurs twice: a name in its second pass is read as in the first.
        (
            "%Y-%m-%d-%H%M",
            "America/Vancouver",
            datetime(2026, 11, 1, 9, 10, tzinfo=timezone.utc),
            datetime(2026, 11, 1, 10, 0, tzinfo=timezone.utc),
        ),
    ],
)
def test_the_first_moment_is_one_whose_name_is_not_before_the_deadline(
    layout: str, zone: str, deadline: datetime, expected: datetime
) -> None:
    pattern = layout.replace("%Y", r"\d{4}")
    for part in ("%m", "%d", "%H", "%M"):
        pattern = pattern.replace(part, r"\d{2}")
    naming = SnapshotSettings("s", pattern, layout, ZoneInfo(zone))
    at = first_moment(naming, deadline)
    assert at == expected
    assert serves(naming, at, deadline)
    assert not serves(naming, at - timedelta(minutes=1), deadline)
