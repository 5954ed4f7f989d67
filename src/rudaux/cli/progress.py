"""How far a step is: a bar on a terminal, and what is said of it anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rudaux.cli.describe.words import FAILED, HELD
from rudaux.domain.outcome import Outcome

if TYPE_CHECKING:
    from rich.console import Console

_LONG = 5.0
"""Seconds from which on it is said how long a step has taken."""


@contextmanager
def bar(
    console: Console, label: str, total: int, note: str, failed: str = FAILED
) -> Iterator[Callable[[Sequence[Outcome]], None]]:
    """Draw a progress bar with a note behind it; the caller steps it with all outcomes so far."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
    )
    from rich.text import Text

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28 if console.width >= 80 else 12),
        MofNCompleteColumn(),
    )
    started = stepped = time.monotonic()
    seen: Sequence[Outcome] = ()

    class Note(ProgressColumn):
        """What stands behind the bar; drawn again and again, so that the time in it moves."""

        def render(self, task: Task) -> Text:
            left = ""
            if not task.finished:
                left = pace(time.monotonic() - started, stepped - started, len(seen), total)
            said = [note] * bool(note) + f"{troubles(seen, failed)}{left}".split(" · ")[1:]
            return Text(" · ".join(said))

    with Progress(*columns, Note(), console=console) as shown:
        task = shown.add_task(f"{label:<11}", total=total)

        def step(done: Sequence[Outcome]) -> None:
            nonlocal seen, stepped
            seen, stepped = done, time.monotonic()
            shown.update(task, completed=min(len(done), total))

        yield step


def troubles(outcomes: Sequence[Outcome], failed: str = FAILED) -> str:
    """Count who was repaired, held or failed: ` · 2 held for you · 1 failed`, or nothing.

    `failed` is what is said of what could not be done.
    """
    results = [o.result for o in outcomes if not o.waiting]
    counts = {"repaired": sum(o.repaired for o in outcomes)}
    counts |= {HELD: results.count("held"), failed: results.count("failed")}
    return "".join(f" · {count} {result}" for result, count in counts.items() if count)


def pace(now: float, stepped: float, done: int, total: int) -> str:
    """Return how long it still takes; where the estimate has run out, how long it has taken.

    `now` and `stepped`, when the last one was done, are in seconds from the start.
    """
    left = stepped / done * (total - done) - (now - stepped) if 0 < done < total else 0.0
    if left < 0.5:
        return f" · {now:.0f} s so far" if now >= _LONG and done < total else ""
    return time_left(left, 1, 2)


def time_left(elapsed: float, done: int, total: int) -> str:
    """Estimate from the pace so far, seconds in: `about 3 min left`; nothing at either end."""
    if not 0 < done < total:
        return ""
    seconds = elapsed / done * (total - done)
    if seconds < 60:
        return f" · about {max(round(seconds), 1)} s left"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f" · about {hours} h {minutes} min left" if hours else f" · about {minutes} min left"
