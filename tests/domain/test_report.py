from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

from rudaux.domain.failures import FailureGroup
from rudaux.domain.report import AssignmentReport, StudentResult
from rudaux.domain.roster import Student
from rudaux.domain.statistics import Flag, ItemStatistics, MarkedCell, Summary
from rudaux.domain.submissions import State

AT = datetime(2026, 10, 2, tzinfo=timezone.utc)
TEN = Decimal(10)


def item(cell: str, *flags: Flag) -> ItemStatistics:
    return ItemStatistics(MarkedCell("nb", cell, TEN), 12, TEN, 0.5, None, None, flags)


def result(
    number: int, state: State, reason: str = "", score: Decimal | None = None, late: bool = False
) -> StudentResult:
    return StudentResult(Student(str(number), f"Moon {number}"), state, reason, score, late)


def report(
    results: tuple[StudentResult, ...] = (),
    tests: tuple[ItemStatistics, ...] = (),
    failures: tuple[FailureGroup, ...] = (),
    summary: Summary | None = None,
) -> AssignmentReport:
    return AssignmentReport(
        "dsci100", "hw", AT, AT, TEN, results, summary, (), tests, failures
    )  # fmt: skip


def test_the_worst_tests_come_first_and_easy_ones_are_no_trouble() -> None:
    tests = (
        item("easy", "all_pass"), item("slow", "slow"), item("plain"), item("odd", "all_fail"),
        item("unreached", "not_reached", "all_fail"), item("bad", "negative_discrimination"),
        item("easy and slow", "all_pass", "slow"),
    )  # fmt: skip
    found = report(tests=tests)
    assert [t.cell.cell for t in found.flagged] == [
        "unreached", "odd", "bad", "slow", "easy and slow",
    ]  # fmt: skip


def test_everybody_is_counted_in_one_state() -> None:
    results = (
        result(1, "graded", score=TEN), result(2, "pushed", score=TEN, late=True),
        result(3, "missing", score=Decimal(0)), result(4, "failed"), result(5, "not_due"),
    )  # fmt: skip
    found = report(results, summary=Summary(2, TEN, TEN, (TEN, TEN)))
    assert dict(found.counts) == {
        "not_due": 1, "to_collect": 0, "missing": 1, "collected": 0, "failed": 1,
        "needs_manual": 0, "graded": 1, "pushed": 1,
    }  # fmt: skip
    assert (found.students, found.late, report().students) == (2, 1, 0)


def test_whoever_is_not_graded_is_grouped_by_reason_their_own_id_aside() -> None:
    results = (
        result(41, "missing", "no 41/hw in snapshot 2026-11-22"),
        result(42, "missing", "no home"),
        result(43, "missing", "no 43/hw in snapshot 2026-11-22"),
        result(44, "failed", "not valid JSON"),
        result(45, "graded", "was repaired", TEN),
        result(46, "not_due"),
        result(47, "graded", "the gradebook lost it"),
    )
    found = report(results).waiting
    assert [(state, reason, [r.student.id for r in who]) for state, reason, who in found] == [
        ("failed", "not valid JSON", ["44"]),
        ("graded", "the gradebook lost it", ["47"]),
        ("missing", "no …/hw in snapshot 2026-11-22", ["41", "43"]),
        ("missing", "no home", ["42"]),
    ]


def test_the_commonest_error_of_a_test_is_the_first_group_that_has_it() -> None:
    first = FailureGroup("KeyError", 9, (("nb", "mean"),))
    second = FailureGroup("ValueError", 3, (("nb", "mean"), ("nb", "mode")))
    assert report(failures=(first, second)).common == {
        ("nb", "mean"): first, ("nb", "mode"): second,
    }  # fmt: skip
