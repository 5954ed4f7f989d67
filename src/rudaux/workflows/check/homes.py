"""The storage root, who has a home there, and the snapshots that past deadlines need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rudaux.domain.checks import Check
from rudaux.domain.collection import NotYet, Unreadable
from rudaux.domain.messages import listed
from rudaux.domain.snapshots import in_wrong_zone
from rudaux.errors import RudauxError
from rudaux.ports import Context
from rudaux.workflows.check.look import Course, Look
from rudaux.workflows.standings import Standings, read_standings

FEW = 0.8
"""If a smaller share of students has a home, it is worth a look."""

_REMEDY = {
    NotYet: "have the file server take one; until then nobody's work is collected",
    Unreadable: "check that it is mounted and that this account may read it",
}


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns the file server; stop if the root is not mounted."""
    ctx = look.ctx
    ctx.storage.check()
    homes = ctx.storage.list_homes()
    root = ctx.config.jupyterhub.storage_path
    yield Check("storage", "ok", f"{root} is there and can be read")
    course = look.course
    if isinstance(course, RudauxError):
        text = "homes and deadlines were not checked: Canvas does not say who is in the course"
        yield Check("homes", "look", text, "fix what is broken above, then check again")
        return
    if homes is not None and course.students:
        yield _whose(course, homes)
    if ctx.config.jupyterhub.snapshots is None:
        yield Check("snapshots", "ok", "none are used: work is read from the homes themselves")
        return
    newest = ctx.storage.newest_snapshot()
    if newest:
        yield _newest(ctx, *newest)
    yield from _needed(ctx, course)


def _whose(course: Course, homes: frozenset[str]) -> Check:
    roster = {s.id for s in course.students}
    there = len(roster & homes)
    text = f"{there} of {len(roster)} students have a home"
    if there == len(roster):
        return Check("homes", "ok", text)
    if not there:
        example = f"rudaux looks for {min(roster)}, but finds {min(homes)}"
        remedy = "set jupyterhub.student_id to what the hub calls students, or correct work_path"
        return Check("homes", "broken", f"{text}: {example}", remedy, ours=True)
    if there < len(roster) * FEW:
        names = listed(sorted(s.name for s in course.students if s.id not in homes))
        remedy = "early in the term they may not have logged in; later, check that all is mounted"
        return Check("homes", "look", f"{text}, but not {names}", remedy)
    return Check("homes", "ok", f"{text}; the others have not logged in yet")


def _newest(ctx: Context, name: str, at: datetime) -> Check:
    if in_wrong_zone(at, ctx.now()):
        text = f"the newest, {name}, is dated in the future"
        remedy = "set jupyterhub.snapshots.timezone to the time zone of the names"
        return Check("snapshots", "broken", text, remedy, ours=True)
    if at > ctx.now() + timedelta(days=1):  # further ahead than a time zone explains
        text, remedy = f"{name} is dated in the future", "rename it if its name is no time"
        return Check("snapshots", "look", text, remedy)
    return Check("snapshots", "ok", f"the newest is {name}")


def _needed(ctx: Context, course: Course) -> Iterator[Check]:
    now = ctx.now()
    wait = timedelta(minutes=ctx.config.schedule.delay_minutes)
    found = lacking = 0
    for settings in ctx.config.assignments:
        standings = read_standings(ctx, settings, course.students, course.assignments)
        for student_id, deadline in _uncollected(ctx, standings, now - wait).items():
            seen = ctx.storage.locate(student_id, settings.name, deadline)
            if isinstance(seen, (NotYet, Unreadable)):
                local = deadline.astimezone(ctx.config.course.timezone)
                text = f"{settings.name}, due {local:%a %-d %b %H:%M}: {seen.reason}"
                remedy = _REMEDY[type(seen)]
                lacking += 1
                yield Check("deadline", "broken", text, remedy)
            else:
                found += 1
    if not lacking:
        text = "every past deadline with work to collect has a snapshot"
        yield Check("deadline", "ok", text if found else "no past deadline has work to collect")


def _uncollected(ctx: Context, standings: Standings, before: datetime) -> dict[str, datetime]:
    """Find one student for each past deadline for which work is still to be collected."""
    name = standings.settings.name
    done = {*ctx.ledger.collected(name), *ctx.ledger.records(name)}
    waiting: dict[datetime, str] = {}
    for student in standings.students:
        deadline = standings.deadlines.own.get(student.id)
        if deadline and deadline <= before and student.id not in done:
            waiting.setdefault(deadline, student.id)
    return {student_id: deadline for deadline, student_id in sorted(waiting.items())}
