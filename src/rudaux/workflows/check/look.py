"""What the checks of the set-up look at, and how an error becomes a broken check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from rudaux.config import read_token
from rudaux.domain.canvas import CanvasAssignment, CanvasCourse
from rudaux.domain.checks import Check
from rudaux.domain.roster import Student
from rudaux.errors import ConfigError, RudauxError, UsageError
from rudaux.ports import Context, Surroundings

_ENDS = (": ", "; ", ". ")
"""What separates what happened from what to do next in an error's sentence."""
_ASIDE = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Course:
    """What Canvas says about the course."""

    facts: CanvasCourse
    students: tuple[Student, ...]
    assignments: tuple[CanvasAssignment, ...]


@dataclass(frozen=True)
class Look:
    """The course and what is around it; what several checks need is read once."""

    ctx: Context
    around: Surroundings

    @cached_property
    def course(self) -> Course | RudauxError:
        """Who is in the course and what it has, or why Canvas does not say; it is asked once."""
        try:
            canvas, settings = self.ctx.canvas, self.ctx.config.canvas
            token = read_token(self.ctx.config)
            # The course's own client would retry for minutes if Canvas is down.
            self.around.canvas(settings.url, settings.course_id, token).course()
            return Course(canvas.course(), canvas.students(), canvas.assignments())
        except RudauxError as error:
            return error


Checks = Callable[[Look], Iterator[Check]]


def guarded(system: str, name: str, checks: Checks, look: Look) -> Iterator[Check]:
    """Yield a system's checks; one that raises is broken, and the ones after it are left out."""
    try:
        for check in checks(look):
            yield replace(check, system=system)
    except RudauxError as error:
        yield replace(broken(name, error), system=system)
    except OSError as error:
        text = f"{error.filename or 'a file'} cannot be used: {error.strerror}"
        yield Check(name, "broken", text, "check who owns it, and the disk", system)


def broken(name: str, error: RudauxError, remedy: str = "") -> Check:
    """Turn an error into a check: its last clause is the remedy, unless one is given."""
    text = " ".join(str(error).split()).rstrip(".")
    if not remedy:
        outside = _ASIDE.sub(lambda aside: "-" * len(aside[0]), text)
        at = max(outside.rfind(end) for end in _ENDS)
        if at > 0:
            text, remedy = text[:at], text[at + 2 :]
    ours = isinstance(error, (ConfigError, UsageError))
    return Check(name, "broken", text, remedy, ours=ours)
