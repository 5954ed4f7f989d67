"""What every box is told about a submission, and how long it may take."""

from __future__ import annotations

from rudaux.config import GradingSettings
from rudaux.domain.execution import WITNESS, Job, kernels_of
from rudaux.errors import ConfigError

_GRACE = 60.0
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


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


def read_memory(text: str) -> int:
    """Return a size written as docker does ("512m", "1g", "1073741824") in bytes."""
    number = text.strip().lower().removesuffix("ib").rstrip("b") or text
    unit = number[-1] if number[-1] in "kmgt" else ""
    try:
        size = int(float(number.removesuffix(unit)) * _UNITS[unit])
    except ValueError:
        size = 0
    if size <= 0:
        raise ConfigError(
            f'rudaux.toml: grading.memory = "{text}" is no size: write it like "512m" or "1g".'
        )
    return size
