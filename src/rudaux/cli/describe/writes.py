"""What was written to Canvas, and taking it back, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import groupby
from typing import TYPE_CHECKING

from rudaux.cli.describe.words import number, when
from rudaux.domain.messages import counted

if TYPE_CHECKING:
    from rudaux.domain.history import Run, UndoKind, UndoLine
    from rudaux.workflows.log import LogEntry
    from rudaux.workflows.undo import UndoPlan


LOG_HEADER = ("when", "assignment", "id", "student", "what", "old", "new", "read back")


def log_parts(
    entries: Iterable[LogEntry], zone: tzinfo
) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    """Return for each run who it was, and rows of what it wrote, in the order given."""
    for _, group in groupby(entries, key=lambda entry: entry.run.id if entry.run else None):
        part = list(group)
        run = part[0].run
        head = run_line(run, zone) if run else "From Python, outside any command"
        yield head, [_log_row(entry) for entry in part]


def _log_row(entry: LogEntry) -> tuple[object, ...]:
    return (
        f"{entry.at:%-d %b %H:%M}",
        entry.assignment,
        entry.student_id,
        entry.student or None,
        f"undo of run {entry.undoes}" if entry.kind == "undo" else entry.kind,
        *((None, "sent", None) if entry.kind == "feedback" else _scores(entry)),
    )


def _scores(entry: LogEntry) -> tuple[str | None, ...]:
    shown = (entry.old, entry.new, entry.read_back)
    return tuple(None if score is None else number(score) for score in shown)


def _who(run: Run) -> str:
    account = f"{run.user}@{run.host}" if run.user else run.host
    return f"{account} ({run.pid})"


def run_line(run: Run, zone: tzinfo) -> str:
    """Return which run it is: number, command, who and when."""
    return f"Run {run.id}: {run.command}, by {_who(run)}, {when(run.started_at.astimezone(zone))}"


_UNDO_KINDS: tuple[tuple[UndoKind, str], ...] = (
    ("restore", "to restore"),
    ("restored", "restored already"),
    ("edited", "changed since"),
    ("excused", "excused"),
    ("not_gradable", "not gradable"),
)


def undo_counts(plan: UndoPlan) -> str:
    """Return one line on what becomes of the grades that a run wrote."""
    counts = plan.counts
    parts = [f"{counts[kind]} {words}" for kind, words in _UNDO_KINDS if counts[kind]]
    return f"{counted(len(plan.lines), 'grade')}: {' · '.join(parts)}"


def _restored(line: UndoLine) -> str | None:
    if line.kind != "restore":
        return None
    return "no grade" if line.old is None else number(line.old)


def undo_rows(plan: UndoPlan) -> list[tuple[object, ...]]:
    """Return every grade that would be restored or cannot be: what is there, what would be."""
    return [
        (
            line.assignment,
            plan.names.get(line.student_id, line.student_id),
            None if line.now is None else number(line.now),
            _restored(line),
            line.why,
        )
        for line in plan.lines
        if line.kind != "restored"
    ]
