"""What is in a report, and what a push is told of it; the systems behind it are fakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.domain.alarms import CellScore
from rudaux.domain.execution import GradedWith
from rudaux.domain.report import AssignmentReport
from rudaux.domain.statistics import MarkedCell, Marks
from rudaux.domain.submissions import Record
from rudaux.workflows import report, submit
from tests.fakes import NOW, FakeContext
from tests.workflows.run import run_autograde, run_submit, standings
from tests.workflows.test_push import graded

HW = "homework_1"
CELLS = tuple(MarkedCell("nb", n, Decimal(p)) for n, p in (("easy", 3), ("hard", 3), ("odd", 1)))


def class_of_twelve(folder: Path) -> FakeContext:
    """Six good students who fail the test `odd`, six weak ones who pass it."""
    ctx = graded(folder, *["3"] * 6, *["1"] * 6)
    good, weak = (Decimal(3), Decimal(3), Decimal(0)), (Decimal(0), Decimal(0), Decimal(1))
    rows = {str(n): good if n <= 6 else weak for n in range(1, 13)}
    ctx.gradebook.given = Marks(CELLS, rows)
    for n in range(1, 7):
        ctx.grader.errors[HW, str(n)] = {("nb.ipynb", "odd"): f"ValueError: {n} is odd"}
    return ctx


def read(ctx: FakeContext) -> AssignmentReport:
    return report.read_report(ctx, standings(ctx))


def test_a_report_is_over_submissions_that_are_complete(tmp_path: Path) -> None:
    ctx = graded(tmp_path, "4", "2", "0", "manual", students=6)
    ctx.ledger.record(HW, "3", Record("failed", "the kernel died twice", NOW))
    found = read(ctx)
    assert found.summary
    assert (found.students, found.summary.mean) == (2, Decimal("7.5"))
    by_id = {r.student.id: r for r in found.results}
    assert [by_id[n].score for n in "12346"] == [10, 5, None, None, 0]
    assert found.counts["missing"] == 2
    assert ("failed", "the kernel died twice") in {(s, why) for s, why, _ in found.waiting}


def test_a_missing_student_stays_missing_once_the_zero_is_in_canvas(tmp_path: Path) -> None:
    ctx = graded(tmp_path, "4", "2", students=3)
    before = read(ctx).counts
    run_submit(ctx)
    after = read(ctx)
    assert before["missing"] == after.counts["missing"] == 1
    assert (after.counts["pushed"], after.students) == (2, 2)


def test_the_document_has_scores_as_text_and_names_its_page(tmp_path: Path) -> None:
    ctx = class_of_twelve(tmp_path)
    ctx.ledger.seconds[HW, "1"] = {("nb", "odd"): 0.25}
    found = read(ctx)
    page = ctx.pages.write(found)
    document = report.as_json(found, page)
    assert (document["assignment"], document["students"], document["points"]) == (HW, 12, "10")
    assert (document["mean"], document["median"]) == ("5", "5")
    assert document["quartiles"] == ["2.5", "7.5"]
    easy, _, odd = document["tests"]
    assert odd == {
        "notebook": "nb", "cell": "odd", "max": "1", "mean": "0.5", "passed": 0.5,
        "discrimination": -1.0, "seconds": 0.25, "flags": ["negative_discrimination"],
    }  # fmt: skip
    assert easy["seconds"] is None
    [error] = document["errors"]
    assert error == {
        "line": "ValueError: … is odd",
        "students": 6,
        "tests": [{"notebook": "nb", "cell": "odd"}],
    }
    assert document["html"] == str(page)


def test_reading_a_report_changes_nothing(tmp_path: Path) -> None:
    ctx = class_of_twelve(tmp_path)
    before = (list(ctx.canvas.writes), dict(ctx.ledger.words), dict(ctx.gradebook.rows))
    assert read(ctx) == read(ctx)
    assert (ctx.canvas.writes, ctx.ledger.words, ctx.gradebook.rows) == before


def test_who_hands_in_after_their_own_deadline_is_late(tmp_path: Path) -> None:
    ctx = graded(tmp_path, "4", "2")
    row = ctx.gradebook.rows[HW, "1"]
    ctx.gradebook.rows[HW, "1"] = replace(row, submitted_at=NOW + timedelta(hours=1))
    assert [r.late for r in read(ctx).results] == [True, False]


def test_a_test_that_good_students_fail_is_told_and_stops_no_push(tmp_path: Path) -> None:
    ctx = class_of_twelve(tmp_path)
    plan = submit.plan(ctx, standings(ctx))
    assert plan.alarms == ()
    odd, helps = plan.warnings
    assert odd == ("good students fail the test odd in nb (discrimination -1.00 over 12 students)")
    assert "`rudaux regrade homework_1 --what-if`" in helps
    run_submit(ctx)
    assert submit.plan(ctx, standings(ctx)).warnings == ()  # nothing is written any more


def test_nine_students_are_too_few_for_that(tmp_path: Path) -> None:
    ctx = class_of_twelve(tmp_path)
    rows = dict(list(ctx.gradebook.given.by_student.items())[2:11])
    ctx.gradebook.given = replace(ctx.gradebook.given, by_student=rows)
    assert submit.plan(ctx, standings(ctx)).warnings == ()


def test_a_test_that_nobody_reached_stops_a_push(tmp_path: Path) -> None:
    ctx = graded(tmp_path, *["3"] * 6)
    ctx.gradebook.cells = (CellScore("odd in nb", Decimal(1), 6, 6),)
    for n in range(1, 7):
        ctx.grader.errors[HW, str(n)] = {("nb.ipynb", "odd"): "NotRun: This cell did not run: x."}
    plan = submit.plan(ctx, standings(ctx))
    assert [a.text for a in plan.alarms] == ["the test odd in nb ran in none of 6 submissions"]
    assert "rudaux regrade" in plan.warnings[-1]
    ctx.grader.errors[HW, "4"] = {("nb.ipynb", "odd"): "ValueError: reached"}
    [alarm] = submit.plan(ctx, standings(ctx)).alarms
    assert alarm.text == "all 6 students fail the test odd in nb"


def test_runs_with_other_tests_or_another_image_are_told(tmp_path: Path) -> None:
    ctx = graded(tmp_path, "4", "2", "1")
    assert submit.plan(ctx, standings(ctx)).warnings == ()
    ctx.grader.tests = "mended"
    run_autograde(ctx, only={"3"})
    mixed, helps = submit.plan(ctx, standings(ctx)).warnings
    assert mixed == "1 of 3 was graded with other tests than the rest"
    assert "rudaux regrade homework_1 --what-if" in helps
    ctx.ledger.graded_by[HW, "3"] = GradedWith("sha256:2", "as they were")
    mixed, _ = submit.plan(ctx, standings(ctx)).warnings
    assert mixed == "1 of 3 was graded in another image than the rest"


def test_scores_are_rows_that_pandas_takes(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    ctx = graded(tmp_path, "4", "2", "manual", students=4)
    frame = pandas.DataFrame(report.score_rows(ctx, ctx.config.assignments))
    assert list(frame.columns) == [
        "assignment", "student_id", "name", "state", "score", "points", "submitted_at", "late",
    ]  # fmt: skip
    assert frame.score.dtype == float
    assert frame[frame.state == "graded"].score.mean() == 7.5
    assert frame.score.isna().sum() == 1
    assert frame.set_index("student_id").score["4"] == 0
