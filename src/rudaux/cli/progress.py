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


@contextmanager
def bar(
    console: Console, label: str, total: int, note: str, failed: str = FAILED
) -> Iterator[Callable[[Sequence[Outcome]], None]]:
    """Draw a progress bar with a note behind it; the caller steps it with all outcomes so far."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28 if console.width >= 80 else 12),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    started = time.monotonic()
    with Progress(*columns, console=console) as shown:
        task = shown.add_task(f"{label:<11}", total=total, note=note)

        def step(done: Sequence[Outcome]) -> None:
            count = min(len(done), total)
            left = time_left(time.monotonic() - started, count, total)
            said = [note] * bool(note) + f"{troubles(done, failed)}{left}".split(" · ")[1:]
            shown.update(task, completed=count, note=" · ".join(said))

        yield step


def troubles(outcomes: Sequence[Outcome], failed: str = FAILED) -> str:
    """Count who was repaired, held or failed: ` · 2 held for you · 1 failed`, or nothing.

    `failed` is what is said of what could not be done.
    """
    results = [o.result for o in outcomes if not o.waiting]
    counts = {"repaired": sum(o.repaired for o in outcomes)}
    counts |= {HELD: results.count("held"), failed: results.count("failed")}
    return "".join(f" · {count} {result}" for result, count in counts.items() if count)


def time_left(elapsed: float, done: int, total: int) -> str:
    """Estimate from the pace so far, seconds in: `about 3 min left`; nothing at either end."""
    if not 0 < done < total:
        return ""
    seconds = elapsed / done * (total - done)
    if seconds < 60:
        return f" · about {max(round(seconds), 1)} s left"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f" · about {hours} h {minutes} min left" if hours else f" · about {minutes} min left"
