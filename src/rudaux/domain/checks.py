"""What a check found: one fact, whether it is as it should be, and what to do if it is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Result = Literal["ok", "look", "broken"]

LOOK, CONFIGURATION, OUTSIDE = 6, 3, 5


@dataclass(frozen=True)
class Check:
    """One fact about the set-up or an assignment; `system` is what it belongs to.

    `ours`: the cause lies in the course folder, not in an outside system.
    """

    name: str
    result: Result
    text: str
    remedy: str = ""
    system: str = ""
    ours: bool = False


@dataclass(frozen=True)
class Checked:
    """What was found at `at` (aware); `digest` covers everything that the findings depend on."""

    digest: str
    at: datetime
    checks: tuple[Check, ...]


def exit_code(checks: Iterable[Check]) -> int:
    """Return 0, 6 if something needs a look, or 3 or 5 if something is broken.

    5 wins over 3: an outside system may be the reason why the configuration looks wrong.
    """
    seen = tuple(checks)
    broken = [c for c in seen if c.result == "broken"]
    if broken:
        return CONFIGURATION if all(c.ours for c in broken) else OUTSIDE
    return LOOK if any(c.result == "look" for c in seen) else 0


def verdict(checks: Iterable[Check]) -> str:
    """Count what is not as it should be: `1 broken, 2 to look at`; empty where all is well."""
    results = [c.result for c in checks]
    words = ((results.count("broken"), "broken"), (results.count("look"), "to look at"))
    return ", ".join(f"{n} {word}" for n, word in words if n)
