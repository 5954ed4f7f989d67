"""One assignment's people: who is on the roster, when each is due, where each stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from rudaux.config import AssignmentSettings
from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.deadlines import newcomers
from rudaux.domain.grades import canvas_score, same_score
from rudaux.domain.history import last_scores
from rudaux.domain.report import COMPLETE
from rudaux.domain.roster import GradebookStudent, Student, others_perhaps
from rudaux.domain.submissions import Standing, standing_of
from rudaux.ports import Context
from rudaux.workflows.assignments import by_exact_name
from rudaux.workflows.deadlines import Deadlines, find_deadlines


@dataclass(frozen=True)
class Standings:
    """All students of one assignment: their state, and the score Canvas should show (points).

    `maximum` is in nbgrader's points; None: the gradebook does not know the assignment.
    """

    settings: AssignmentSettings
    students: tuple[Student, ...]
    canvas: CanvasAssignment | None
    deadlines: Deadlines
    by_student: tuple[Standing, ...]
    targets: dict[str, Decimal]
    maximum: Decimal | None = None

    def complete(self, handed_in: Collection[str]) -> list[str]:
        """Return whose submission is graded; missing work does not count."""
        return [
            s.student_id
            for s in self.by_student
            if s.state in COMPLETE and s.student_id in handed_in
        ]


def read_standings(
    ctx: Context,
    settings: AssignmentSettings,
    students: Sequence[Student] | None = None,
    existing: tuple[CanvasAssignment, ...] | None = None,
) -> Standings:
    """Read where every student stands; pass what was read from Canvas already to save requests."""
    students = ctx.canvas.students() if students is None else tuple(students)
    existing = ctx.canvas.assignments() if existing is None else existing
    assignment = by_exact_name(existing, settings.name)
    deadlines = find_deadlines(ctx, settings, students, assignment)
    return reread(ctx, Standings(settings, tuple(students), assignment, deadlines, (), {}))


def reread(ctx: Context, before: Standings) -> Standings:
    """Read gradebook and ledger again; what Canvas said stays as it was read."""
    now, name = ctx.now(), before.settings.name
    maximum = next((a.max_score for a in ctx.gradebook.assignments() if a.name == name), None)
    submissions, records = ctx.gradebook.submissions(name), ctx.ledger.records(name)
    since = before.canvas.created_at if before.canvas else None
    pushed = last_scores(ctx.ledger.push_records(name, since=since))
    targets, standings = {}, []
    new = newcomers(before.students, before.deadlines.own)
    others = others_perhaps(before.students, ctx.gradebook.students())
    if others and ctx.canvas.course().limited:
        others = {}  # they may only be in a section that the token does not see
    for student in before.students:
        submission = submissions.get(student.id)
        score = submission.score if submission else Decimal(0)
        targets[student.id] = canvas_score(score, maximum or Decimal(0), before.settings.points)
        deadline = before.deadlines.own.get(student.id)
        standing = standing_of(
            student.id,
            before.deadlines.is_due(student.id, now),
            submission,
            records.get(student.id),
            same_score(pushed.get(student.id), targets[student.id]),
            _moved(ctx, deadline, now),
        )
        if standing.state == "missing" and student.id in new:
            standing = replace(standing, reason=_newcomer(ctx, name, student), asks=True)
        elif standing.state == "missing" and student.id in others:
            reason = _perhaps(student, others[student.id])
            standing = replace(standing, reason=reason, asks=True)
        standings.append(standing)
    return replace(before, by_student=tuple(standings), targets=targets, maximum=maximum)


def _newcomer(ctx: Context, assignment: str, student: Student) -> str:
    there = student.joined_at and student.joined_at.astimezone(ctx.config.course.timezone)
    return (
        f"joined on {there:%-d %b}, after the deadline: no grade until you decide; `rudaux canvas "
        f"extend {assignment}` gives them time, --accept-zeros a 0"
    )


def _perhaps(student: Student, other: GradebookStudent) -> str:
    return (
        f"may be {other.name} ({other.id}), who left the course after handing in work: no grade "
        f"until you decide; if so, enter this one in Canvas, and rename the home {other.id} to "
        f"{student.id} for the next deadline; if not, --accept-zeros gives a 0"
    )


def _moved(ctx: Context, deadline: datetime | None, now: datetime) -> str:
    """Say what holds for work that was collected before the deadline that the student has now."""
    if deadline is None or deadline <= now:
        return ""
    there = deadline.astimezone(ctx.config.course.timezone)
    return (
        f"the deadline is now {there:%a %-d %b %H:%M}: no grade is pushed before, and the work is "
        "collected again then"
    )
