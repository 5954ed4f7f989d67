"""A report in words: the histogram, the tests to look at, what went wrong, who is not graded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rudaux.cli.describe.words import number
from rudaux.domain.messages import counted, listed
from rudaux.domain.report import COMPLETE, FLAGS
from rudaux.domain.submissions import Shown, state_words

if TYPE_CHECKING:
    from rudaux.domain.report import AssignmentReport, TermReport

BAR = 28
"""Columns of the longest bar."""
MOST = 5
"""Kinds of error that are told of before the page is left to tell the rest."""
_LINE = 60
"""Characters of an error line that are shown in a table."""


def summary_lines(report: AssignmentReport) -> tuple[str, str]:
    """Return two lines on the class: how many are graded, and the middle of their scores."""
    total = counted(len(report.results), "student")
    head = f"{report.name} · {number(report.points)} points · "
    if report.summary is None:
        return f"{head}{total}", "Nobody has a complete grade yet."
    s = report.summary
    low, high = map(_short, s.quartiles)
    return (
        f"{head}{report.students} of {total} graded",
        f"mean {_short(s.mean)} · median {_short(s.median)} · middle half {low} to {high}",
    )


def histogram_rows(report: AssignmentReport) -> list[tuple[str, str, int]]:
    """Return a row per bin: its range, a bar, how many."""
    most = max((b.count for b in report.bins), default=0) or 1
    return [
        (f"{_short(b.low)}–{_short(b.high)}", "━" * -(-BAR * b.count // most), b.count)
        for b in report.bins
    ]


def flag_rows(report: AssignmentReport) -> list[tuple[str, str, str, str]]:
    """Return a row per test that a person should look at, the worst first."""
    rows = []
    for test in report.flagged:
        why = ", ".join(FLAGS[flag] for flag in test.flags)
        if "negative_discrimination" in test.flags and test.discrimination is not None:
            why += f" ({test.discrimination:.2f})"
        rows.append((test.cell.cell, test.cell.notebook, f"{test.passed:.0%}", why))
    return rows


def error_rows(report: AssignmentReport, anonymous: bool) -> list[tuple[int, str, str]]:
    """Return the commonest kinds of error: how many students, the line, the tests."""
    groups = report.closely if anonymous else report.failures
    return [
        (g.students, _cut(g.line), listed([cell for _, cell in g.tests])) for g in groups[:MOST]
    ]


def waiting_rows(report: AssignmentReport, anonymous: bool) -> list[tuple[object, ...]]:
    """Return a row per state and reason of those not graded; with `anonymous` only counts."""
    if anonymous:
        left = [(s, n) for s, n in report.counts.items() if n and s not in COMPLETE]
        return [(n, state_words(state, n)) for state, n in left if state != "not_due"]
    return [
        (len(who), state_words(state, len(who)), listed([r.student.name for r in who]), reason)
        for state, reason, who in report.waiting
    ]


def term_rows(term: TermReport) -> list[tuple[object, ...]]:
    """Return a row per assignment; scores in percent of its points."""
    rows: list[tuple[object, ...]] = []
    for r in term.assignments:
        counts = r.counts
        open_ends: tuple[Shown, ...] = ("needs_manual", "failed", "collected", "to_collect")
        waiting = sum(counts[state] for state in open_ends)
        shares: tuple[object, object] = (None, None)
        if r.summary and r.points:
            low, high = (f"{100 * q / r.points:.0f}" for q in r.summary.quartiles)
            shares = (f"{100 * r.summary.median / r.points:.0f}", f"{low} to {high}")
        rows.append((r.name, r.students, counts["missing"], waiting, *shares, len(r.flagged)))
    return rows


def _cut(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"


def _short(value: Decimal) -> str:
    return number(Decimal(f"{value:.2f}"))
