"""From outcomes to the exit code."""

from __future__ import annotations

from collections.abc import Sequence

from rudaux.domain.outcome import Outcome
from rudaux.errors import PartlyDone


def finish(outcomes: Sequence[Outcome], next_step: str) -> None:
    """Raise `PartlyDone` where somebody was held or failed, saying what to do next."""
    held = sum(o.result == "held" for o in outcomes)
    failed = sum(o.result == "failed" for o in outcomes)
    if held or failed:
        counts = [f"{n} {word}" for n, word in ((held, "held"), (failed, "failed")) if n]
        raise PartlyDone(f"done, except for {' and '.join(counts)}: {next_step}")
