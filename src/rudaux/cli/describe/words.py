"""Moments, numbers and counts as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from rudaux.domain.submissions import state_words

HELD, FAILED = "held for you", "failed"
"""What is said of a step that waits for a person to look, and of one that could not be done."""
UNGRADED = state_words("failed")
"""What is said of a submission for which there is no result: our side failed, or it is broken."""
NOTHING = frozenset({"-", "·"})
"""Cells of a table that hold no number."""


def when(moment: datetime) -> str:
    """Write a moment as people do: Thu 1 Oct 2026 23:59."""
    return f"{moment:%a %-d %b %Y %H:%M}"


def number(value: Decimal) -> str:
    """Write a number without trailing zeros or an exponent."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def aligned(values: Sequence[Decimal | None]) -> list[str | None]:
    """Write numbers with as many decimals as the longest of them needs, so that points align."""
    known = [number(round(v, 4)) for v in values if v is not None]
    places = max((len(text.partition(".")[2]) for text in known), default=0)
    return [None if v is None else format(v, f".{places}f") for v in values]


def alike(cells: Sequence[str]) -> Sequence[str]:
    """Write the numbers of a column with as many decimals as one of them needs."""
    try:
        known = [Decimal(cell) for cell in cells if cell not in NOTHING]
    except InvalidOperation:
        return cells
    places = max((len(str(n).partition(".")[2]) for n in known), default=0)
    if not places or not all(n.is_finite() for n in known):
        return cells
    return [cell if cell in NOTHING else format(Decimal(cell), f".{places}f") for cell in cells]


def span(time: timedelta) -> str:
    """Write how long something takes in its two largest units, as in "3 h 47 min"."""
    minutes = round(abs(time.total_seconds()) / 60)
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "d"), (hours, "h"), (minutes % 60, "min")]
    said = [f"{value} {unit}" for value, unit in parts if value]
    return " ".join(said[:2]) or "less than a minute"
