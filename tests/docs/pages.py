"""The console blocks of a Markdown page: commands, what they show, and how they are renewed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
ON_THE_PRACTICE_COURSE = "<!-- runs on the practice course -->"
"""A page that says so is run after the tutorial, on the same course."""
_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<why>.+?) -->\n+)?^```console\n(?P<text>.*?)^```$", re.M | re.S
)
_MEASURED = re.compile(r"# (s|MB|GB) of ")
"""A line that says how much of a limit was used, and where: all of that differs."""
_CUT = "..."
"""A line of its own in a block: what is left out of a long output."""
_VARIES = (
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r"\b\d+(\.\d+)? (s|min|MB|GB)\b"), r"# \2"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "#"),
    (re.compile(r"-[0-9a-f]{8}(?=\.html)"), "-#"),
    (re.compile(r" ?\(\w+ \d+ \w+ \d\d:\d\d on this machine\)"), ""),
    (re.compile(r"(?<=127\.0\.0\.1:)\d+"), "#"),
)


@dataclass(frozen=True)
class Shown:
    """A command of a block and the lines that the page shows under it."""

    command: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A block: where it stands in the page, and why it is not run (empty: it is)."""

    start: int
    end: int
    line: int
    not_run: str
    shown: tuple[Shown, ...]


def blocks(text: str) -> Iterator[Block]:
    """Yield the console blocks of a page in their order."""
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("text"))
        shown = tuple(_commands(found["text"]))
        yield Block(found.start("text"), found.end("text"), line, found["why"] or "", shown)


def _commands(text: str) -> Iterator[Shown]:
    command, lines = "", list[str]()
    for line in text.splitlines():
        if command.endswith("\\"):
            command += f"\n{line}"
        elif line.startswith("$ "):
            if command:
                yield Shown(command, tuple(lines))
            command, lines = line[2:], []
        else:
            lines.append(line)
    if command:
        yield Shown(command, tuple(lines))


def same(shown: tuple[str, ...], real: list[str]) -> bool:
    """Whether a page shows what a command says, but for what differs from run to run."""
    head, tail = _ends(shown, len(real))
    if head is None:
        return False
    cut = _CUT in shown
    kept = [*real[:head], *([_CUT] if cut else []), *(real[len(real) - tail :] if cut else [])]
    return list(map(_plain, shown)) == list(map(_plain, kept if cut else real))


def renewed(shown: tuple[str, ...], real: list[str]) -> list[str]:
    """Return what the page should show: as it is where it is true, or else the real lines.

    Of an output that is cut with a line of `...`, as many lines as before stay at either end.
    """
    if same(shown, real):
        return list(shown)
    head, tail = _ends(shown, len(real))
    if _CUT not in shown or head is None:
        return real
    return [*real[:head], _CUT, *real[len(real) - tail :]]


def _ends(shown: tuple[str, ...], size: int) -> tuple[int | None, int]:
    if _CUT not in shown:
        return len(shown), 0
    head = shown.index(_CUT)
    tail = len(shown) - head - 1
    return (head, tail) if head + tail <= size else (None, 0)


def _plain(line: str) -> str:
    for pattern, instead in _VARIES:
        line = pattern.sub(instead, line)
    words = line.rstrip()
    return " ".join(words.split()[:3]) if _MEASURED.search(words) else words
