"""The storage root, whose home is there, and the snapshots that past deadlines need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rudaux.domain.checks import Check
from rudaux.domain.collection import NotYet, Unreadable
from rudaux.errors import RudauxError
from rudaux.ports import Context
from rudaux.workflows.check.look import Course, Look
from rudaux.workflows.standings import Standings, read_standings

FEW = 0.8
"""The share of students with a home below which that is worth a look."""

_REMEDY = {
    NotYet: "have the file server take one; until then nobody's work is collected",
    Unreadable: "see that it is mounted and that this account may read it",
}


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns the file server; a root that is not mounted ends them."""
    ctx = look.ctx
    ctx.storage.check()
    homes = ctx.storage.list_homes()
    root = ctx.config.jupyterhub.storage_path
    yield Check("storage", "ok", f"{root} is there and can be read")
    course = look.course
    if isinstance(course, RudauxError):
        text = "nobody's home or deadline was looked for: Canvas does not tell who is in the course"
        yield Check("homes", "look", text, "mend what is broken above, then check again")
        return
    if homes is not None and course.students:
        yield _whose(course, homes)
    if ctx.config.jupyterhub.snapshots is None:
        yield Check("snapshots", "ok", "none are used: the folders themselves are read")
        return
    newest = ctx.storage.newest_snapshot()
    if newest:
        yield _newest(ctx, *newest)
    yield from _needed(ctx, course)


def _whose(course: Course, homes: frozenset[str]) -> Check:
    roster = {s.id for s in course.students}
    there = len(roster & homes)
    text = f"{there} of {len(roster)} students have one"
    if there == len(roster):
        return Check("homes", "ok", text)
    if not there:
        example = f"rudaux looks for {min(roster)}, and there is {min(homes)}"
        remedy = "set jupyterhub.student_id to what the hub calls students, or correct work_path"
        return Check("homes", "broken", f"{text}: {example}", remedy, ours=True)
    if there < len(roster) * FEW:
        names = ", ".join(sorted(s.name for s in course.students if s.id not in homes)[:3])
        remedy = "early in the term they have not logged in yet; later, is all of it mounted?"
        return Check("homes", "look", f"{text}; none have {names} and others", remedy)
    return Check("homes", "ok", f"{text}; the others have not logged in yet")


def _newest(ctx: Context, name: str, at: datetime) -> Check:
    age = ctx.now() - at
    if age < -timedelta(minutes=5):
        text = f"the newest, {name}, is of a time that has not come yet"
        remedy = "set jupyterhub.snapshots.timezone to the zone of the names"
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
        text = f"there is a snapshot for each of {found} past deadlines with work to collect"
        yield Check("deadline", "ok", text if found else "no past deadline has work to collect")


def _uncollected(ctx: Context, standings: Standings, before: datetime) -> dict[str, datetime]:
    """Find one student for each deadline that has passed and somebody's work still waits for."""
    name = standings.settings.name
    done = {*ctx.ledger.collected(name), *ctx.ledger.records(name)}
    waiting: dict[datetime, str] = {}
    for student in standings.students:
        deadline = standings.deadlines.own.get(student.id)
        if deadline and deadline <= before and student.id not in done:
            waiting.setdefault(deadline, student.id)
    return {student_id: deadline for deadline, student_id in sorted(waiting.items())}
