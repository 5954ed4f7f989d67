"""Where every assignment stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from rudaux.domain.canvas import CanvasCourse
from rudaux.domain.collection import LateEdit
from rudaux.domain.modes import course_refusal, course_remarks, remark
from rudaux.domain.sharing import Progress
from rudaux.domain.submissions import State, count_states
from rudaux.errors import CronFailure
from rudaux.ports import Context
from rudaux.workflows.assignments import former
from rudaux.workflows.gradebook import trouble
from rudaux.workflows.schedule import owner
from rudaux.workflows.sharing import progress
from rudaux.workflows.standings import Standings, read_standings
from rudaux.workflows.sync import compare


@dataclass(frozen=True)
class AssignmentStatus:
    """One assignment; None is unknown, times are aware and in the course's zone."""

    name: str
    due_at: datetime | None
    points: Decimal
    canvas_id: int | None
    launch_url: str | None
    published: bool | None
    released: bool
    scheduled_for: datetime | None
    counts: Mapping[State, int]
    standings: Standings
    marking: tuple[Progress, ...] = ()
    """How far the graders have got; empty if nothing was given out."""
    late_edits: Mapping[str, Sequence[LateEdit]] = field(default_factory=dict)
    """What students changed after their deadline."""


@dataclass(frozen=True)
class CourseStatus:
    """The course and its assignments."""

    name: str
    canvas_id: int
    students: int
    assignments: tuple[AssignmentStatus, ...]
    gradebook: str = ""
    """What the gradebook lacks, and what to do about it; empty if it is complete."""
    shrunk: str = ""
    """Why the roster is suspicious; empty if it is not."""
    notes: tuple[str, ...] = ()
    """What Canvas does not allow now, and what it has that has left rudaux.toml."""


def read_status(ctx: Context, names: Sequence[str] | None = None) -> CourseStatus:
    """Read the state of the course; writes nothing."""
    ctx.gradebook.check()
    students, existing = ctx.canvas.students(), ctx.canvas.assignments()
    try:
        entries, machine = ctx.crontab.entries(owner(ctx)), ctx.crontab.timezone()
    except CronFailure:
        entries, machine = (), ctx.config.course.timezone
    wanted = [a for a in ctx.config.assignments if names is None or a.name in names]
    found = tuple(
        _status(
            ctx,
            read_standings(ctx, settings, students, existing),
            [e.at(machine) for e in entries if e.assignment == settings.name],
        )
        for settings in wanted
    )
    return CourseStatus(
        ctx.config.course.name,
        ctx.config.canvas.course_id,
        len(students),
        found,
        trouble(ctx),
        compare(ctx, students).shrunk,
        (
            *(text for text in _notes(ctx.canvas.course(), found) if text),
            *(former(ctx, existing) if names is None else ()),
        ),
    )


def _notes(course: CanvasCourse, found: Sequence[AssignmentStatus]) -> Iterator[str]:
    yield course_refusal(course)
    yield from course_remarks(course)
    for status in found:
        done = status.counts["pushed"] == len(status.standings.by_student)
        if status.standings.canvas and not done:
            yield remark(status.standings.canvas)


def _status(ctx: Context, standings: Standings, runs: Sequence[datetime]) -> AssignmentStatus:
    settings, assignment = standings.settings, standings.canvas
    zone = ctx.config.course.timezone
    base = standings.deadlines.base
    coming = [run for run in runs if run > ctx.now()]
    release = ctx.grader.release_folder(settings.name)
    return AssignmentStatus(
        settings.name,
        base.astimezone(zone) if base else None,
        settings.points,
        assignment.id if assignment else None,
        assignment.launch_url if assignment else None,
        assignment.published if assignment else None,
        any(release.glob("*.ipynb")),
        min(coming).astimezone(zone) if coming else None,
        count_states(standings.by_student),
        standings,
        progress(ctx, settings.name),
        ctx.ledger.late_edits(settings.name),
    )


def as_json(status: CourseStatus) -> dict[str, Any]:
    """Return the document of `status --json`.

    `gradebook` says what it lacks; null: nothing. `notes` say what Canvas does not allow now, and
    what it has of assignments that left rudaux.toml.
    """
    return {
        "course": {
            "name": status.name,
            "canvas_id": status.canvas_id,
            "students": status.students,
        },
        "assignments": [
            {
                "name": a.name,
                "due_at": a.due_at.isoformat() if a.due_at else None,
                "points": float(a.points),
                "canvas_id": a.canvas_id,
                "launch_url": a.launch_url,
                "published": a.published,
                "released": a.released,
                "scheduled_for": a.scheduled_for.isoformat() if a.scheduled_for else None,
                "counts": dict(a.counts),
                "marking": [
                    {"grader": p.grader, "marked": p.done, "total": p.total} for p in a.marking
                ],
            }
            for a in status.assignments
        ],
        "gradebook": status.gradebook or None,
        "notes": list(status.notes),
        "late_edits": [
            {
                "assignment": a.name,
                "student_id": student,
                "file": e.file,
                "at": e.at.isoformat(),
                "deadline": e.deadline.isoformat(),
            }
            for a in status.assignments
            for student, edits in a.late_edits.items()
            for e in edits
        ],
    }
