"""What every box is told about a submission, and how long it may take."""

from __future__ import annotations

from rudaux.config import GradingSettings
from rudaux.config import read_memory as read_memory
from rudaux.domain.execution import WITNESS, Job, kernels_of

_GRACE = 60.0


def request(job: Job, settings: GradingSettings, tasks: int | None) -> dict[str, object]:
    """Return what a supervisor must know of a job; `tasks` as in `rudaux.runtime.limits.Limits`."""
    limits = {
        "cell_timeout": settings.cell_timeout,
        "timeout": settings.timeout,
        "memory": read_memory(settings.memory),
        "tasks": tasks,
        "spared": WITNESS,
    }
    return {"limits": limits, "kernels": kernels_of(job.notebooks)}


def patience(settings: GradingSettings) -> float:
    """Return the seconds from its start after which a box without a verdict counts as lost."""
    return settings.timeout + _GRACE
