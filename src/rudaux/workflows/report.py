"""What to look at before grades are released: gathered here, written as a page by the port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rudaux.config import AssignmentSettings
from rudaux.domain.failures import NOT_RUN, group_failures, names_of, not_reached
from rudaux.domain.grades import fixed_point
from rudaux.domain.report import COMPLETE, AssignmentReport, LostPoints, StudentResult, TermReport
from rudaux.domain.statistics import (
    ItemStatistics,
    Marks,
    TestKey,
    analyse_items,
    histogram,
    summarise,
)
from rudaux.domain.submissions import GradebookSubmission, Standing
from rudaux.ports import Context
from rudaux.workflows.standings import Standings, read_standings

SLOW = 0.5
"""From this share of `grading.cell_timeout` on, a test is slow for a student."""

Errors = Mapping[str, Mapping[TestKey, str]]


def read_report(ctx: Context, standings: Standings) -> AssignmentReport:
    """Read everything about one assignment; writes nothing."""
    settings, name = standings.settings, standings.settings.name
    submissions, marks = ctx.gradebook.submissions(name), ctx.gradebook.marks(name)
    whole = standings.complete(submissions)
    scores = [standings.targets[sid] for sid in whole]
    errors = read_errors(ctx, name, whole)
    names = names_of(standings.students)
    zone = ctx.config.course.timezone
    base = standings.deadlines.base
    return AssignmentReport(
        course=ctx.config.course.name,
        name=name,
        at=ctx.now().astimezone(zone),
        due=base.astimezone(zone) if base else None,
        points=settings.points,
        results=_results(standings, submissions, marks, errors),
        summary=summarise(scores),
        bins=histogram(scores, settings.points),
        tests=analyse_items(
            marks,
            whole,
            ctx.ledger.test_seconds(name),
            not_reached(errors),
            SLOW * ctx.config.grading.cell_timeout,
        ),
        failures=group_failures(errors, names),
        closely=group_failures(errors, names, closely=True),
    )


def read_term(ctx: Context) -> TermReport:
    """Read the reports of all configured assignments."""
    students, existing = ctx.canvas.students(), ctx.canvas.assignments()
    found = [
        read_report(ctx, read_standings(ctx, settings, students, existing))
        for settings in ctx.config.assignments
    ]
    now = ctx.now().astimezone(ctx.config.course.timezone)
    ordered = sorted(found, key=lambda r: (r.due is None, r.due or now))
    return TermReport(ctx.config.course.name, now, ordered)


def read_errors(ctx: Context, assignment: str, students: Sequence[str]) -> Errors:
    """Read the last lines that these students' failed tests said."""
    found = {}
    for sid in students:
        lines = ctx.grader.last_errors(assignment, sid)
        found[sid] = {
            (file.removesuffix(".ipynb"), cell): line for (file, cell), line in lines.items()
        }
    return found


def write_term(
    ctx: Context, term: TermReport, anonymous: bool = False
) -> tuple[Path, Mapping[str, Path]]:
    """Write the page of the term and those of its assignments; return where they are."""
    pages = {report.name: ctx.pages.write(report, anonymous) for report in term.assignments}
    return ctx.pages.write_term(term, anonymous), pages


def _counts(report: AssignmentReport) -> Mapping[str, int]:
    counts = {str(state): number for state, number in report.counts.items()}
    counts["not_due"] += counts.pop("to_collect")
    return counts


def _results(
    standings: Standings,
    submissions: Mapping[str, GradebookSubmission],
    marks: Marks,
    errors: Errors,
) -> tuple[StudentResult, ...]:
    by_id = {s.student_id: s for s in standings.by_student}
    found = []
    for student in sorted(standings.students, key=lambda s: (s.sortable_name or s.name, s.id)):
        submission, deadline = submissions.get(student.id), standings.deadlines.own.get(student.id)
        at = submission.submitted_at if submission else None
        found.append(
            StudentResult(
                student,
                # A missing student's 0 may be pushed, but their work is still missing.
                by_id[student.id].shown
                if submission or by_id[student.id].state != "pushed"
                else "missing",
                by_id[student.id].reason,
                _score(standings, by_id[student.id]),
                _is_late(at, deadline),
                _lost(marks, student.id, errors) if submission else (),
            )
        )
    return tuple(found)


def _score(standings: Standings, standing: Standing) -> Decimal | None:
    known = standing.state in COMPLETE or standing.state == "missing"
    return standings.targets[standing.student_id] if known else None


def _is_late(at: datetime | None, deadline: datetime | None) -> bool:
    return at is not None and deadline is not None and at > deadline


def _lost(marks: Marks, student: str, errors: Errors) -> tuple[LostPoints, ...]:
    row = marks.by_student.get(student, ())
    said = errors.get(student, {})
    return tuple(
        LostPoints(c.notebook, c.cell, points, c.maximum, said.get(c.key, ""))
        for c, points in zip(marks.cells, row, strict=False)
        if points is not None and points < c.maximum
    )


def unreached_tests(ctx: Context, assignment: str, students: Sequence[str]) -> frozenset[TestKey]:
    """Return the tests that did not run for any of these students."""
    tests: frozenset[TestKey] | None = None
    for sid in students:
        lines = ctx.grader.last_errors(assignment, sid).items()
        mine = frozenset(
            (file.removesuffix(".ipynb"), cell)
            for (file, cell), line in lines
            if line.startswith(NOT_RUN)
        )
        tests = mine if tests is None else tests & mine
        if not tests:
            break
    return tests or frozenset()


def score_rows(ctx: Context, settings: Sequence[AssignmentSettings]) -> list[dict[str, Any]]:
    """Return a row per assignment and student, ready for a data frame.

    `score` is in Canvas points, None while there is no final one; missing work has 0.
    """
    students, existing = ctx.canvas.students(), ctx.canvas.assignments()
    rows: list[dict[str, Any]] = []
    for assignment in settings:
        standings = read_standings(ctx, assignment, students, existing)
        submissions = ctx.gradebook.submissions(assignment.name)
        by_id = {s.id: s for s in standings.students}
        for standing in standings.by_student:
            sid = standing.student_id
            submission, score = submissions.get(sid), _score(standings, standing)
            at = submission.submitted_at if submission else None
            rows.append(
                {
                    "assignment": assignment.name,
                    "student_id": sid,
                    "name": by_id[sid].name,
                    "state": standing.state,
                    "score": None if score is None else float(score),
                    "points": float(assignment.points),
                    "submitted_at": at,
                    "late": _is_late(at, standings.deadlines.own.get(sid)),
                }
            )
    return rows


def as_json(report: AssignmentReport, html: Path) -> dict[str, Any]:
    """Return the document of `rudaux report NAME --json`.

    Scores are decimals as text, in Canvas points; a test's are in its own.
    """
    summary = report.summary
    return {
        "assignment": report.name,
        "students": report.students,
        "points": fixed_point(report.points),
        "mean": fixed_point(summary.mean) if summary else None,
        "median": fixed_point(summary.median) if summary else None,
        "quartiles": [fixed_point(q) for q in summary.quartiles] if summary else None,
        "counts": _counts(report),
        "late": report.late,
        "tests": [_test_as_json(test) for test in report.tests],
        "errors": [
            {
                "line": group.line,
                "students": group.students,
                "tests": [{"notebook": notebook, "cell": cell} for notebook, cell in group.tests],
            }
            for group in report.failures
        ],
        "html": str(html),
    }


def _test_as_json(test: ItemStatistics) -> dict[str, Any]:
    r = test.discrimination
    return {
        "notebook": test.cell.notebook,
        "cell": test.cell.cell,
        "max": fixed_point(test.cell.maximum),
        "mean": fixed_point(test.mean),
        "passed": round(test.passed, 4),
        "discrimination": None if r is None else round(r, 4),
        "seconds": None if test.seconds is None else round(test.seconds, 3),
        "flags": list(test.flags),
    }


def term_as_json(term: TermReport, html: Path, pages: Mapping[str, Path]) -> dict[str, Any]:
    """Return the document of `rudaux report --json`: every assignment's, and the term's page."""
    return {
        "course": term.course,
        "assignments": [as_json(report, pages[report.name]) for report in term.assignments],
        "html": str(html),
    }
