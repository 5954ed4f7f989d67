"""Marks by hand that have counted in Canvas: one that is gone is a question, not a new grade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from rudaux.domain.allowances import Cell
from rudaux.domain.grades import Push, PushLine
from rudaux.domain.history import last_taken
from rudaux.domain.messages import listed
from rudaux.domain.regrade import marks_by_hand
from rudaux.ports import Context

RESTORE = "gradebook restore"
"""The command after which the gradebook has older marks."""


def keep_for_lost_marks(
    ctx: Context,
    assignment: str,
    lines: Sequence[PushLine],
    pushes: Iterable[Push],
    agreed: bool,
) -> tuple[PushLine, ...]:
    """Hold back grades that would change because a mark by hand is gone; say so if `agreed`.

    A mark that a person has changed counts, unless it is a restore that has changed it.
    """
    before = ctx.ledger.counted(assignment)
    if not any(line.writes and line.student_id in before for line in lines):
        return tuple(lines)
    now, last, restored = _by_hand(ctx, assignment), last_taken(pushes), _restored(ctx)
    there = {cell[1:] for cell in ctx.gradebook.graded_cells() if cell[0] == assignment}
    kept = []
    for line in lines:
        sid, push = line.student_id, last.get(line.student_id)
        older = restored is not None and push is not None and push.at < restored
        mine = {cell: mark for cell, mark in before.get(sid, {}).items() if cell in there}
        lost = _lost(mine, now.get(sid, {}), older) if line.writes else []
        kept.append(_told(line, lost, agreed) if lost else line)
    return tuple(kept)


def remember_marks(ctx: Context, assignment: str, students: Iterable[str]) -> None:
    """Remember the marks by hand behind the grades that Canvas now has of these students."""
    now, before = _by_hand(ctx, assignment), ctx.ledger.counted(assignment)
    found = {sid: now.get(sid, {}) for sid in students}
    new = {sid: marks for sid, marks in found.items() if marks != before.get(sid, {})}
    if new:
        ctx.ledger.record_counted(assignment, new)


def _by_hand(ctx: Context, assignment: str) -> Mapping[str, Mapping[Cell, Decimal]]:
    marks = ctx.gradebook.cell_marks(assignment, by_hand=True)
    return marks_by_hand(marks, ctx.ledger.allowances(assignment))


def _restored(ctx: Context) -> datetime | None:
    runs = (run for run in ctx.ledger.run_records() if run.command == RESTORE)
    return max((run.started_at for run in runs if run.exit_code == 0), default=None)


def _lost(before: Mapping[Cell, Decimal], now: Mapping[Cell, Decimal], older: bool) -> list[str]:
    return [
        cell[1] for cell, mark in before.items() if cell not in now or (older and now[cell] != mark)
    ]


def _told(line: PushLine, lost: Sequence[str], agreed: bool) -> PushLine:
    if agreed:
        return replace(line, why=f"{line.why}, without the mark by hand for {listed(lost)}")
    why = (
        f"the mark by hand for {listed(lost)} is no longer what was pushed: enter it again or "
        "restore a newer backup (--overwrite-edits pushes without it)"
    )
    return replace(line, kind="held", why=why, asks=True)
