"""Moments, numbers and counts as people write them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal


def when(moment: datetime) -> str:
    """Write a moment as people do: Thu 1 Oct 2026 23:59."""
    return f"{moment:%a %-d %b %Y %H:%M}"


def number(value: Decimal) -> str:
    """Write a number without trailing zeros or an exponent."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(number: int, word: str) -> str:
    """Write a number with its word, as in "1 change" or "2 changes"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
