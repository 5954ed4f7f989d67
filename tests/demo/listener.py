"""Somebody who hears the story of the practice course and never lets it wait."""

from __future__ import annotations


class Listener:
    """A `Teller` that remembers what was said; `pauses` are the addresses to look at."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.pauses: list[str] = []

    def line(self, text: str = "", style: str = "") -> None:
        self.lines.append(text)

    def typed(self, text: str) -> None:
        self.lines.append(text)

    def pause(self, look: str = "") -> None:
        self.pauses.append(look)

    @property
    def heard(self) -> str:
        return "\n".join(self.lines)
