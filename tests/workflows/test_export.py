from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.domain.alarms import CellScore
from rudaux.domain.roster import GradebookStudent
from rudaux.workflows import export
from tests.fakes import FakeContext, fake_course
from tests.workflows.run import run_autograde, run_grade, run_init, run_submit


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    course = fake_course(tmp_path)
    run_init(course)
    for sid, score in (("1", "4"), ("2", "2"), ("3", "1")):
        course.storage.hand_in(sid, score)
    run_grade(course)
    return course


def rows(ctx: FakeContext, canvas: bool = True) -> list[dict[str, str]]:
    plan = export.plan(ctx, ctx.config.assignments[0], canvas)
    return list(csv.DictReader(io.StringIO(export.as_csv(plan))))


def scores(ctx: FakeContext, canvas: bool = True) -> dict[str, str]:
    found = rows(ctx, canvas)
    column = list(found[0])[-1]
    return {row["ID"]: row[column] for row in found[1:]}


def test_the_file_has_canvas_columns_points_and_scaled_scores(ctx: FakeContext) -> None:
    first, *_ = rows(ctx)
    assert list(first) == [*export.HEADER, "homework_1 (101)"]
    assert first["Student"].strip() == "Points Possible"
    assert first["homework_1 (101)"] == "10"
    assert scores(ctx) == {"1": "10", "2": "5", "3": "2.5", "4": "0"}


def test_whoever_is_to_be_left_alone_has_no_row(ctx: FakeContext) -> None:
    ctx.executor.verdicts["1"] = "failed"
    run_autograde(ctx, only=["1"])
    ctx.canvas.enter(101, "2", "7")
    rows_now = ctx.canvas.grades[101]
    rows_now["3"] = replace(rows_now["3"], excused=True)
    assert scores(ctx) == {"4": "0"}
    plan = export.plan(ctx, ctx.config.assignments[0], canvas=True)
    assert plan.why_left_out == {"held": 1, "conflict": 1, "excused": 1}


def test_without_canvas_the_gradebook_and_the_configured_deadline_are_enough(
    ctx: FakeContext,
) -> None:
    ctx.canvas = None  # type: ignore[assignment]
    assert scores(ctx, canvas=False) == {"1": "10", "2": "5", "3": "2.5", "4": "0"}
    assert list(rows(ctx, canvas=False)[0])[-1] == "homework_1"


def test_a_push_before_changes_nothing_about_the_file(ctx: FakeContext) -> None:
    before = scores(ctx)
    run_submit(ctx)
    assert scores(ctx) == before
    assert scores(ctx) == before


def test_a_name_is_never_a_formula(ctx: FakeContext) -> None:
    ctx.gradebook.people["1"] = GradebookStudent("1", "=cmd", '=HYPERLINK("http://x")')
    names = [row["Student"] for row in rows(ctx, canvas=False)[1:]]
    assert not any(name.startswith(("=", "+", "-", "@")) for name in names)
    assert names[0].startswith("'=HYPERLINK")


def test_zeros_and_a_test_that_all_fail_are_alarms_without_canvas_too(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, students=6)
    run_init(ctx)
    for number in range(1, 7):
        ctx.storage.hand_in(str(number), "0")
    run_grade(ctx)
    ctx.gradebook.cells = (CellScore("mean in homework_1", Decimal(1), 6, 6),)
    found = export.plan(ctx, ctx.config.assignments[0], canvas=False).alarms
    assert [alarm.kind for alarm in found] == ["zeros", "test"]


def test_alarms_are_those_of_a_push(ctx: FakeContext) -> None:
    for sid in ("1", "2", "3"):
        del ctx.gradebook.rows["homework_1", sid]
        ctx.ledger.record("homework_1", sid, ctx.ledger.words["homework_1", "4"])
    assert export.plan(ctx, ctx.config.assignments[0], canvas=True).alarms
    assert export.plan(ctx, ctx.config.assignments[0], canvas=False).alarms
