"""From outcomes to a summary of what was graded, and to the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rudaux.cli.describe.words import FAILED, HELD, UNGRADED
from rudaux.cli.view import Finding, Sign
from rudaux.domain.messages import counted, listed
from rudaux.domain.outcome import Outcome
from rudaux.errors import PartlyDone

MOST = 12
"""Reasons that are listed before the rest is only counted."""
SLOW = 1.0
"""Seconds from which on a cell is worth telling of."""


def finish(
    outcomes: Sequence[Outcome], next_step: str, submissions: Sequence[Outcome] = ()
) -> None:
    """Raise `PartlyDone` where something is left to do, saying what and what to do next.

    `submissions` are those without a result, `outcomes` the steps of the run.
    """
    held = sum(o.result == "held" for o in (*outcomes, *submissions))
    ungraded = sum(o.result == "failed" for o in submissions)
    failed = sum(o.result == "failed" for o in outcomes)
    verb = "is" if held == 1 else "are"
    left = ((held, f"{verb} {HELD}"), (ungraded, UNGRADED), (failed, FAILED))
    parts = [f"{number} {words}" for number, words in left if number]
    if parts:
        said = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
        raise PartlyDone(f"done, but {said}: {next_step}")


def graded_summary(
    outcomes: Sequence[Outcome], planned: bool = False, missing: int = 0
) -> list[Finding]:
    """Sum up who was graded, waits for marks, was repaired, held or failed, and slow cells.

    `planned`: marking by hand comes next, so that waiting for it is nothing to look at.
    `missing`: so many handed in nothing, which is proven.
    """
    waiting = [o for o in outcomes if o.waiting]
    held = [o for o in outcomes if o.result == "held" and not o.waiting]
    failed = [o for o in outcomes if o.result == "failed"]
    told = [o for o in outcomes if _note(o)]
    done = sum(o.ok and not o.of_all for o in outcomes)
    rows: list[Finding] = []
    if done:
        rows.append(("ok", f"{done} graded", ""))
    if waiting:
        verb = "waits" if len(waiting) == 1 else "wait"
        label = f"{len(waiting)} {verb} for marks"
        rows.append(("" if planned else "look", label, _cells(waiting)))
    rows += _group("look", "repaired", [o for o in told if o.repaired])
    rows += _group("look", "worth a look", [o for o in told if not o.repaired])
    rows += _group("look", HELD, held)
    rows += _group("broken", UNGRADED, failed)
    if missing:
        rows.append(("", f"{missing} missing", "0 points each: nothing was handed in"))
    rows += _slow(outcomes)
    return rows


def _note(outcome: Outcome) -> str:
    """Return what is remarkable about work that was graded, or waits for nothing but marks."""
    return outcome.note if outcome.waiting else outcome.reason if outcome.ok else ""


def _cells(waiting: Iterable[Outcome]) -> str:
    """Count the cells that wait in each notebook, as many as any one submission has."""
    most: Counter[str] = Counter()
    for outcome in waiting:
        most |= Counter(dict(outcome.waiting))
    return ", ".join(f"{notebook} ({counted(n, 'cell')})" for notebook, n in most.items())


def _group(sign: Sign, word: str, outcomes: Sequence[Outcome]) -> list[Finding]:
    """Put what is the same for several students into one line, the first with the count."""
    together: dict[str, list[str]] = {}
    for outcome in outcomes:
        together.setdefault(_note(outcome) or outcome.reason, []).append(outcome.item)
    texts = [f"{listed(names)}: {reason}" for reason, names in together.items()]
    if texts[MOST:]:
        texts = [*texts[:MOST], f"and {len(texts) - MOST} more: `rudaux status NAME` lists all"]
    labels = [f"{len(outcomes)} {word}", *[""] * len(texts)]
    signs: list[Sign] = [sign, *[""] * len(texts)]  # type: ignore[list-item]
    return list(zip(signs, labels, texts, strict=False))


def _slow(outcomes: Iterable[Outcome]) -> list[Finding]:
    slow = sorted(
        ((o.slowest, o.item) for o in outcomes if o.slowest and o.slowest.seconds >= SLOW),
        key=lambda pair: -pair[0].seconds,
    )[:3]
    texts = [f"{who}: cell {c.cell} of {c.notebook} took {c.seconds:.0f} s" for c, who in slow]
    return [("", "" if at else "slowest", text) for at, text in enumerate(texts)]
