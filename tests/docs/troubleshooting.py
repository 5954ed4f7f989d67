"""The page of messages: an entry names the places in the code whose messages it explains.

The lists of messages are written from the code (`python -m tests.docs --write`), so that better
wording needs no work here. What an entry says about cause and remedy is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.docs.messages import Message, messages
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "reference" / "troubleshooting.md"
_ENTRY = re.compile(r"(<!-- messages: (?P<places>.+?) -->\n)(?P<body>.*?)(?=<!-- end -->)", re.S)


@dataclass(frozen=True)
class Compared:
    """The page as it should be, and what only a person can put right."""

    text: str
    missing: tuple[Message, ...]
    """Messages that no entry names."""
    stale: tuple[str, ...]
    """Places that an entry names, and where no message is made any more."""


def compare(page: str) -> Compared:
    """Compare the page with the code."""
    entries = [found["places"].split() for found in _ENTRY.finditer(page)]
    places = [place for entry in entries for place in entry]
    theirs: dict[str, list[Message]] = {place: [] for place in places}
    missing = []
    for message in messages():
        fits = [p for p in places if _covers(p, message)]
        if fits:
            theirs[max(fits, key=lambda p: ("=" in p, len(p)))].append(message)
        else:
            missing.append(message)

    def filled(found: re.Match[str]) -> str:
        return found[1] + _listed(m for p in found["places"].split() for m in theirs[p])

    stale = tuple(place for place in places if not theirs[place])
    return Compared(_ENTRY.sub(filled, page), tuple(missing), stale)


def _covers(entry: str, message: Message) -> bool:
    """Whether an entry names a message: by folder, file or function, and on request its kind."""
    place, _, kind = entry.partition("=")
    if kind and kind != message.kind:
        return False
    rest = message.place.removeprefix(place)
    return rest != message.place and (not rest or rest[0] in "/:.")


def _listed(found: Iterable[Message]) -> str:
    shown = [m for m in dict.fromkeys(found) if m.text]
    codes = {m.code for m in shown}
    one = codes.pop() if len(codes) == 1 else None
    head = f"\nExit code {one}.\n" if one is not None else ""
    lines = dict.fromkeys(_line(m, None not in codes and len(codes) > 1) for m in shown)
    return f"{head}\n{''.join(lines)}\n" if lines else "\n"


def _line(message: Message, with_code: bool) -> str:
    text = " ".join(message.text.split())
    code = f" (exit code {message.code})" if with_code and message.code is not None else ""
    # A sentence that begins with our name is no command.
    ticks, pad = ("``", " ") if "`" in text or text.startswith("rudaux ") else ("`", "")
    return f"- {ticks}{pad}{text}{pad}{ticks}{code}\n"
