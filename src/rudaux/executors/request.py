"""What every box is told about a submission, and how long it may take."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from rudaux.config import GradingSettings
from rudaux.config import read_memory as read_memory
from rudaux.domain.execution import PROOF, WITNESS, Job, kernels_of

_GRACE = 60.0


def request(job: Job, settings: GradingSettings, tasks: int | None) -> dict[str, object]:
    """Return what a supervisor must know about a job; `tasks` is as in `runtime.limits.Limits`."""
    limits = {
        "cell_timeout": settings.cell_timeout,
        "timeout": settings.timeout,
        "memory": read_memory(settings.memory),
        "tasks": tasks,
        "spared": WITNESS,
    }
    proof = {"mark": PROOF, "code": job.proof} if job.proof else {}
    return {"limits": limits, "kernels": kernels_of(job.notebooks), "proof": proof}


def patience(settings: GradingSettings) -> float:
    """Return the seconds after which a box without a verdict counts as lost."""
    return settings.timeout + _GRACE


def fitting(memory: int) -> int:
    """Return how many submissions to run at a time: one per core, if free memory allows it.

    If all used what they may, the machine would kill some through no fault of their own.
    """
    cores = os.cpu_count() or 1
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(line for line in lines if line.startswith("MemAvailable:"))
        return max(1, min(cores, int(free.split()[1]) * 1024 // memory))
    return cores
