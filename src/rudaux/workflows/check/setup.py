"""Every system that a course needs, checked one after the other; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator

from rudaux.domain.checks import Check
from rudaux.ports import Context, Surroundings
from rudaux.workflows.check import canvas, cron, git, gradebook, grading, homes, hub, machine
from rudaux.workflows.check.look import Checks, Look, guarded

SYSTEMS: tuple[tuple[str, str, Checks], ...] = (
    ("Canvas", "course", canvas.checks),
    ("Hub", "hub", hub.checks),
    ("Homes", "storage", homes.checks),
    ("Git", "instructors", git.checks),
    ("Cron", "crontab", cron.checks),
    ("Executor", "executor", grading.checks),
    ("Gradebook", "gradebook", gradebook.checks),
    ("Machine", "disk", machine.checks),
)
"""Each with the name of its check if it fails as a whole."""


def check_setup(ctx: Context, around: Surroundings) -> Iterator[Check]:
    """Yield the findings, system by system; if one system is down, the others are checked."""
    look = Look(ctx, around)
    for system, name, checks in SYSTEMS:
        yield from guarded(system, name, checks, look)
