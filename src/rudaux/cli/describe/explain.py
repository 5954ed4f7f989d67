"""Where a grade comes from, in words: rows and tables for `view` to draw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import groupby
from typing import TYPE_CHECKING

from rudaux.cli.describe.plans import Row
from rudaux.cli.describe.words import aligned, number, span, when
from rudaux.domain.grades import same_score
from rudaux.domain.messages import counted, listed

if TYPE_CHECKING:
    from rudaux.domain.execution import Verdict
    from rudaux.domain.explanation import Explanation, OverrideKind
    from rudaux.domain.grades import Push
    from rudaux.domain.marks import SheetMark
    from rudaux.domain.submissions import State

_STATES: dict[State, str] = {
    "not_due": "not due yet",
    "missing": "nothing handed in",
    "collected": "collected, not graded yet",
    "failed": "could not be graded",
    "needs_manual": "waits for you",
    "graded": "graded, not in Canvas yet",
    "pushed": "in Canvas",
}
_FOR: dict[OverrideKind, str] = {
    "student": "this student",
    "section": "their section",
    "group": "their group",
    "course": "the whole course",
}
_STOPPED: dict[Verdict, str] = {
    "cell_timeout": "a cell ran longer than is allowed; the cells after it still ran",
    "timeout": "it ran longer than a submission is allowed to",
    "kernel_died": "its kernel died",
    "out_of_memory": "it needed more memory than is allowed",
}
PUSH_HEADER = ("when", "run", "command", "old", "new", "read back")
TestRow = tuple[str, str | None, str | None, str]


def headline(found: Explanation) -> str:
    """Return one line: who, which assignment, how many points, and where it stands."""
    state = _STATES[found.standing.state]
    if found.standing.overdue:
        state = found.standing.reason or "due, but not collected yet"
    if found.submission is None and found.standing.state == "pushed":
        state = f"nothing handed in, {state}"
    points = ""
    if found.canvas_points is not None:
        points = f" · {number(found.canvas_points)} of {number(found.points)} points"
    return f"{found.student.name} ({found.student.id}) · {found.assignment}{points} · {state}"


def work_rows(found: Explanation, zone: tzinfo) -> list[Row]:
    """Return rows from the deadline to the run that graded the work."""
    rows = [
        *_deadline(found, zone),
        *_collected(found, zone),
        *_graded(found, zone),
    ]
    if found.submission is None and found.canvas_points is not None:
        rows.append(_row("Missing", found.standing.reason or "nothing handed in"))
    elif found.standing.state == "failed":
        rows.append(_row("Why", found.standing.reason))
    return rows


def _deadline(found: Explanation, zone: tzinfo) -> Iterator[Row]:
    if found.due is None:
        return
    override = found.due.override
    at = _when(found.due.at, zone) if found.due.at else "none"
    if override is None or found.due.kind is None:
        where = "Canvas, for everybody" if found.dated else "rudaux.toml"
        if found.promised:
            where = "an extension that Canvas does not show yet; the next run writes it again"
        yield _row("Deadline", f"{at}, from {where}" if found.deadline_from else at)
    else:
        name = f' "{override.title}"' if override.title else ""
        base = f" Everybody else: {_when(found.base, zone)}." if found.base else ""
        whom = _FOR[found.due.kind]
        yield _row("Deadline", f"{at}, from override {override.id}{name} for {whom}.{base}")
    if found.submission and found.submission.submitted_at:
        text = f"last changed {_when(found.submission.submitted_at, zone)}"
        if found.late is not None:
            side = "after" if found.late.total_seconds() > 0 else "before"
            text += f", {span(found.late)} {side} the deadline"
        yield _row("Handed in", text)


def _collected(found: Explanation, zone: tzinfo) -> Iterator[Row]:
    collection = found.collection
    if collection is not None and collection.digest:
        source = f"snapshot {collection.snapshot}" if collection.snapshot else "their folder"
        yield _row("Collected", f"{_when(collection.at, zone)}, from {source}")
    elif collection is not None:
        yield _row("Taken over", _when(collection.at, zone))
    if found.files is not None:
        same = {True: "; as they were collected", False: "; CHANGED since", None: ""}[found.intact]
        yield _row("Files", listed(found.files, _FILES) + same)
    if collection is not None and collection.digest:
        yield _row("SHA-256", collection.digest)
    if collection is not None:
        yield from (_row("Left out", skipped) for skipped in collection.skipped)


_FILES = 6
_LABEL = 9
"""Letters of the widest label: a digest still fits beside it into 80 columns."""


def _graded(found: Explanation, zone: tzinfo) -> Iterator[Row]:
    last = found.last_grading
    if last is None:
        return
    image = f", image {last.image}" if last.image else ""
    yield _row("Graded", f"{_when(last.at, zone)}, {_run(found, last.run)}{image}")
    if last.verdict in _STOPPED:
        yield _row("Cut short", _STOPPED[last.verdict])
    repairs = found.repairs or ("nothing",)
    yield from (_row("Repaired", repair) for repair in repairs)


def _run(found: Explanation, run: int | None) -> str:
    known = found.runs.get(run or 0)
    who = f" by {known.user}" if known and known.user else ""
    return f"run {run} (`{known.command}`{who})" if known else "a run that is not on record"


def tests(found: Explanation) -> list[tuple[str, list[TestRow]]]:
    """Return each notebook's tests and marks by hand: cell, points, of how many, how it went."""
    marks = [m for m in found.marks if m.maximum is not None] if found.graded else []
    points = aligned([m.points for m in marks])
    of = aligned([m.maximum for m in marks])
    lines = zip(marks, points, of, strict=True)
    return [
        (notebook, [(m.cell, p, o, _how(found, m)) for m, p, o in group])
        for notebook, group in groupby(lines, key=lambda line: line[0].notebook)
    ]


def _how(found: Explanation, mark: SheetMark) -> str:
    said = f': "{" ".join(mark.comment.split())}"' if mark.comment else ""
    if mark.waits:
        return f"waits for a mark by hand{said}"
    if mark.by_hand is not None:
        test = "" if mark.automatic is None else f" (the test gave {number(mark.automatic)})"
        extra = f" + {number(mark.extra_credit)} extra" if mark.extra_credit else ""
        return f"by hand{test}{extra}{said}"
    if mark.verdict == "ungraded":
        return "not graded"
    error = found.errors.get((mark.notebook, mark.cell), "")
    word = "passed" if mark.verdict == "passed" else mark.verdict
    return f"{word}{f': {error}' if error else ''}{said}"


def score_rows(found: Explanation) -> list[Row]:
    """Return comments on answers, and the way from the marks to the points in Canvas."""
    rows = [
        _row("Comment", f'{m.cell}: "{" ".join(m.comment.split())}"')
        for m in found.marks
        if m.maximum is None and m.comment and found.graded
    ]
    rows += [_row("To mark", text) for text in _markers(found)]
    submission = found.submission
    if submission is None or not found.graded or found.maximum is None:
        return rows
    rows.append(_row("Score", f"{number(found.earned)}, the sum of the above"))
    if submission.penalty:
        less = f"{number(submission.penalty)} less for handing in late"
        rows.append(_row("Penalty", f"{less}: {number(submission.score)}"))
    if found.canvas_points is not None:
        score, maximum, of = map(number, (submission.score, found.maximum, found.points))
        scaled = f"score {score} / maximum {maximum} * {of} points"
        rows.append(_row("Points", f"{scaled} = {number(found.canvas_points)}"))
    elif found.standing.state == "needs_manual":
        rows.append(_row("Points", f"none so far: {found.standing.reason}"))
    return rows


def _markers(found: Explanation) -> Iterator[str]:
    """Yield who was to mark what by hand."""
    for who in sorted(set(found.markers.values())):
        questions = sorted(q for q, name in found.markers.items() if name == who and q)
        yield f"{who}{': ' if questions else ''}{', '.join(questions)}"


def push_lines(found: Explanation, zone: tzinfo) -> list[tuple[str | None, ...]]:
    """Return each grade that rudaux wrote or found in Canvas, the newest last."""
    old = aligned([p.old for p in found.pushes])
    new = aligned([p.new for p in found.pushes])
    shown = aligned([p.read_back for p in found.pushes])
    return [
        (_when(p.at, zone), None if p.run is None else str(p.run), _command(found, p), *scores)
        for p, *scores in zip(found.pushes, old, new, shown, strict=True)
    ]


def _command(found: Explanation, push: Push) -> str:
    if push.undoes is not None:
        return f"undo of run {push.undoes}"
    known = found.runs.get(push.run or 0)
    command = known.command if known else "not recorded"
    return f"{command}: was there already" if push.adopted else command


def canvas_rows(found: Explanation, zone: tzinfo) -> list[Row]:
    """Return what Canvas shows now, and what is not known."""
    rows = []
    if found.feedback:
        last = found.feedback[-1]
        text = f"{attached(found)}, the last {_when(last.at, zone)}"
        rows.append(_row("Feedback", text))
    if found.canvas is not None:
        rows.append(_row("In Canvas", _now(found)))
    rows += [Row(f"{'Not known':<{_LABEL}}", "!", gap) for gap in found.gaps]
    return rows


def attached(found: Explanation) -> str:
    """Return how many feedback files Canvas was given."""
    return f"{counted(len(found.feedback), 'file')} attached"


def _now(found: Explanation) -> str:
    canvas = found.canvas
    if canvas is None or (canvas.entered is None and not canvas.excused):
        return "no grade"
    parts = ["excused"] if canvas.excused else []
    if canvas.entered is not None:
        parts.append(number(canvas.entered))
    if canvas.hidden:
        parts.append("hidden from the student until it is posted")
    if found.deducts:
        parts.append("Canvas's own late policy may deduct from it")
    last = found.pushes[-1] if found.pushes else None
    if last and not same_score(canvas.entered, last.new):
        took = same_score(last.read_back, last.new)
        why = ": somebody changed it in Canvas" if took else ", which Canvas did not keep"
        parts.append(f"not what rudaux wrote last{why}")
    return ", ".join(parts)


def _row(section: str, text: str) -> Row:
    return Row(f"{section:<{_LABEL}}", " ", text)


def _when(at: datetime, zone: tzinfo) -> str:
    return when(at.astimezone(zone))
