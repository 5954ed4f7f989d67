"""What a submission may use; set from outside, before any of its code runs."""

from __future__ import annotations

import resource
from dataclasses import dataclass

from rudaux.errors import ConfigError

OUTPUT_OF_CELL = 8 << 20
OUTPUT_OF_SUBMISSION = 48 << 20
_FILE = 1 << 30
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables that say how many threads numerical libraries start."""
PROCESSES = 256
"""Processes of one submission at a time; more than that is a runaway."""

_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


@dataclass(frozen=True)
class Limits:
    """Limits of one submission: seconds, bytes; `tasks` (if given) bounds all of this user's."""

    cell_timeout: float
    timeout: float
    memory: int
    tasks: int | None


def read_memory(text: str) -> int:
    """Read a size as docker writes it ("512m", "1g", "1073741824") into bytes."""
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


def confine(limits: Limits) -> None:
    """Bind this process, and all it starts, to the limits.

    RLIMIT_DATA and not RLIMIT_AS: threads and libraries reserve far more address space than they
    ever use, and a correct `import pandas` must not fail.
    """
    wanted = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _FILE),
        (resource.RLIMIT_DATA, limits.memory),
    ]
    if limits.tasks is not None:
        wanted.append((resource.RLIMIT_NPROC, limits.tasks))
    for what, value in wanted:
        hard = resource.getrlimit(what)[1]
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (limit, limit))
