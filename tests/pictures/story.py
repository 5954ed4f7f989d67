"""Which pictures there are, and the term in which they are taken."""

from __future__ import annotations

from dataclasses import dataclass

from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "pictures"


@dataclass(frozen=True)
class Step:
    """A command; with a `picture`, its screen is drawn under that name."""

    command: str
    picture: str = ""
    question: str = ""
    """The last words of what it asks on a terminal; the answer is Enter."""


STORY = (
    Step("rudaux --help", "help"),
    Step("rudaux init --dry-run", "init"),
    Step("rudaux init"),
    Step("rudaux grade homework_1", "grade", question="push nothing"),
    Step("rudaux grade homework_2"),
    Step("rudaux status", "status"),
    Step("python3 -m rudaux.demo.tutorial mark homework_2"),
    Step("rudaux report homework_2", "report"),
    Step("rudaux submit homework_2 --dry-run", "submit"),
    Step("rudaux submit homework_2"),
    Step("rudaux explain tethys homework_2", "explain"),
)
STUDENT, ASSIGNMENT, LOST = "Tethys Saturn", "homework_2", "squares_invalid_input"
"""Whose pages the browser shows, and the test that they failed."""
PAGES = ("report-page", "feedback-page", "canvas-gradebook", "canvas-submission")
"""The browser's pictures, when all of it has happened."""
NAMES = frozenset({f"{s.picture}.svg" for s in STORY if s.picture} | {f"{p}.png" for p in PAGES})
