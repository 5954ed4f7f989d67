"""What plain nbgrader collected and graded before rudaux was used: it is taken over as it is."""

from __future__ import annotations

from collections.abc import Collection as Submissions
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rudaux.config import AssignmentSettings
from rudaux.domain.collection import TIME_FILE, Collection
from rudaux.domain.outcome import Outcome
from rudaux.domain.roster import Student
from rudaux.ports import Context


@dataclass(frozen=True)
class TakeOver:
    """One assignment's submissions, by student id, that are not in the ledger as collected."""

    assignment: str
    recorded: tuple[str, ...]
    """The gradebook has them, graded or not."""
    found: tuple[str, ...]
    """Only the submitted folder has them: collected, and never graded."""

    def __len__(self) -> int:
        return len(self.recorded) + len(self.found)


def plan(
    ctx: Context, students: Iterable[Student], handed_in: Submissions[tuple[str, str]]
) -> tuple[TakeOver, ...]:
    """Find what is there and was not collected by rudaux; the ledger of a new course is empty.

    `handed_in` is what the submitted folder has, as (assignment, student id).
    """
    ids = sorted(s.id for s in students)
    rows = ctx.gradebook.submitted()
    plans = []
    for settings in ctx.config.assignments:
        name, known = settings.name, ctx.ledger.collected(settings.name)
        recorded = tuple(s for s in ids if (name, s) in rows and s not in known)
        here = [s for s in ids if (name, s) in handed_in and (name, s) not in rows]
        plans.append(TakeOver(name, recorded, _unknown(ctx, settings, here)))
    return tuple(p for p in plans if len(p))


def found(ctx: Context, settings: AssignmentSettings, ids: Iterable[str]) -> frozenset[str]:
    """Return which of these, not in the gradebook, have work in the submitted folder."""
    return frozenset(_unknown(ctx, settings, ids))


def apply(ctx: Context, plans: Iterable[TakeOver]) -> Iterator[Outcome]:
    """Enter what the gradebook lacks, and record that all of it is collected as of now."""
    for plan in plans:
        for student in plan.found:
            at = ctx.grader.submitted_at(plan.assignment, student)
            ctx.gradebook.record_submission(plan.assignment, student, at)
            ctx.ledger.forget(plan.assignment, student)
        for student in (*plan.recorded, *plan.found):
            collection = Collection("", None, ctx.now())
            ctx.ledger.record_collection(plan.assignment, student, collection)
        yield Outcome(plan.assignment, reason="taken over as it is")


def _unknown(ctx: Context, settings: AssignmentSettings, ids: Iterable[str]) -> tuple[str, ...]:
    """Return whose folder has work that no run of rudaux has copied, or begun to copy."""
    if settings.due > ctx.now():
        return ()  # what is there so far may still change
    name = settings.name
    known, records = ctx.ledger.collected(name), ctx.ledger.records(name)
    ours = {s for s, record in records.items() if record.kind != "missing"} | known.keys()
    return tuple(s for s in ids if s not in ours and _holds_work(ctx, name, s))


def _holds_work(ctx: Context, assignment: str, student_id: str) -> bool:
    folder = ctx.grader.submitted_folder(assignment, student_id)
    return not folder.is_symlink() and any(
        path.is_file() and path.name != TIME_FILE for path in folder.rglob("*")
    )
