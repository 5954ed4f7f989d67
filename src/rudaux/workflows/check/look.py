"""What the checks of the set-up look at, and how a failure becomes something broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.checks import Check
from rudaux.domain.roster import Student
from rudaux.errors import ConfigError, RudauxError, UsageError
from rudaux.ports import Context, Surroundings

_ENDS = (": ", "; ", ". ")
"""What stands between what happened and what to do next in an error's sentence."""


@dataclass(frozen=True)
class Look:
    """The course and what is around it; what several checks need is read once."""

    ctx: Context
    around: Surroundings

    @cached_property
    def students(self) -> tuple[Student, ...]:
        """The roster."""
        return self.ctx.canvas.students()

    @cached_property
    def assignments(self) -> tuple[CanvasAssignment, ...]:
        """What Canvas has."""
        return self.ctx.canvas.assignments()


Checks = Callable[[Look], Iterator[Check]]


def guarded(system: str, checks: Checks, look: Look) -> Iterator[Check]:
    """Yield a system's checks; one that raises is broken, and those after it are left out."""
    try:
        for check in checks(look):
            yield replace(check, system=system)
    except RudauxError as error:
        yield replace(broken(system, error), system=system)


def broken(name: str, error: RudauxError, remedy: str = "") -> Check:
    """Make a check of an error: its last clause is the remedy, where none is given."""
    text = " ".join(str(error).split()).rstrip(".")
    if not remedy:
        at = max(text.rfind(end) for end in _ENDS)
        if at > 0:
            text, remedy = text[:at], text[at + 2 :]
    ours = isinstance(error, (ConfigError, UsageError))
    return Check(name, "broken", text, remedy, ours=ours)
