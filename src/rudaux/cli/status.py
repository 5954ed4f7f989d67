"""`rudaux status`: where every assignment stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rudaux.cli.describe.deadlines import late_lines
from rudaux.cli.describe.plans import Row
from rudaux.cli.describe.push import grade
from rudaux.cli.describe.words import number, when
from rudaux.cli.links import assignment_links, list_links, student_links
from rudaux.cli.options import Folder, Json, NoPrompt, OptionalName
from rudaux.cli.session import reading
from rudaux.cli.share import PROGRESS_HEADER, progress_rows
from rudaux.cli.view import View
from rudaux.config import FILE
from rudaux.domain.messages import counted
from rudaux.domain.submissions import SHOWN, Shown, state_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rudaux.workflows.status import AssignmentStatus, CourseStatus


def status(
    name: OptionalName = None,
    as_json: Json = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Show where every assignment stands; with NAME, every student."""
    from rudaux.workflows.status import as_json as document
    from rudaux.workflows.status import read_status

    with reading(folder, no_prompt, whole=False, name=name) as (ctx, view):
        read = read_status(ctx, [name] if name else None)
        if as_json:
            view.json(document(read))
            return
        view.link(assignment_links(ctx.config, {a.name: a.canvas_id for a in read.assignments}))
        if name:
            one = read.assignments[0]
            view.link(student_links(ctx.config, one.canvas_id, one.standings.students))
        _show(view, read)
        if read.gradebook:
            view.notice(f"\n{read.gradebook}")
        if name:
            _students(view, read.assignments[0])
            if marking := read.assignments[0].marking:
                view.link(list_links(ctx.config, name, [p.grader for p in marking]))
                view.line()
                view.table(PROGRESS_HEADER, progress_rows(marking))
        elif not read.gradebook:
            _next_step(view, read)


def _show(view: View, read: CourseStatus) -> None:
    view.line(
        f"{read.name} · course {read.canvas_id} · {counted(read.students, 'student')}\n", "bold"
    )
    if read.shrunk:
        text = f"{read.shrunk}; `rudaux init` asks whether that is right"
        view.rows([Row("Roster", "!", text)])
    if read.notes:
        view.rows([Row("Canvas", "!", text) for text in read.notes])
    for a in read.assignments:
        for line in late_lines(a.late_edits, a.standings.students):
            view.rows([Row(a.name, "!", line)])
    if not read.assignments:
        view.notice(f"{FILE} has no [[assignments]] yet; add one, then run `rudaux init`.")
        return
    header, rows = overview(read.assignments)
    view.table(header, rows, whole=("due", "next run"), narrow=_told(header, rows))


def _told(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return two lines on each assignment: what it is, and how many students are where."""
    lines = []
    for name, *cells in rows:
        known = [(h, c) for h, c in zip(header[1:], cells, strict=True) if c not in (None, "·")]
        about = [_ABOUT[h].format(c) for h, c in known if h in _ABOUT]
        counts = [f"{c} {h}" for h, c in known if h not in _ABOUT]
        lines += [" · ".join([str(name), *about]), f"  {' · '.join(counts)}"]
    return lines


def overview(assignments: Sequence[AssignmentStatus]) -> tuple[list[str], list[list[object]]]:
    """Return header and rows; a column that would say the same of all assignments is left out."""
    years = {t.year for a in assignments for t in (a.due_at, a.scheduled_for) if t}
    columns: dict[str, list[object]] = {
        "assignment": [a.name for a in assignments],
        "due": [_moment(a.due_at, years) for a in assignments],
        "points": [number(a.points) for a in assignments],
    }
    if not all(a.released for a in assignments):
        columns["released"] = ["yes" if a.released else "no" for a in assignments]
    if not all(a.published for a in assignments):
        columns["Canvas"] = [_PUBLISHED[a.published] for a in assignments]
    if any(a.scheduled_for for a in assignments):
        columns["next run"] = [_moment(a.scheduled_for, years) for a in assignments]
    counts = [_counts(a) for a in assignments]
    used = [s for s in SHOWN if any(found[s] for found in counts)]
    columns |= {_COLUMNS[s]: [found[s] or "·" for found in counts] for s in used}
    return [*columns], [[*row] for row in zip(*columns.values(), strict=True)]


def _counts(a: AssignmentStatus) -> Mapping[Shown, int]:
    overdue = sum(s.overdue for s in a.standings.by_student)
    counts: dict[Shown, int] = {"to_collect": overdue}
    for state, students in a.counts.items():
        counts[state] = students - overdue if state == "not_due" else students
    return counts


def _moment(at: datetime | None, years: set[int]) -> str | None:
    """Write a moment; without the year where all are in the same one."""
    if at is None:
        return None
    return when(at).replace(f" {at.year}", "", 1) if len(years) == 1 else when(at)


_ABOUT = {
    "due": "due {}", "points": "{} points", "released": "released: {}", "Canvas": "{}",
    "next run": "next run {}",
}  # fmt: skip
_PUBLISHED = {True: "published", False: "unpublished", None: "not in Canvas"}
_COLUMNS = {s: state_words(s) for s in SHOWN} | {"failed": "failed", "needs_manual": "waiting"}
_ALWAYS = frozenset({"id", "student", "state", "points"})


def _students(view: View, status: AssignmentStatus) -> None:
    names = {s.id: s.name for s in status.standings.students}
    deadlines = status.standings.deadlines
    zone = status.due_at.tzinfo if status.due_at else None
    rows = []
    for standing in sorted(status.standings.by_student, key=lambda s: names[s.student_id]):
        own = deadlines.own.get(standing.student_id)
        extended = when(own.astimezone(zone)) if own and own != deadlines.base else ""
        known = standing.state in {"graded", "pushed"}
        points = grade(status.standings.targets[standing.student_id]) if known else None
        name = names[standing.student_id]
        state = state_words(standing.shown)
        rows.append((standing.student_id, name, state, points, extended, standing.reason))
    header = ["id", "student", "state", "points", "own deadline", "why"]
    used = [i for i, name in enumerate(header) if name in _ALWAYS or any(row[i] for row in rows)]
    view.line()
    shown = [[row[i] for i in used] for row in rows]
    view.table([header[i] for i in used], shown, whole=("own deadline",))


def _next_step(view: View, read: CourseStatus) -> None:
    """Print the next step of the first assignment that has one."""
    for a in read.assignments:
        if a.canvas_id is None or not a.released:
            view.notice(f"\nNext: `rudaux init` sets up {a.name}.")
        elif any(s.overdue for s in a.standings.by_student):
            view.notice(f"\nNext: `rudaux grade {a.name}` collects and grades what is due.")
        elif a.counts["needs_manual"]:
            view.notice(
                f"\nNext: `rudaux status {a.name}` says what waits for you. Once that is done, run "
                f"`rudaux submit {a.name}`."
            )
        elif a.counts["failed"] or a.counts["collected"]:
            view.notice(
                f"\nNext: `rudaux status {a.name}` says why; `rudaux grade {a.name}` tries again."
            )
        elif a.counts["graded"]:
            view.notice(f"\nNext: `rudaux submit {a.name}`.")
        else:
            continue
        return
