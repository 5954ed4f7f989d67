"""Students' homes or snapshots -> submitted folder and gradebook, each at their own deadline."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from rudaux.config import AssignmentSettings
from rudaux.domain.collection import (
    Absent,
    Collection,
    Copied,
    Located,
    Lookup,
    NotYet,
    Unreadable,
    believed,
    edits_after,
)
from rudaux.domain.outcome import Outcome
from rudaux.domain.roster import Student
from rudaux.domain.snapshots import in_wrong_zone
from rudaux.domain.submissions import GradebookSubmission, Record
from rudaux.errors import ConfigError, StorageFailure
from rudaux.ports import Context
from rudaux.workflows import takeover
from rudaux.workflows.standings import Standings


@dataclass(frozen=True)
class CollectLine:
    """One student who is due and whose work is not collected as of that deadline.

    `late_until`: they are known to have had nothing by their own deadline, and this is the deadline
    for late work. `earlier`, `record` and `submission` are what is known of them so far.
    """

    student: Student
    deadline: datetime
    found: Lookup
    late_until: datetime | None = None
    earlier: Collection | None = None
    record: Record | None = None
    submission: GradebookSubmission | None = None


@dataclass(frozen=True)
class CollectPlan:
    """What `apply` collects; `snapshots` are the ones it reads from."""

    settings: AssignmentSettings
    lines: tuple[CollectLine, ...]

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Names of the snapshots in use; empty for live folders."""
        found = (line.found for line in self.lines)
        return tuple(sorted({f.snapshot for f in found if isinstance(f, Located) and f.snapshot}))


def plan(ctx: Context, standings: Standings, only: Ids[str] | None = None) -> CollectPlan:
    """Look up the work of every due student; reads only. Raises `StorageFailure` without storage.

    Collected work stays as it is, unless the student's deadline has moved past that moment. So does
    work that a sync has yet to take over, and grades of work that is gone. Students who had nothing
    are looked up again as of `late_until`, once that has passed. That the home of a student who
    has handed in work of before that time is gone or empty is no proof of anything.
    """
    ctx.storage.check()
    _require_past(ctx)
    name, now = standings.settings.name, ctx.now()
    done, submitted = ctx.ledger.collected(name), ctx.gradebook.submissions(name)
    absent = [s.id for s in standings.students if s.id not in submitted]
    waiting = takeover.found(ctx, standings.settings, absent)
    records, lines = ctx.ledger.records(name), []
    handed_in, submissions = cache(ctx.gradebook.submitted), cache(ctx.gradebook.submissions)

    def look(student_id: str, at: datetime) -> Lookup:
        found = ctx.storage.locate(student_id, name, at)
        if not isinstance(found, Absent) or not found.home:
            return found
        theirs = {a: submissions(a).get(student_id) for a, who in handed_in() if who == student_id}
        before = [a for a, s in theirs.items() if s and s.submitted_at and s.submitted_at < at]
        return believed(found, before)

    for student in standings.students:
        deadline = standings.deadlines.own.get(student.id)
        if student.id in waiting:
            continue
        if deadline is None or deadline > now or (only is not None and student.id not in only):
            continue
        earlier, folder = done.get(student.id), ctx.grader.submitted_folder(name, student.id)
        settled = student.id in submitted and (earlier is None or earlier.at >= deadline)
        taken = earlier is None or not earlier.digest
        graded = only is None and taken and settled and submitted[student.id].autograded
        if settled and (folder.is_dir() or graded):
            continue
        found, late = look(student.id, deadline), None
        if student.id not in submitted and _had_nothing(found, records.get(student.id), deadline):
            late = standings.deadlines.second_chance(student.id, now)
        if late is not None:
            found = look(student.id, late)
        if settled and earlier and only is None:
            found = _as_then(found, earlier, folder)
        so_far = (earlier, records.get(student.id), submitted.get(student.id))
        lines.append(CollectLine(student, deadline, found, late, *so_far))
    return CollectPlan(standings.settings, tuple(lines))


def _require_past(ctx: Context) -> None:
    """Raise `ConfigError` if snapshots' names are read in another zone than they are made in."""
    newest = ctx.storage.newest_snapshot()
    if newest is None or not in_wrong_zone(newest[1], ctx.now()):
        return
    name, at = newest[0], newest[1].astimezone(ctx.config.course.timezone)
    raise ConfigError(
        f"the name of snapshot {name} means {at:%a %-d %b %Y %H:%M %Z}, which is still to come, so "
        "nothing was collected: set jupyterhub.snapshots.timezone to the time zone of the names"
    )


def _had_nothing(found: Lookup, record: Record | None, deadline: datetime) -> bool:
    """Return whether nothing was there at the deadline for certain; a live home cannot show it."""
    if isinstance(found, Located) and found.snapshot is None:
        return record is not None and record.kind == "missing" and record.at >= deadline
    return isinstance(found, Absent)


def outdated(ctx: Context, standings: Standings) -> frozenset[str]:
    """Return whose work was looked for before their deadline, or the one for late work, passed.

    Either an extension came later, or the first look found nothing. Work that was taken over from
    elsewhere has no known deadline.
    """
    name, now = standings.settings.name, ctx.now()
    done, records = ctx.ledger.collected(name), ctx.ledger.records(name)
    submitted = ctx.gradebook.submissions(name)
    found = set()
    for student in standings.students:
        deadline = standings.deadlines.own.get(student.id)
        if deadline is None or deadline > now:
            continue
        earlier, record = done.get(student.id), records.get(student.id)
        if student.id in submitted:
            old = earlier is not None and bool(earlier.digest) and earlier.at < deadline
        else:
            last = standings.deadlines.second_chance(student.id, now) or deadline
            old = record is not None and record.kind == "missing" and record.at < last
        found |= {student.id} if old else set()
    return frozenset(found)


def _as_then(found: Lookup, earlier: Collection, folder: Path) -> Lookup:
    """Refuse today's work as a replacement for collected work that is gone from its folder."""
    if not isinstance(found, Located) or found.snapshot is not None:
        return found
    return Unreadable(
        f"what was collected on {earlier.at:%-d %b} is gone from {folder}: restore it, or "
        "take what is in the home now with --student ID"
    )


def apply(ctx: Context, plan: CollectPlan) -> Iterator[Outcome]:
    """Copy and record, one outcome per student; one unreadable home never stops the others."""
    for line in plan.lines:
        yield _collect(ctx, plan.settings.name, line)


_CUT_SHORT = "collecting was cut short before its end"


def _collect(ctx: Context, name: str, line: CollectLine) -> Outcome:
    student, found = line.student, line.found
    if isinstance(found, NotYet) and line.late_until:
        return Outcome(student.name, "held", f"late work is not collected: {found.reason}")
    if isinstance(found, NotYet):
        if line.record is not None and line.record.kind == "missing":
            ctx.ledger.forget(name, student.id)  # an extension came: the proof is outdated
        return Outcome(student.name, "held", f"not collected: {found.reason}")
    if isinstance(found, Absent):
        return _absent(ctx, name, line, found)
    if isinstance(found, Unreadable):
        return _failed(ctx, name, student, found.reason)
    earlier, penalised = line.earlier, line.submission is not None and line.submission.penalty > 0
    moved = earlier is not None and earlier.at < line.deadline
    # What is there may be the new copy.
    kept = line.record is not None and line.record.reason == _CUT_SHORT
    # If cut short, the copy must not look like work that somebody else collected.
    ctx.ledger.record(name, student.id, Record("failed", _CUT_SHORT, ctx.now()))
    try:
        if earlier is not None and (not earlier.digest or (moved and not kept)):
            ctx.grader.keep_submitted(name, student.id)
        copied = ctx.storage.copy(
            found,
            ctx.grader.submitted_folder(name, student.id),
            ctx.grader.source_notebooks(name),
        )
    except StorageFailure as error:
        return _failed(ctx, name, student, str(error))
    # A new deadline may change the late penalty of the present result.
    if earlier is None or earlier.digest != copied.digest or (moved and penalised):
        ctx.grader.discard_autograded(name, student.id)
    edits = edits_after(copied, line.late_until or line.deadline)
    ctx.ledger.record_late_edits(name, student.id, edits)
    at, doubt = _handed_in(line, copied)
    ctx.ledger.record_collection(
        name,
        student.id,
        Collection(copied.digest, found.snapshot, ctx.now(), copied.skipped),
    )
    ctx.gradebook.record_submission(name, student.id, at)
    ctx.ledger.forget(name, student.id)
    return Outcome(student.name, reason="; ".join([*copied.skipped, *doubt]))


def _handed_in(line: CollectLine, copied: Copied) -> tuple[datetime, tuple[str, ...]]:
    """Return when the work was handed in, and a remark if the files' own times cannot be true.

    Work that was not there at the deadline came after it, whatever its files say.
    """
    if line.late_until is None or copied.modified_at > line.deadline:
        return copied.modified_at, ()
    at = line.deadline + timedelta(seconds=1)
    return at, ("its files are dated before the deadline, but were not there at the deadline",)


def _absent(ctx: Context, name: str, line: CollectLine, found: Absent) -> Outcome:
    student, earlier = line.student, line.earlier
    if line.submission is not None:
        if earlier is not None and earlier.digest and earlier.at < line.deadline:
            looked = replace(earlier, at=ctx.now())
            ctx.ledger.record_collection(name, student.id, looked)
        return Outcome(student.name, reason="their earlier submission was kept")
    ctx.ledger.record(name, student.id, Record("missing", found.reason, ctx.now()))
    return Outcome(student.name, reason=f"missing: {found.reason}")


def _failed(ctx: Context, name: str, student: Student, reason: str) -> Outcome:
    ctx.ledger.record(name, student.id, Record("failed", reason, ctx.now()))
    return Outcome(student.name, "failed", reason)
