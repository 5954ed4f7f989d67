"""`rudaux status`: where every assignment stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rudaux.cli.describe.deadlines import late_lines
from rudaux.cli.describe.plans import Row
from rudaux.cli.describe.words import number, when
from rudaux.cli.options import Folder, Json, NoPrompt, OptionalName
from rudaux.cli.session import reading
from rudaux.cli.share import PROGRESS_HEADER, progress_rows
from rudaux.cli.view import View

if TYPE_CHECKING:
    from datetime import datetime

    from rudaux.domain.submissions import State
    from rudaux.workflows.status import AssignmentStatus, CourseStatus


def status(
    name: OptionalName = None,
    as_json: Json = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Show where every assignment stands; with NAME, every student."""
    from rudaux.config import find_assignment
    from rudaux.workflows.status import as_json as document
    from rudaux.workflows.status import read_status

    with reading(folder, no_prompt, whole=False) as (ctx, view):
        if name:
            find_assignment(ctx.config, name)
        read = read_status(ctx, [name] if name else None)
        if as_json:
            view.json(document(read))
            return
        _show(view, read)
        if read.gradebook:
            view.notice(f"\n{read.gradebook}")
        if name:
            _students(view, read.assignments[0])
            if marking := read.assignments[0].marking:
                view.line()
                view.table(PROGRESS_HEADER, progress_rows(marking))
        else:
            _next_step(view, read)


def _show(view: View, read: CourseStatus) -> None:
    view.line(f"{read.name} · course {read.canvas_id} · {read.students} students\n")
    if read.shrunk:
        text = f"{read.shrunk}: `rudaux init` asks whether that is right"
        view.rows([Row("Roster", "!", text)])
    if read.notes:
        view.rows([Row("Canvas", "!", text) for text in read.notes])
    for a in read.assignments:
        for line in late_lines(a.late_edits, a.standings.students):
            view.rows([Row(a.name, "!", line)])
    used = [s for s in _SHORT if any(a.counts[s] for a in read.assignments)]
    years = {t.year for a in read.assignments for t in (a.due_at, a.scheduled_for) if t}
    some_unreleased = not all(a.released for a in read.assignments)
    rows = [
        (
            a.name,
            _moment(a.due_at, years),
            number(a.points),
            *(["yes" if a.released else "no"] * some_unreleased),
            {True: "published", False: "unpublished", None: "no"}[a.published],
            _moment(a.scheduled_for, years),
            *(a.counts[s] or "·" for s in used),
        )
        for a in read.assignments
    ]
    header = ("assignment", "due", "points", *["released"] * some_unreleased, "Canvas", "cron")
    view.table((*header, *(_SHORT[s] for s in used)), rows)


def _moment(at: datetime | None, years: set[int]) -> str | None:
    """Write a moment; without the year where all are in the same one."""
    if at is None:
        return None
    return when(at).replace(f" {at.year}", "", 1) if len(years) == 1 else when(at)


_SHORT: dict[State, str] = {
    "not_due": "not due",
    "missing": "missing",
    "collected": "collected",
    "failed": "failed",
    "needs_manual": "by hand",
    "graded": "graded",
    "pushed": "pushed",
}


_ALWAYS = frozenset({"id", "student", "state", "points"})


def _students(view: View, status: AssignmentStatus) -> None:
    names = {s.id: s.name for s in status.standings.students}
    deadlines = status.standings.deadlines
    zone = status.due_at.tzinfo if status.due_at else None
    rows = []
    for standing in sorted(status.standings.by_student, key=lambda s: names[s.student_id]):
        own = deadlines.own.get(standing.student_id)
        extended = when(own.astimezone(zone)) if own and own != deadlines.base else ""
        points = (
            number(status.standings.targets[standing.student_id].normalize())
            if standing.state in {"graded", "pushed"}
            else None
        )
        name = names[standing.student_id]
        rows.append((standing.student_id, name, standing.state, points, extended, standing.reason))
    header = ["id", "student", "state", "points", "own deadline", "why"]
    used = [i for i, name in enumerate(header) if name in _ALWAYS or any(row[i] for row in rows)]
    view.line()
    view.table([header[i] for i in used], [[row[i] for i in used] for row in rows])


def _next_step(view: View, read: CourseStatus) -> None:
    """Name the next step of the first assignment that has one."""
    for a in read.assignments:
        if a.canvas_id is None or not a.released:
            view.notice(f"\nNext: `rudaux init` sets up {a.name}.")
        elif a.counts["needs_manual"]:
            view.notice(f"\nNext: mark {a.name} by hand, then `rudaux submit {a.name}`.")
        elif a.counts["failed"] or a.counts["collected"]:
            view.notice(
                f"\nNext: `rudaux status {a.name}` says why; `rudaux grade {a.name}` tries again."
            )
        elif a.counts["graded"]:
            view.notice(f"\nNext: `rudaux submit {a.name}`.")
        else:
            continue
        return
