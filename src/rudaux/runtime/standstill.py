"""How long a run was kept from running by the machine: no submission ran out of that time.

A machine, or a box on it, may stand still (a paused or migrated virtual machine, a disk that does
not answer), or have far more to do than it can.
"""

from __future__ import annotations

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


@dataclass(frozen=True)
class Moment:
    """What had been lost up to then, in seconds; `at` is one of `time.monotonic`."""

    at: float
    stood: float
    waited: float


class Standstill:
    """Watches the time beside one kernel (its process id; None: no look at its processor)."""

    def __init__(self, kernel: int | None) -> None:
        self._kernel = kernel
        self._stood, self._looked = 0.0, time.monotonic()

    def look(self, now: float) -> None:
        """Notice how long ago the last look was; call this several times a second."""
        if now - self._looked > _GAP:
            self._stood += now - self._looked
        self._looked = now

    def moment(self) -> Moment:
        """Return what has been lost so far."""
        waited = tree.waited(self._kernel) if self._kernel else 0.0
        return Moment(time.monotonic(), self._stood, waited)

    def cause(self, since: Moment) -> str:
        """Return what took so much of the time since then that it is to blame; or ""."""
        now = self.moment()
        stood, waited = now.stood - since.stood, now.waited - since.waited
        if stood and stood >= _STOOD * (now.at - since.at):
            return f"the machine stood still for {stood:.0f} s"
        if waited and waited >= _WAITED * (now.at - since.at):
            return f"it had to wait {waited:.0f} s for a processor"
        return ""
