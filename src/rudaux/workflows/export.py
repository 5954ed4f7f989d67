"""Scores -> the file that Canvas's gradebook imports, for schools that forbid access tokens."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from rudaux.config import AssignmentSettings
from rudaux.domain.alarms import Alarm
from rudaux.domain.grades import CanvasSubmission, PushClass, PushLine, decide_push, fixed_point
from rudaux.domain.naming import StudentKey, no_formula
from rudaux.domain.roster import Student
from rudaux.ports import Context
from rudaux.workflows import submit
from rudaux.workflows.deadlines import find_deadlines
from rudaux.workflows.push.alarms import gradebook_alarms
from rudaux.workflows.standings import Standings, read_standings, reread

HEADER = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_IN_FILE: frozenset[PushClass] = frozenset({"unchanged", "new", "changed", "missing"})


@dataclass(frozen=True)
class ExportPlan:
    """What goes into the file; `column` is how Canvas names the assignment in it."""

    settings: AssignmentSettings
    key: StudentKey
    column: str
    lines: tuple[PushLine, ...]
    students: Mapping[str, Student]
    left_out: tuple[PushLine, ...]
    alarms: tuple[Alarm, ...]
    shrunk: str = ""
    """Why the roster in Canvas is suspicious; empty if it is not."""

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def why_left_out(self) -> Mapping[PushClass, int]:
        """Students that are not in the file, per class."""
        return Counter(line.kind for line in self.left_out)


def plan(ctx: Context, settings: AssignmentSettings, canvas: bool) -> ExportPlan:
    """Choose who is in the file, as a push would; `canvas` False: Canvas is not asked.

    Then deadlines are the configured ones, and excused students and edited grades are not known.
    """
    if canvas:
        standings = read_standings(ctx, settings)
        push = submit.plan(ctx, standings, feedback=False, attended=True)
        shrunk = push.shrunk
        lines, alarms, column = push.lines, push.alarms, f"{settings.name} ({push.assignment_id})"
    else:
        standings = _from_gradebook(ctx, settings)
        lines = tuple(
            decide_push(
                s, standings.targets[s.student_id], None, CanvasSubmission(s.student_id, None)
            )
            for s in standings.by_student
        )
        column = settings.name
        submissions = ctx.gradebook.submissions(settings.name)
        shrunk = ""
        alarms = gradebook_alarms(ctx, standings, lines, {}, submissions)
    return ExportPlan(
        settings,
        ctx.config.jupyterhub.student_id,
        column,
        tuple(line for line in lines if line.kind in _IN_FILE),
        {s.id: s for s in standings.students},
        tuple(line for line in lines if line.kind not in _IN_FILE),
        alarms,
        shrunk,
    )


def _from_gradebook(ctx: Context, settings: AssignmentSettings) -> Standings:
    students = tuple(
        Student(
            row.id,
            row.name,
            ", ".join(part for part in (row.last_name, row.first_name) if part),
        )
        for row in ctx.gradebook.students()
    )
    deadlines = find_deadlines(ctx, settings, students, None)
    return reread(ctx, Standings(settings, students, None, deadlines, (), {}))


def as_csv(plan: ExportPlan) -> str:
    """Write Canvas's import format; students are matched by the ID column, Canvas's user id.

    If Canvas was not asked, and the ID is not known, they are matched by the login or SIS id.

    A student whose grade is to stay has no row: an empty cell could be taken for a change.
    https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*HEADER, plan.column])
    writer.writerow(["    Points Possible", "", "", "", "", fixed_point(plan.settings.points)])
    for line in plan.lines:
        student = plan.students[line.student_id]
        name = no_formula(student.sortable_name or student.name)
        score = "" if line.new is None else fixed_point(line.new)
        writer.writerow([name, *_ids(student, plan.key), "", score])
    return text.getvalue()


def _ids(student: Student, key: StudentKey) -> tuple[str, str, str]:
    """Return what goes under ID, SIS User ID and SIS Login ID."""
    if key == "canvas" or student.canvas_id:
        return (student.canvas_id or student.id, "", "")
    return ("", student.id, "") if key == "sis" else ("", "", student.id)
