"""Every system that a course needs, asked one after the other; nothing is written to any."""

from __future__ import annotations

from collections.abc import Iterator

from rudaux.domain.checks import Check
from rudaux.ports import Context, Surroundings
from rudaux.workflows.check import canvas, cron, git, gradebook, grading, homes, hub, machine
from rudaux.workflows.check.look import Checks, Look, guarded

SYSTEMS: tuple[tuple[str, Checks], ...] = (
    ("Canvas", canvas.checks),
    ("Hub", hub.checks),
    ("Homes", homes.checks),
    ("Git", git.checks),
    ("Cron", cron.checks),
    ("Executor", grading.checks),
    ("Gradebook", gradebook.checks),
    ("Machine", machine.checks),
)


def check_setup(ctx: Context, around: Surroundings) -> Iterator[Check]:
    """Yield what is found, system by system, as it is found; what is down stops no other check."""
    look = Look(ctx, around)
    for system, checks in SYSTEMS:
        yield from guarded(system, checks, look)
