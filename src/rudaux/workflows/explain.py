"""Where a student's grade comes from, read from gradebook, ledger, collected files and Canvas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from rudaux.config import AssignmentSettings
from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.explanation import Due, Explanation, due_from
from rudaux.domain.grades import CanvasSubmission, Push, fixed_point, score_text
from rudaux.domain.marks import SheetMark
from rudaux.domain.roster import Student
from rudaux.errors import RequestRefused, RudauxError
from rudaux.ports import Context
from rudaux.workflows.access import submissions as submissions_of
from rudaux.workflows.assignments import by_exact_name
from rudaux.workflows.deadlines import Deadlines, last_records
from rudaux.workflows.sharing import marker_of
from rudaux.workflows.standings import Standings, read_standings, reread
from rudaux.workflows.students import everybody, the_student


def explain(ctx: Context, settings: AssignmentSettings, given: str) -> Explanation:
    """Explain the grade of the student whom `given` (id, login, e-mail, part of a name) means.

    Writes nothing. Raises `UsageError` if nobody matches, or more than one student does.
    """
    roster = ctx.canvas.students()
    student, listed = the_student(everybody(ctx, roster), given), {s.id for s in roster}
    existing = ctx.canvas.assignments()
    standings = _standings(ctx, settings, student, existing, student.id in listed)
    name, sid, deadlines = settings.name, student.id, standings.deadlines
    submission = ctx.gradebook.submissions(name).get(sid)
    collection = ctx.ledger.collected(name).get(sid)
    kept = ctx.storage.kept(ctx.grader.submitted_folder(name, sid))
    digest = collection.digest if collection else ""
    [standing] = standings.by_student
    canvas, hidden = _in_canvas(ctx, standings.canvas, sid)
    scored = standing.state in {"graded", "pushed", "missing"}
    return Explanation(
        student,
        name,
        settings.points,
        standing,
        listed=sid in listed,
        due=_due(student, deadlines) if sid in listed else None,
        base=deadlines.base,
        in_canvas=standings.canvas is not None,
        canvas_id=standings.canvas.id if standings.canvas else None,
        dated=standings.canvas is not None and standings.canvas.due_at is not None,
        collection=collection,
        files=kept.files if kept else None,
        intact=kept.digest == digest if kept and digest else None,
        gradings=ctx.ledger.executions(name, sid),
        submission=submission,
        marks=_in_order(ctx, name, ctx.gradebook.mark_sheet(name, sid)),
        errors=ctx.grader.last_errors(name, sid) if submission else {},
        maximum=standings.maximum,
        canvas_points=standings.targets[sid] if scored else None,
        pushes=ctx.ledger.push_records(name, sid),
        runs={run.id: run for run in ctx.ledger.run_records()},
        feedback=ctx.ledger.feedback_records(name, sid),
        canvas=canvas,
        hidden=hidden,
        promised=_promised(ctx, standings, sid),
        markers=marker_of(ctx, name, sid),
        deducts=canvas is not None and canvas.entered is not None and ctx.canvas.late_deductions(),
    )


def _standings(
    ctx: Context,
    settings: AssignmentSettings,
    student: Student,
    existing: tuple[CanvasAssignment, ...],
    listed: bool,
) -> Standings:
    """Read where one student stands; Canvas has no section or deadline for one who left."""
    if listed:
        return read_standings(ctx, settings, [student], existing)
    assignment = by_exact_name(existing, settings.name)
    base = (assignment.due_at if assignment else None) or settings.due
    deadlines = Deadlines(base, {student.id: None})
    return reread(ctx, Standings(settings, (student,), assignment, deadlines, (), {}))


def _due(student: Student, deadlines: Deadlines) -> Due:
    return due_from(student, deadlines.own[student.id], deadlines.overrides, deadlines.members)


def _promised(ctx: Context, standings: Standings, student_id: str) -> bool:
    """Return whether their deadline is from an extension that Canvas has not accepted yet."""
    if standings.canvas is None:
        return False
    record = last_records(ctx, standings.canvas).get(student_id)
    deadline = standings.deadlines.own.get(student_id)
    return record is not None and record.promised and record.due_at == deadline


def _in_order(ctx: Context, name: str, marks: Sequence[SheetMark]) -> tuple[SheetMark, ...]:
    """Put marks into the order of the source; if it cannot be read, all are still shown."""
    try:
        cells = ctx.grader.cells(name) if marks else ()
    except RudauxError:
        cells = ()
    place = {cell: number for number, cell in enumerate(cells)}
    return tuple(sorted(marks, key=lambda m: place.get((m.notebook, m.cell), len(place))))


def _in_canvas(
    ctx: Context, assignment: CanvasAssignment | None, student_id: str
) -> tuple[CanvasSubmission | None, str]:
    """Return what Canvas has for the student, or why it does not say."""
    if assignment is None:
        return None, ""
    try:
        rows = submissions_of(ctx, assignment)
    except RequestRefused as refused:
        return None, str(refused)
    return next((row for row in rows if row.student_id == student_id), None), ""


def as_json(found: Explanation, zone: tzinfo) -> dict[str, Any]:
    """Return the document of `explain --json`.

    Scores are decimals as text, times ISO 8601 in `zone`; unknown is null.
    """
    due, collection, submission = found.due, found.collection, found.submission
    override = due.override if due else None
    return {
        "student": {"id": found.student.id, "name": found.student.name},
        "assignment": found.assignment,
        "points": fixed_point(found.points),
        "deadline": {
            "at": _moment(due.at if due else None, zone),
            "from": found.deadline_from,
            "override": {"id": override.id, "title": override.title} if override else None,
            "base": _moment(found.base, zone),
        },
        "handed_in": {
            "at": _moment(submission.submitted_at if submission else None, zone),
            "seconds_late": max(0, round(found.late.total_seconds())) if found.late else None,
        },
        "collected": {
            "at": _moment(collection.at if collection else None, zone),
            "snapshot": collection.snapshot if collection else None,
            "digest": (collection.digest or None) if collection else None,
            "skipped": list(collection.skipped) if collection else None,
            "files": list(found.files) if found.files is not None else None,
            "intact": found.intact,
        },
        "repairs": None if found.repairs is None else list(found.repairs),
        "graded": _grading(found, zone),
        "tests": [_test(found, mark) for mark in found.marks if mark.maximum is not None],
        "markers": dict(found.markers),
        "comments": [_comment(mark) for mark in found.marks if mark.comment],
        "penalty": score_text(submission.penalty if submission and found.graded else None),
        "score": score_text(submission.score if submission and found.graded else None),
        "max_score": score_text(found.maximum),
        "canvas_points": score_text(found.canvas_points),
        "pushes": [_push(push, zone) for push in found.pushes],
        "feedback": [
            {"at": _moment(sent.at, zone), "run": sent.run, "file": sent.name}
            for sent in found.feedback
        ],
        "canvas_now": score_text(found.canvas.entered if found.canvas else None),
        "excused": found.canvas.excused if found.canvas else None,
        "hidden_from_student": found.canvas.hidden if found.canvas else None,
        "state": found.standing.state,
        "why": found.standing.reason or None,
        "unknown": list(found.gaps),
    }


def _grading(found: Explanation, zone: tzinfo) -> dict[str, Any] | None:
    last = found.last_grading
    if last is None:
        return None
    return {
        "at": _moment(last.at, zone),
        "run": last.run,
        "verdict": last.verdict,
        "image": last.image or None,
    }


def _test(found: Explanation, mark: SheetMark) -> dict[str, Any]:
    return {
        "notebook": mark.notebook,
        "cell": mark.cell,
        "points": score_text(mark.points),
        "max": score_text(mark.maximum),
        "by_hand": mark.by_hand is not None,
        "automatic": score_text(mark.automatic),
        "verdict": mark.verdict,
        "error": found.errors.get((mark.notebook, mark.cell)),
    }


def _comment(mark: SheetMark) -> dict[str, Any]:
    return {
        "notebook": mark.notebook,
        "cell": mark.cell,
        "text": mark.comment,
        "by_hand": mark.comment_by_hand,
    }


def _push(push: Push, zone: tzinfo) -> dict[str, Any]:
    return {
        "at": _moment(push.at, zone),
        "run": push.run,
        "old": score_text(push.old),
        "new": score_text(push.new),
        "read_back": score_text(push.read_back),
        "adopted": push.adopted,
        "undoes": push.undoes,
    }


def _moment(at: datetime | None, zone: tzinfo) -> str | None:
    return at.astimezone(zone).isoformat() if at else None
