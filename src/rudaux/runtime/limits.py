"""What a submission may use; set from outside, before any of its code runs."""

from __future__ import annotations

import resource
from dataclasses import dataclass

OUTPUT_OF_CELL = 8 << 20
OUTPUT_OF_SUBMISSION = 48 << 20
_FILE = 1 << 30
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables that say how many threads numerical libraries start."""
OWN = 192 << 20
"""Bytes of memory for the supervisor and the runner, beside what the submission may use."""
PROCESSES = 256
"""Processes of one submission at a time; more than that is a runaway."""


@dataclass(frozen=True)
class Limits:
    """Limits of one submission: seconds, bytes; `tasks` (if given) bounds all of this user's.

    An output of the MIME type `spared` has room beyond the limits.
    """

    cell_timeout: float
    timeout: float
    memory: int
    tasks: int | None
    spared: str = ""


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
