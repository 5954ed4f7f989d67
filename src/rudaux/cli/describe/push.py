"""A push in words: how many of each class, and the lines that a person should look at."""

from __future__ import annotations

from collections.abc import Collection
from datetime import tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from rudaux.cli.describe.words import when
from rudaux.domain.grades import NOT_YET
from rudaux.domain.messages import counted, listed

if TYPE_CHECKING:
    from rudaux.cli.view import Finding, Sign
    from rudaux.domain.grades import PushClass, PushLine
    from rudaux.workflows.export import ExportPlan
    from rudaux.workflows.standings import Standings
    from rudaux.workflows.submit import SubmitPlan

SHOWN = 12
"""Lines of one class that are listed before the rest is only counted."""
_CLASSES: tuple[tuple[PushClass, str], ...] = (
    ("unchanged", "unchanged"),
    ("new", "new"),
    ("changed", "changed"),
    ("missing", "missing (0 points)"),
    ("conflict", "edited in Canvas"),
    ("excused", "excused"),
    ("held", "held back"),
    ("not_gradable", "not gradable"),
    ("not_due", "not due"),
)
_ORDER: tuple[PushClass, ...] = (
    "conflict", "held", "not_gradable", "changed", "excused", "missing", "new", "unchanged",
    "not_due",
)  # fmt: skip
_PLAIN: frozenset[PushClass] = frozenset({"new", "unchanged", "not_due"})
_GROUPED: dict[PushClass, Sign] = {
    "held": "look", "not_gradable": "look", "excused": "", "missing": "", "not_due": "",
}  # fmt: skip
PushRow = tuple[str, str, str, str]


def heading(standings: Standings, zone: tzinfo) -> str:
    """Return one line on an assignment: its name, when it is due, how many students."""
    due = standings.deadlines.base
    parts = [standings.settings.name, *([f"due {when(due.astimezone(zone))}"] if due else [])]
    return " · ".join([*parts, counted(len(standings.students), "student")])


def not_yet(standings: Standings, zone: tzinfo) -> str:
    """Return a sentence for below the heading: from when on there is something to collect."""
    first = min((at for at in standings.deadlines.own.values() if at), default=None)
    if first is None:
        return f"{standings.settings.name} has no due date, so there is nothing to collect."
    then = "then" if first == standings.deadlines.base else when(first.astimezone(zone))
    text = f"Nobody is due before {then}, so there is nothing to collect yet."
    waiting = sum(bool(s.reason) for s in standings.by_student)
    if waiting:
        text += (
            f" No grade of the {counted(waiting, 'submission')} from before is pushed until then."
        )
    return text


def push_counts(plan: SubmitPlan) -> str:
    """Return one line on who falls into which class, and how much feedback is new."""
    counts = plan.counts
    parts = [f"{counts[kind]} {words}" for kind, words in _CLASSES if counts.get(kind)]
    text = f"{counted(len(plan.lines), 'student')}: {' · '.join(parts)}"
    return f"{text} · feedback for {len(plan.feedback)}" if plan.feedback else text


def push_rows(plan: SubmitPlan, full: bool = False) -> tuple[list[PushRow], list[str]]:
    """Return (student, Canvas, now, why) where grades meet, and a note per list cut short.

    What a person must decide comes first, scores that sink before those that rise. An edit that is
    in question, or replaced, is never cut. `full` gives every student.
    """
    words = dict(_CLASSES)
    rows: list[PushRow] = []
    notes = []
    for kind in _ORDER:
        lines = [x for x in plan.lines if x.kind == kind and (full or not _alike(x))]
        lines.sort(key=_of_less_interest)
        if full or kind not in _PLAIN:
            edits = sum(x.replaces_edit or kind == "conflict" for x in lines)
            cut = len(lines) if full or len(lines) <= SHOWN + 1 else max(SHOWN, edits)
            rows += [_row(plan, line) for line in lines[:cut]]
            if lines[cut:]:
                notes.append(f"and {len(lines) - cut} more {words[kind]}: --full shows all")
    return rows, notes


def push_groups(plan: SubmitPlan, told: Collection[str] | None = None) -> list[Finding]:
    """Return who has no grade in Canvas and gets none, or gets 0, by reason.

    A run that has summed up its submissions has `told` their reasons, and who is missing.
    """
    words, findings = dict(_CLASSES), []
    for kind, sign in _GROUPED.items():
        lines = [x for x in plan.lines if x.kind == kind and _alike(x)]
        if told is not None:
            lines = [x for x in lines if kind != "missing" and x.why not in told]
        together: dict[str, list[str]] = {}
        for line in lines:
            why = "" if kind == "missing" else f": {line.why or kind}"
            together.setdefault(why, []).append(plan.names[line.student_id])
        for at, (why, names) in enumerate(together.items()):
            label = "" if at else f"{len(lines)} {words[kind]}"
            findings.append((sign, label, f"{listed(names)}{why}"))
    return findings


def _alike(line: PushLine) -> bool:
    """Return whether a line says no more than its group: Canvas has no grade that differs."""
    if line.kind == "not_due":
        return line.why != NOT_YET
    return line.kind in _GROUPED and (line.old is None or line.old == line.new)


def _of_less_interest(line: PushLine) -> tuple[bool, bool]:
    rises = line.old is None or line.new is None or line.new >= line.old
    return not line.replaces_edit, rises


def _row(plan: SubmitPlan, line: PushLine) -> PushRow:
    return plan.names[line.student_id], grade(line.old), grade(line.new), line.why or line.kind


def export_summary(plan: ExportPlan, canvas: bool) -> str:
    """Return how many are in the file and who is not, and what is not known."""
    words = dict(_CLASSES)
    text = f"{counted(len(plan), 'student')} in the file"
    left = [f"{n} {words[kind]}" for kind, n in plan.why_left_out.items()]
    if left:
        text += f"; these have no row, so Canvas leaves them alone: {', '.join(left)}"
    if plan.shrunk:
        text += f"\n{plan.shrunk}."
    if not canvas:
        text += (
            "\nCanvas was not asked: deadlines are those of rudaux.toml, and what somebody excused "
            "or edited there is not known. Look at the changes that Canvas shows before you agree."
        )
    return text


def grade(value: Decimal | None) -> str:
    """Write a score as people read it, to two decimals."""
    return "-" if value is None else format(value, ".2f")
