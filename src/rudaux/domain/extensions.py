"""More time for one student: which Canvas overrides are rudaux's own, and what happens to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from rudaux.domain.deadlines import Override, same_moment
from rudaux.domain.roster import Student

Purpose = Literal["late registration", "extension"]
Action = Literal["create", "lengthen", "split", "remove"]
Fate = Literal["planned", "done", "refused", "failed"]
_TITLE = re.compile(r"rudaux: (late registration|extension) (\S+)")
_GENERATED = re.compile(r"\d+ students?|No Title|")


@dataclass(frozen=True)
class Joined:
    """When a student joined the course (aware); `gone`: they were not on the last roster."""

    at: datetime | None
    gone: bool = False


@dataclass(frozen=True)
class OverrideRecord:
    """What the ledger knows of one write of an override for one student.

    `override`: its id in Canvas, None before Canvas gave one. planned: recorded ahead of the write,
    and not yet read back; refused: Canvas refused it, but rudaux honours it; failed: Canvas refused
    it, and it does not count. The ledger fills in `id` and `run`.
    """

    assignment: str
    student_id: str
    purpose: Purpose
    action: Action
    override: int | None
    old_due: datetime | None
    due_at: datetime | None
    at: datetime
    reason: str = ""
    state: Fate = "planned"
    id: int = 0
    run: int | None = None

    @property
    def promised(self) -> bool:
        """Whether the student has this time, even if Canvas does not show it yet."""
        return self.state in {"planned", "refused"} and self.action != "remove"


def title_for(purpose: Purpose, student: Student) -> str:
    """Return the title that rudaux's own override of a student has in Canvas."""
    return f"rudaux: {purpose} {student.canvas_id or student.id}"


def purpose_of(override: Override, made: Iterable[int] = ()) -> Purpose | None:
    """Return what rudaux made an override for; None: a person made it, or added others to it.

    `made` are the ids of the overrides that rudaux made, as the ledger has them.
    """
    if not override.adhoc or len(override.student_ids | override.outside) > 1:
        return None
    titled = _TITLE.fullmatch(override.title)
    if titled is None:
        return "extension" if override.id in set(made) else None
    return "extension" if titled[1] == "extension" else "late registration"


def made_by(records: Iterable[OverrideRecord]) -> frozenset[int]:
    """Return the ids of the overrides that rudaux made, not of those it only lengthened."""
    made = (r.override for r in records if r.action in {"create", "split"})
    return frozenset(override for override in made if override is not None)


def keeps_title(override: Override) -> bool:
    """Return whether a person gave it its title; Canvas updates its own, like "2 students"."""
    return _GENERATED.fullmatch(override.title) is None


def joined_at(student: Student, before: Joined | None, left: bool) -> datetime | None:
    """Return when a student joined; None where Canvas does not say.

    Canvas keeps no history: an enrollment that is active again has its old `created_at`, and its
    `updated_at` changes with any edit. So the latter counts only for somebody who was gone for a
    while; a student in a new section is not a new student.
    """
    if before is not None and before.at is not None and not before.gone:
        return before.at
    if (before is not None and before.gone) or left:
        known = [at for at in (student.joined_at, student.changed_at) if at is not None]
        return max(known, default=None)
    return student.joined_at


def late_deadline(
    joined: datetime, unlock: datetime, natural: datetime, days: int, zone: tzinfo
) -> datetime | None:
    """Return the deadline of somebody who joined late: the end of a day in the course's zone.

    None if they joined in time, or if their deadline gives them as long anyway.
    """
    exact = joined + timedelta(days=days)
    if joined <= unlock or exact <= natural:
        return None
    return end_of_day(exact, zone)


def end_of_day(moment: datetime, zone: tzinfo) -> datetime:
    """Return the last second of that day in a zone."""
    local = moment.astimezone(zone)
    return local.replace(hour=23, minute=59, second=59, microsecond=0, fold=1)


@dataclass(frozen=True)
class Change:
    """One override to be written for one student, or one that is left to a person.

    `override` is what Canvas has now, `before` their deadline now, `due_at` the new one. If `left`
    is set, nothing is written; it says why.
    """

    assignment: str
    student: Student
    action: Action
    purpose: Purpose
    override: Override | None
    before: datetime | None
    due_at: datetime | None
    reason: str = ""
    left: str = ""
    lock_at: datetime | None = None

    def record(self, at: datetime) -> OverrideRecord:
        """Return what goes into the ledger before the write."""
        known = self.override.id if self.override and self.action != "split" else None
        return OverrideRecord(
            self.assignment, self.student.id, self.purpose, self.action, known,
            self.before, self.due_at, at, self.reason,
        )  # fmt: skip


def keep_up(
    change: Change,
    wanted: datetime | None,
    natural: datetime | None,
    records: Sequence[OverrideRecord],
) -> Change | None:
    """Decide whether a student's deadline changes although nobody asked; None: it does not.

    `wanted` is what late registration or an unfinished extension gives, `natural` their deadline
    without rudaux's own overrides, `records` what was written for them before. `change` carries the
    rest.
    """
    there = change.override
    if there is None:
        return _where_none_is(change, wanted, natural, records)
    own = purpose_of(there, made_by(records))
    if own is None:
        if wanted is None or there.due_at is None or wanted <= there.due_at:
            return None
        shared = len(there.student_ids | there.outside) > 1
        why = "a person made an override for them and others" if shared else (
            "a person made an override for them"
        )  # fmt: skip
        if not there.overrides_due:
            why += " that sets no due date"
        return replace(change, due_at=wanted, left=why)
    if there.due_at is None or not there.overrides_due:
        return None  # no deadline: whoever removed it meant it
    target = max(d for d in (wanted, natural, there.due_at) if d is not None)
    if natural is None or target <= there.due_at or same_moment(target, there.due_at):
        return None
    given = [r.due_at for r in records if r.override == there.id]
    if given and not any(same_moment(there.due_at, due) for due in given):
        return replace(change, due_at=target, left="a person changed it in Canvas")
    return replace(change, action="lengthen", purpose=own, due_at=target)


def _where_none_is(
    change: Change,
    wanted: datetime | None,
    natural: datetime | None,
    records: Sequence[OverrideRecord],
) -> Change | None:
    if wanted is None or natural is None or wanted <= natural:
        return None
    given = [r.due_at for r in records if r.state == "done" and r.due_at is not None]
    removed = bool(records) and records[-1].action == "remove"
    if given and not removed and max(given) >= wanted:
        return replace(change, due_at=wanted, left="a person removed it in Canvas")
    return replace(change, action="create", due_at=wanted)
