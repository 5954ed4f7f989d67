"""An extension that a person gives, and who has more time than the class and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from rudaux.config import AssignmentSettings
from rudaux.domain.deadlines import Override, same_moment
from rudaux.domain.extensions import Change, Purpose, purpose_of
from rudaux.domain.outcome import Outcome
from rudaux.domain.roster import Student
from rudaux.errors import NotFound, UsageError
from rudaux.ports import Context
from rudaux.workflows import overrides
from rudaux.workflows.deadlines import find_deadlines
from rudaux.workflows.overrides import Each


@dataclass(frozen=True)
class ExtensionPlan:
    """What `apply` writes; `settled` students already have that deadline, or a later one."""

    changes: tuple[Change, ...]
    settled: tuple[tuple[Student, datetime | None], ...]
    coming: dict[str, tuple[datetime, ...]]
    """Every deadline of each assignment as it will be."""

    def __len__(self) -> int:
        return len(self.changes)


def plan(
    ctx: Context,
    settings: AssignmentSettings,
    chosen: Sequence[Student],
    until: datetime | timedelta,
    reason: str = "",
    students: Sequence[Student] = (),
) -> ExtensionPlan:
    """Decide which override gives each chosen student time until then; none is ever shortened.

    A span counts from the student's present deadline or, if an earlier extension was cut short,
    from the one before it. Raises `NotFound` before the assignment is in Canvas.
    """
    existing = overrides.in_canvas(ctx)
    people = students or ctx.canvas.students()
    found = {
        a.name: find_deadlines(ctx, a, people, existing.get(a.name)) for a in ctx.config.assignments
    }
    if settings.name not in existing:
        raise NotFound(
            f"Canvas has no assignment named {settings.name}: run `rudaux init`, then extend it."
        )
    each = Each(ctx, settings, existing[settings.name], found[settings.name])
    changes: list[Change] = []
    settled = []
    for student in chosen:
        present, due = _due(each, student, until, ctx.config.course.timezone)
        if due <= present or same_moment(due, present):
            settled.append((student, each.deadlines.own[student.id]))
        else:
            changes.append(each.extended(student, due, reason))
    coming = {name: d.distinct for name, d in found.items()}
    coming[settings.name] = found[settings.name].after(changes).distinct
    return ExtensionPlan(tuple(changes), tuple(settled), coming)


def _due(
    each: Each, student: Student, until: datetime | timedelta, zone: tzinfo
) -> tuple[datetime, datetime]:
    """Return the deadline that Canvas has for a student, and the one they are to have."""
    there = each.adhoc(student)
    present = each.deadlines.own.get(student.id)
    if present is None:
        raise UsageError(
            f"{student.name} has no deadline for {each.name}: there is nothing to extend."
        )
    records = each.of(student)
    last = records[-1] if records else None
    shown = there.due_at if there else None
    if last is not None and last.promised and not (there and same_moment(shown, last.due_at)):
        # An extension was cut short: Canvas still has the deadline before it.
        present = last.old_due or present
    return present, _later(present, until, zone) if isinstance(until, timedelta) else until


def _later(moment: datetime, span: timedelta, zone: tzinfo) -> datetime:
    """Add a span: whole days keep the time of day, even if the clocks change in between."""
    if span % timedelta(days=1):
        return moment.astimezone(timezone.utc) + span
    return moment.astimezone(zone) + span


def apply(ctx: Context, plan: ExtensionPlan) -> Iterator[Outcome]:
    """Write the overrides, one outcome per student."""
    yield from overrides.write(ctx, plan.changes)


@dataclass(frozen=True)
class Extension:
    """One override of an assignment, whom it is for, and whose it is (None: a person's)."""

    assignment: str
    override: Override
    students: tuple[Student, ...]
    purpose: Purpose | None
    reason: str = ""

    @property
    def target(self) -> str:
        """Whom it is for, if it does not name students."""
        if self.override.section_id is not None:
            return f"section {self.override.title or self.override.section_id}"
        if self.override.group_id is not None:
            return f"group {self.override.title or self.override.group_id}"
        return "everyone" if self.override.whole_course else ""


def listing(ctx: Context, names: Sequence[str] | None = None) -> tuple[Extension, ...]:
    """Return every override that sets a due date, of the assignments of these names or of all."""
    people, existing = ctx.canvas.students(), overrides.in_canvas(ctx)
    found = []
    for settings in ctx.config.assignments:
        assignment = existing.get(settings.name)
        if assignment is None or (names is not None and settings.name not in names):
            continue
        deadlines = find_deadlines(ctx, settings, people, assignment)
        each = Each(ctx, settings, assignment, deadlines)
        for override in deadlines.overrides:
            theirs = tuple(s for s in people if override.reaches(s, deadlines.members))
            if override.overrides_due and (theirs or not override.adhoc):
                purpose = purpose_of(override, each.made)
                said = [r.reason for r in each.records if r.override == override.id and r.reason]
                found.append(
                    Extension(settings.name, override, theirs, purpose, said[-1] if said else "")
                )
    return tuple(found)


def as_json(found: Sequence[Extension]) -> dict[str, Any]:
    """Return the document of `rudaux canvas extensions --json`.

    `by` is "late registration" or "extension" where rudaux made it, null where a person did.
    """
    return {
        "extensions": [
            {
                "assignment": x.assignment,
                "due_at": x.override.due_at.isoformat() if x.override.due_at else None,
                "override_id": x.override.id,
                "title": x.override.title,
                "by": x.purpose,
                "reason": x.reason or None,
                "students": [{"id": s.id, "name": s.name} for s in x.students],
            }
            for x in found
        ]
    }
