"""A class regraded beside the course: whose score changes, by how much, and which tests did it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from rudaux.domain.allowances import Allowance, Cell
from rudaux.domain.grades import score_text
from rudaux.domain.outcome import Outcome
from rudaux.domain.regrade import (
    CellMark,
    Comparison,
    SourceChange,
    SourceTest,
    compare,
    source_changes,
)
from rudaux.domain.submissions import State
from rudaux.errors import UsageError
from rudaux.ports import Beside, Context
from rudaux.workflows import agreed, autograde
from rudaux.workflows.autograde import AutogradePlan
from rudaux.workflows.standings import Standings, reread

_WITHOUT_SCORE: frozenset[State] = frozenset({"not_due", "collected", "failed"})


@dataclass(frozen=True)
class Wanted:
    """What a person wants regraded; without names, all students and all tests.

    `never_lower`: keep the better of a test's old and new points; `may_lower`: stop keeping it.
    """

    students: frozenset[str] = frozenset()
    tests: tuple[str, ...] = ()
    never_lower: bool = False
    may_lower: bool = False
    credit: tuple[str, ...] = ()
    no_credit: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegradePlan:
    """Whose submissions are regraded, and how the source differs from what graded them."""

    grading: AutogradePlan
    changes: tuple[SourceChange, ...]
    credited: tuple[Cell, ...]
    uncredited: tuple[Cell, ...]
    marks: tuple[CellMark, ...]
    left: int
    """Students with a score whom nobody asked to regrade."""

    def __len__(self) -> int:
        return len(self.grading)

    @property
    def renamed(self) -> Mapping[Cell, Cell]:
        """Former names of renamed cells."""
        renamed = (c for c in self.changes if c.kind == "renamed")
        return {(c.notebook, c.cell): (c.notebook, c.was) for c in renamed}


@dataclass(frozen=True)
class Regrade:
    """The class before and after, in Canvas points; `waiting` are those newly held."""

    assignment: str
    comparison: Comparison
    plan: RegradePlan
    maximum: tuple[Decimal | None, Decimal | None]
    names: Mapping[str, str]
    in_step: bool
    """Whether the gradebook already matches the source."""
    waiting: tuple[Outcome, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether taking the results over changes anything."""
        counts = self.comparison
        allowed = (self.plan.credited, self.plan.uncredited)
        return bool(counts.moved or counts.tests or any(allowed)) or not self.in_step


def plan(ctx: Context, beside: Beside, standings: Standings, wanted: Wanted) -> RegradePlan:
    """Update the copy `beside` from the source, and choose who is graded in it.

    Raises `UsageError` for a test that the source does not have, and `GradebookFailure` if a cell
    with marks by hand is gone from the source.
    """
    name = standings.settings.name
    before = ctx.gradebook.tests(name)
    beside.grader.record_source(name)
    after = beside.gradebook.tests(name)
    changes = source_changes(before, after)
    only = frozenset(cell for given in wanted.tests for cell in _find(given, after))
    credited, uncredited = _set_credits(beside, name, wanted, after)
    chosen = _choose(standings, ctx.gradebook.submissions(name), wanted.students)
    if wanted.may_lower:
        _forget_floors(beside, name, chosen, only)
    grading = autograde.plan(ctx, standings, chosen)
    marks = ctx.gradebook.cell_marks(name)
    planned = RegradePlan(
        grading, changes, credited, uncredited, marks,
        len(_choose(standings, ctx.gradebook.submissions(name), frozenset())) - len(chosen),
    )  # fmt: skip
    records = ctx.ledger.records(name)
    grading = replace(
        grading,
        only=only,
        floors=_floors(planned, only) if wanted.never_lower else {},
        certain=ctx.ledger.graded_from(name),
        accepted={sid: record.reason for sid, record in records.items()},
    )
    return replace(planned, grading=grading)


def apply(beside: Beside, plan: RegradePlan) -> Iterator[Outcome]:
    """Grade in the copy, one outcome per student as each finishes; the course stays as it is."""
    yield from autograde.apply(beside, plan.grading)
    _keep_floors(beside, plan.grading)


def weigh(ctx: Context, beside: Beside, standings: Standings, plan: RegradePlan) -> Regrade:
    """Compare the copy with the course, student by student and test by test."""
    name = standings.settings.name
    after = reread(beside, standings)
    with_work = set(ctx.gradebook.submissions(name))
    new = _scores(after, with_work)
    why = {
        s.student_id: s.reason or s.state for s in after.by_student if new.get(s.student_id) is None
    }
    found = compare(
        _scores(standings, with_work),
        new,
        why,
        plan.marks,
        beside.gradebook.cell_marks(name),
        plan.renamed,
    )
    return Regrade(
        name,
        found,
        plan,
        (standings.maximum, after.maximum),
        {s.id: s.name for s in standings.students},
        ctx.grader.source_in_step(name),
        _waiting(standings, after),
    )


def take_over(ctx: Context, beside: Beside, regrade: Regrade) -> None:
    """Take the copy's results over after a backup; if killed at any moment, all or nothing."""
    ctx.gradebook.backup(f"before-regrading-{regrade.assignment}")
    students = [student.id for student in regrade.plan.grading.students]
    agreed.hand_over(ctx, beside, regrade.assignment, students)


def as_json(regrade: Regrade) -> dict[str, Any]:
    """Return the document of `rudaux regrade NAME --what-if --json`; scores in Canvas points."""
    found, plan = regrade.comparison, regrade.plan
    return {
        "assignment": regrade.assignment,
        "up": found.up,
        "down": found.down,
        "unchanged": found.same,
        "others": found.others,
        "students": [
            {"student_id": m.student_id, "old": score_text(m.old),
             "new": score_text(m.new), "why": m.why,
             "tests": [{"notebook": n, "cell": c} for n, c in m.tests]}
            for m in found.moved
        ],
        "tests": [
            {"notebook": t.notebook, "cell": t.cell, "changed": t.changed, "up": t.up,
             "down": t.down}
            for t in found.tests
        ],
        "maximum": {"old": score_text(regrade.maximum[0]), "new": score_text(regrade.maximum[1])},
        "source": [
            {"kind": c.kind, "notebook": c.notebook, "cell": c.cell, "old": score_text(c.old),
             "new": score_text(c.new), "was": c.was or None}
            for c in plan.changes
        ],
        "waiting": [{"student": o.item, "reason": o.reason} for o in regrade.waiting],
        "credit": [{"notebook": n, "cell": c} for n, c in plan.credited],
        "no_credit": [{"notebook": n, "cell": c} for n, c in plan.uncredited],
    }  # fmt: skip


def _choose(
    standings: Standings, with_work: Collection[str], students: frozenset[str]
) -> frozenset[str]:
    """Return whose work was graded, or failed; work never run before is left to `grade`."""
    return frozenset(
        s.student_id
        for s in standings.by_student
        if s.student_id in with_work
        and s.state not in {"not_due", "collected"}
        and (not students or s.student_id in students)
    )


def _waiting(before: Standings, after: Standings) -> tuple[Outcome, ...]:
    names = {s.id: s.name for s in before.students}
    was = {s.student_id: s.state for s in before.by_student}
    return tuple(
        Outcome(names[s.student_id], "held", s.reason.partition(";")[0])
        for s in after.by_student
        if s.state == "needs_manual" and was.get(s.student_id) in {"graded", "pushed"}
    )


def _scores(standings: Standings, with_work: Collection[str]) -> dict[str, Decimal | None]:
    return {
        s.student_id: None if s.state in _WITHOUT_SCORE else standings.targets[s.student_id]
        for s in standings.by_student
        if s.student_id in with_work
    }


def _find(given: str, tests: Iterable[SourceTest]) -> list[Cell]:
    """Find a test by its cell's name, or as NOTEBOOK/CELL."""
    known = {t.key: t for t in tests if not t.by_hand}
    cells = [key for key in known if given in {key[1], "/".join(key)}]
    if not cells:
        near = get_close_matches(given, [cell for _, cell in known], n=1)
        hint = f"Did you mean {near[0]}?" if near else f"It has {_listed(known)}."
        raise UsageError(f'the source has no autograded test "{given}". {hint}')
    return cells


def _listed(known: Iterable[Cell]) -> str:
    return ", ".join(sorted({cell for _, cell in known})) or "no test"


def _set_credits(
    beside: Beside, name: str, wanted: Wanted, tests: Sequence[SourceTest]
) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    before = beside.ledger.credits(name)
    given = {cell for text in wanted.credit for cell in _find(text, tests)}
    taken = {c for text in wanted.no_credit for c in before if text in {c[1], "/".join(c)}}
    for text in wanted.no_credit:
        if not any(text in {c[1], "/".join(c)} for c in before):
            raise UsageError(
                f'nobody was given credit for "{text}": there is nothing to take back.'
            )
    after = (before | given) - taken
    if after != before:
        beside.ledger.record_credits(name, after)
    return tuple(sorted(after - before)), tuple(sorted(before - after))


def _forget_floors(
    beside: Beside, name: str, students: Collection[str], only: Collection[Cell]
) -> None:
    for sid, kept in beside.ledger.allowances(name).items():
        if sid in students:
            lowered = {
                cell: Allowance(given=a.given) if not only or cell in only else a
                for cell, a in kept.items()
            }
            beside.ledger.record_allowances(name, sid, lowered)


def _floors(plan: RegradePlan, only: Collection[Cell]) -> dict[str, dict[Cell, Decimal]]:
    """Return what each test has given each student, including what was kept for them before."""
    now = {was: cell for cell, was in plan.renamed.items()}
    floors: dict[str, dict[Cell, Decimal]] = {}
    for mark in plan.marks:
        cell = now.get(mark.key, mark.key)
        if mark.auto and mark.manual is None and (not only or cell in only):
            floors.setdefault(mark.student_id, {})[cell] = mark.auto
    return floors


def _keep_floors(beside: Beside, grading: AutogradePlan) -> None:
    """Keep the floors of students who failed now: a later run must not lower them, either."""
    name = grading.assignment
    records, kept = beside.ledger.records(name), beside.ledger.allowances(name)
    for sid, floors in grading.floors.items():
        record = records.get(sid)
        if record is None or record.kind != "failed":
            continue
        mine = dict(kept.get(sid, {}))
        for cell, points in floors.items():
            before = mine.get(cell, Allowance())
            mine[cell] = replace(before, floor=max(before.floor, points))
        beside.ledger.record_allowances(name, sid, mine)
