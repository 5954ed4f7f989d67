"""How long a run was kept from running by the machine: no submission ran out of that time.

A machine, or a box on it, may stand still (a paused or migrated virtual machine, a disk that does
not answer), or have far more to do than it can.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from rudaux.runtime import tree

_GAP = 2.0
"""Seconds between two looks from which on there was a standstill: usually they take 0.2 s."""
_STOOD = 0.1
"""The share of the time that a standstill may take before it counts."""
_WAITED = 0.8
"""The same for waiting for a processor: with a fifth of one, most code is done in time, and code
that never ends must still be told from code that could not run."""
_OWN = 0.5
"""The same for the submission's own processes: one that waits for these waits for itself."""

_SHORT = 1.0
"""Seconds after which a cell is long enough to look at what else runs, which takes a while."""


@dataclass(frozen=True)
class Moment:
    """What had been lost up to then, in seconds; `at` is one of `time.monotonic`.

    `used` is the processor time of the kernels and of what has ended.
    """

    at: float
    stood: float
    waited: float
    used: float


class Standstill:
    """Watches the time beside the kernels of a submission, one after the other."""

    def __init__(self) -> None:
        self._kernel: int | None = None
        self._stood = self._earlier = self._waited = 0.0
        self._looked = time.monotonic()
        self._others: float | None = 0.0
        self._begun = self._now()

    def watch(self, kernel: int | None) -> None:
        """Turn to the next kernel (its process id; None: no look at its processor)."""
        self.look(time.monotonic())
        self._earlier += self._waited
        self._kernel, self._waited = kernel, 0.0

    def look(self, now: float) -> None:
        """Notice how long ago the last look was; call this several times a second."""
        if now - self._looked > _GAP:
            self._stood += now - self._looked
        self._looked = now
        if self._kernel:
            self._waited = max(self._waited, tree.waited(self._kernel))
        if self._others is None and now - self._begun.at > _SHORT:
            self._others = self._used_by_others()

    def moment(self) -> Moment:
        """Begin something that may run out of time; return what has been lost so far."""
        self._begun, self._others = self._now(), None
        return self._begun

    def _now(self) -> Moment:
        self.look(time.monotonic())
        ended = os.times()
        used = ended.children_user + ended.children_system
        used += tree.used(self._kernel) if self._kernel else 0.0
        return Moment(self._looked, self._stood, self._earlier + self._waited, used)

    def cause(self, since: Moment) -> str:
        """Return what took so much of the time since then that it is to blame; or ""."""
        now = self._now()
        span = now.at - since.at
        stood, waited = now.stood - since.stood, now.waited - since.waited
        if stood and stood >= _STOOD * span:
            return f"the machine stood still for {stood:.0f} s"
        if not waited or waited < _WAITED * span:
            return ""
        own = now.used - since.used + self._used_by_others()
        if since is self._begun:  # what ran before it, and idles now, is not to blame
            own -= self._others or 0.0
        return "" if own > _OWN * span else f"it had to wait {waited:.0f} s for a processor"

    def _used_by_others(self) -> float:
        """Return the processor time of what runs beside the kernel."""
        pids = (p.pid for p in tree.descendants(os.getpid()) if p.pid != self._kernel)
        return sum(map(tree.used, pids))
