"""Every write to Canvas in the ledger: who wrote it, when, what it replaced, what it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from rudaux.config import find_assignment
from rudaux.domain.grades import Push
from rudaux.domain.history import FeedbackSent, Run
from rudaux.errors import GradebookFailure
from rudaux.ports import Context

WriteKind = Literal["grade", "undo", "feedback"]


@dataclass(frozen=True)
class LogEntry:
    """One write; `at` is in the course's zone, `file` is what was attached.

    `run` is None for what was written from Python, without a command.
    """

    at: datetime
    run: Run | None
    kind: WriteKind
    assignment: str
    student_id: str
    student: str
    old: Decimal | None = None
    new: Decimal | None = None
    read_back: Decimal | None = None
    undoes: int | None = None
    file: str = ""


def read_log(
    ctx: Context, assignment: str | None = None, student_id: str | None = None
) -> tuple[LogEntry, ...]:
    """Read the writes from the ledger, newest last; Canvas is not asked.

    Raises `UsageError` for an assignment that neither ledger nor configuration knows.
    """
    pushes = [p for p in ctx.ledger.push_records(assignment, student_id) if not p.adopted]
    files = ctx.ledger.feedback_records(assignment, student_id)
    if assignment is not None and not pushes and not files:
        find_assignment(ctx.config, assignment)
    runs = {run.id: run for run in ctx.ledger.run_records()}
    names, zone = _names(ctx), ctx.config.course.timezone

    def entry(of: Push | FeedbackSent) -> LogEntry:
        at, run = of.at.astimezone(zone), runs.get(of.run or 0)
        who = (of.assignment, of.student_id, names.get(of.student_id, ""))
        if isinstance(of, FeedbackSent):
            return LogEntry(at, run, "feedback", *who, file=of.name)
        kind: WriteKind = "grade" if of.undoes is None else "undo"
        return LogEntry(at, run, kind, *who, of.old, of.new, of.read_back, of.undoes)

    writes: list[Push | FeedbackSent] = [*pushes, *files]
    # Sorting keeps the order of what happened at the same time.
    return tuple(entry(of) for of in sorted(writes, key=lambda write: write.at))


def _names(ctx: Context) -> dict[str, str]:
    """Return names by student id; a gradebook that cannot be read must not hide the log."""
    try:
        people = ctx.gradebook.students()
    except GradebookFailure:
        return {}
    return {p.id: f"{p.first_name or ''} {p.last_name or ''}".strip() for p in people}


def as_json(entries: tuple[LogEntry, ...]) -> dict[str, Any]:
    """Return the document of `canvas log --json`; times are ISO 8601 with offset."""
    return {"writes": [_as_json(entry) for entry in entries]}


def _as_json(entry: LogEntry) -> dict[str, Any]:
    run = entry.run
    return {
        "at": entry.at.isoformat(),
        "run": run.id if run else None,
        "command": run.command if run else None,
        "user": (run.user or None) if run else None,
        "host": run.host if run else None,
        "pid": run.pid if run else None,
        "kind": entry.kind,
        "assignment": entry.assignment,
        "student_id": entry.student_id,
        "student": entry.student or None,
        "old": _number(entry.old),
        "new": _number(entry.new),
        "read_back": _number(entry.read_back),
        "undoes": entry.undoes,
        "file": entry.file or None,
    }


def _number(score: Decimal | None) -> float | None:
    return None if score is None else float(score)
