"""Deadlines that have passed without a snapshot -> one snapshot, looked up where work is collected.

Nothing here removes a snapshot, ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from rudaux.config import SnapshotSettings
from rudaux.domain.outcome import Outcome
from rudaux.domain.snapshots import first_moment, serves, snapshot_name
from rudaux.errors import CanvasFailure, ConfigError, RudauxError, StorageFailure
from rudaux.ports import Context
from rudaux.workflows.assignments import by_exact_name
from rudaux.workflows.deadlines import find_deadlines

ENTRY = "(snapshot)"
"""What crontab entries that take a snapshot have instead of an assignment."""
LOOKS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each look: over NFS a new snapshot may appear late."""


@dataclass(frozen=True)
class NeedLine:
    """A deadline (aware) that has passed without a snapshot, and who was due then.

    `waits_until`: until then, a snapshot's name would not show that it is after the deadline.
    """

    deadline: datetime
    assignments: tuple[str, ...]
    students: tuple[str, ...]
    waits_until: datetime | None = None


@dataclass(frozen=True)
class SnapshotPlan:
    """The deadlines that need a snapshot, and the name of the one that serves them."""

    lines: tuple[NeedLine, ...]
    name: str
    passed: int = 0
    unsure: RudauxError | None = None
    """Why Canvas gave no deadlines; the configured ones and cron's are then used instead."""

    def __len__(self) -> int:
        return len(self.served)

    @property
    def served(self) -> tuple[NeedLine, ...]:
        """The deadlines that a snapshot taken now serves."""
        return tuple(line for line in self.lines if line.waits_until is None)


def settings_of(ctx: Context) -> SnapshotSettings:
    """Return how snapshots are taken; raise `ConfigError` if rudaux does not take them."""
    settings = ctx.config.jupyterhub.snapshots
    if settings is None or settings.take is None:
        raise ConfigError(
            'rudaux takes no snapshots of this course: set jupyterhub.snapshots.take to "zfs" '
            "(with dataset), or to a command that takes one"
        )
    return settings


def plan(ctx: Context) -> SnapshotPlan:
    """Find each distinct deadline, extensions included, that has passed and has no snapshot."""
    settings, now = settings_of(ctx), ctx.now()
    ctx.storage.check()
    unsure: RudauxError | None = None
    try:
        deadlines = _deadlines(ctx)
    except (CanvasFailure, ConfigError) as error:  # it is down, or there is no good token
        # One snapshot too many does no harm; a missing one cannot be taken later.
        deadlines, unsure = _known_deadlines(ctx), error
    due = {d: who for d, who in sorted(deadlines.items()) if d <= now}
    lines = []
    for deadline, who in due.items():
        students = tuple(sorted({s for people in who.values() for s in people}))
        if ctx.storage.lacks_snapshot(deadline, students):
            late = None if serves(settings, now, deadline) else first_moment(settings, deadline)
            lines.append(NeedLine(deadline, tuple(who), students, late))
    return SnapshotPlan(tuple(lines), snapshot_name(settings, now), len(due), unsure)


def apply(
    ctx: Context, plan: SnapshotPlan, sleep: Callable[[float], object] = time.sleep
) -> Iterator[Outcome]:
    """Take one snapshot for all the deadlines it serves, and look for it; one outcome for each.

    Raises `SystemFailure` if it could not be taken and is not there.
    """
    if not len(plan):
        return
    trouble: RudauxError | None = None
    try:
        ctx.snapshots.take(plan.name)
    except RudauxError as error:
        trouble = error  # another run may have taken it in the same minute
    missing = _look(ctx, plan.served, () if trouble else LOOKS, sleep)
    if trouble and missing:
        raise trouble
    if missing:
        raise StorageFailure(
            f"the snapshot command reported success, but there is no {plan.name} where work is "
            f"collected from ({_where(ctx)}): compare jupyterhub.snapshots in rudaux.toml with "
            "what is there"
        )
    for line in plan.served:
        yield Outcome(", ".join(line.assignments), reason=plan.name)


def coming(ctx: Context, deadlines: Mapping[str, Sequence[datetime]]) -> tuple[datetime, ...]:
    """Return when cron is to take snapshots for these deadlines (aware): distinct minutes, UTC."""
    settings = ctx.config.jupyterhub.snapshots
    if settings is None or settings.take is None:
        return ()
    return tuple(sorted({first_moment(settings, d) for dates in deadlines.values() for d in dates}))


def _deadlines(ctx: Context) -> dict[datetime, dict[str, list[str]]]:
    """Return who is due when, and for what."""
    students, existing = ctx.canvas.students(), ctx.canvas.assignments()
    found: dict[datetime, dict[str, list[str]]] = {}
    for settings in ctx.config.assignments:
        assignment = by_exact_name(existing, settings.name)
        deadlines = find_deadlines(ctx, settings, students, assignment)
        for student, at in deadlines.own.items():
            for moment in (at, deadlines.late_until if at else None):
                if moment is not None and at is not None and moment >= at:
                    found.setdefault(moment, {}).setdefault(settings.name, []).append(student)
    return found


def _known_deadlines(ctx: Context) -> dict[datetime, dict[str, list[str]]]:
    """Return the configured deadlines, and the moments for which cron was asked to take one."""
    everybody: list[str] = []
    with suppress(RudauxError):
        everybody = [s.id for s in ctx.gradebook.students()]
    found: dict[datetime, dict[str, list[str]]] = {}
    for settings in ctx.config.assignments:
        for at in filter(None, (settings.due, settings.late_until)):
            found.setdefault(at, {})[settings.name] = everybody
    machine = ctx.crontab.timezone()
    for entry in ctx.crontab.entries(str(ctx.config.folder)):
        if entry.assignment == ENTRY:
            found.setdefault(entry.at(machine), {}).setdefault("cron's entry", everybody)
    return found


def _look(
    ctx: Context,
    lines: Sequence[NeedLine],
    pauses: Sequence[float],
    sleep: Callable[[float], object],
) -> bool:
    """Return whether some deadline still has no snapshot after several looks."""
    for pause in (0.0, *pauses):
        sleep(pause)
        if not any(ctx.storage.lacks_snapshot(x.deadline, x.students) for x in lines):
            return False
    return True


def _where(ctx: Context) -> str:
    settings = settings_of(ctx)
    return f"{ctx.config.jupyterhub.storage_path}/{settings.path}"
