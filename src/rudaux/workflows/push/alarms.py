"""What looks wrong about a push as a whole, from all that is known before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rudaux.domain.alarms import (
    Alarm,
    Graded,
    above_maximum_alarm,
    equal_zeros_alarm,
    lower_alarm,
    median_alarm,
    nothing_to_earn_alarm,
    points_alarm,
    scheme_alarm,
    zero_alarm,
)
from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.grades import PushLine
from rudaux.domain.messages import counted
from rudaux.domain.submissions import GradebookSubmission
from rudaux.errors import PermissionRefused, ScopesRefused
from rudaux.ports import Context
from rudaux.workflows.posting import seen_at_once
from rudaux.workflows.push.about_tests import alarms_about_tests
from rudaux.workflows.standings import Standings


def find_alarms(
    ctx: Context,
    standings: Standings,
    lines: Sequence[PushLine],
    last: Mapping[str, Decimal],
    submissions: Mapping[str, GradebookSubmission],
    assignment: CanvasAssignment,
) -> tuple[Alarm, ...]:
    """Look at the push as a whole; `last` is what rudaux last pushed for each student."""
    return (
        *gradebook_alarms(ctx, standings, lines, last, submissions),
        *points_alarm(standings.settings.points, assignment.points),
        *scheme_alarm(assignment.grading_type),
    )


def gradebook_alarms(
    ctx: Context,
    standings: Standings,
    lines: Sequence[PushLine],
    last: Mapping[str, Decimal],
    submissions: Mapping[str, GradebookSubmission],
) -> tuple[Alarm, ...]:
    """Look at what can be seen without Canvas."""
    grading, settings = ctx.config.grading, standings.settings
    judged = {
        line.student_id: Graded(line.new, last.get(line.student_id), line.writes)
        for line in lines
        if line.new is not None and line.kind not in {"conflict", "held"}
    }
    handed_in = [graded for sid, graded in judged.items() if sid in submissions]
    writes = {line.student_id for line in lines if line.writes}
    names = {s.id: s.name for s in standings.students}
    return (
        *zero_alarm(standings.by_student, grading.zero_guard),
        *equal_zeros_alarm(handed_in, grading.zero_guard),
        *nothing_to_earn_alarm(standings.maximum, sum(line.writes for line in lines)),
        *(
            median_alarm(judged.values(), settings.points, grading.median_guard)
            or lower_alarm(lines)
        ),
        *(alarms_about_tests(ctx, standings, handed_in) if writes else ()),
        *above_maximum_alarm(
            ctx.gradebook.marks_above(settings.name) if writes else (), names, writes
        ),
    )


def find_warnings(
    ctx: Context, assignment: CanvasAssignment, submissions: Mapping[str, GradebookSubmission]
) -> tuple[str, ...]:
    """Find what a person should know before they agree to the push."""
    late = sum(s.penalty > 0 for s in submissions.values())
    found = (seen_at_once(ctx.config, assignment), _twice_late(ctx, late) if late else "")
    return tuple(text for text in found if text)


def _twice_late(ctx: Context, late: int) -> str:
    """Warn if nbgrader and Canvas both take off points for lateness; ask Canvas only if needed."""
    verb = "has" if late == 1 else "have"
    ours = f"{counted(late, 'late submission')} {verb} nbgrader's late penalty deducted"
    try:
        deducts = ctx.canvas.late_deductions()
    except (PermissionRefused, ScopesRefused):
        return f"{ours}; this token cannot see whether Canvas's late policy deducts again"
    if not deducts:
        return ""
    return (
        f"{ours}, and the course's late policy in Canvas deducts again from what Canvas considers "
        "late: turn one of the two off"
    )
