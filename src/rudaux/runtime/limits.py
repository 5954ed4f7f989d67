"""What a submission may use; set before any of its code runs."""

from __future__ import annotations

import resource
from dataclasses import dataclass

OUTPUT_OF_CELL = 8 << 20
OUTPUT_OF_SUBMISSION = 48 << 20
_FILE = 1 << 30
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""The environment variables that tell numerical libraries how many threads to start."""
OWN = 192 << 20
"""Bytes of memory for the supervisor and the runner, on top of the submission's own."""
PROCESSES = 256
"""Processes that one submission may have at a time."""


@dataclass(frozen=True)
class Limits:
    """Limits of one submission, in seconds and bytes; `tasks` bounds all of this user's, if given.

    An output of the MIME type `spared` may exceed the limits.
    """

    cell_timeout: float
    timeout: float
    memory: int
    tasks: int | None
    spared: str = ""


def confine(limits: Limits) -> None:
    """Bind this process and all that it starts to the limits.

    It sets RLIMIT_DATA and not RLIMIT_AS: threads and libraries reserve far more address space than
    they ever use, and a correct `import pandas` must not fail.
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
