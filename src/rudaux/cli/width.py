"""Keep text and tables within a terminal's width: no line breaks inside a word or a command."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

_PIECE = re.compile(r"(\s*)((?:`[^`\n]*`|\S)+)")
"""Blanks, then a word; a command in backticks is one word, so that it can be copied."""
GAP = 2
"""Blanks between two columns of a table."""


def wrapped(
    text: str, width: int, measure: Callable[[str], int] = len, hang: int | None = None
) -> str:
    """Break lines longer than `width` columns between words, continued under their own indent.

    A longer word stays whole on a line of its own, a longer command is broken between its words.
    `hang`: the indent of continued lines.
    """
    return "\n".join(
        line if measure(line) <= width else _broken(line, width, measure, hang)
        for line in text.split("\n")
    )


def _broken(line: str, width: int, measure: Callable[[str], int], hang: int | None) -> str:
    indent = " " * (len(line) - len(line.lstrip()) if hang is None else hang)
    done, now = [], ""
    for blanks, word in _pieces(line, width - measure(indent), measure):
        if now.strip() and measure(now + blanks + word) > width:
            done.append(now)
            now = indent + word
        else:
            now += blanks + word
    return "\n".join([*done, now])


def _pieces(line: str, room: int, measure: Callable[[str], int]) -> Iterator[tuple[str, str]]:
    """Yield blanks and a word, again and again; a command that has no room in a line is words."""
    for blanks, word in _PIECE.findall(line):
        if measure(word) <= room:
            yield blanks, word
        else:
            yield from re.findall(r"(\s*)(\S+)", blanks + word)


def column_widths(
    cells: Sequence[Sequence[str]],
    width: int,
    measure: Callable[[str], int] = len,
    rigid: Sequence[bool] = (),
) -> list[int] | None:
    """Share `width` among the columns (each a header and its cells); None: a word would break.

    Each column gets its longest word first, a `rigid` one its longest cell; then the narrow ones
    what they lack.
    """
    left = width - GAP * (len(cells) - 1)
    needs = [max((measure(w) for c in column for w in c.split()), default=0) for column in cells]
    full = [max(map(measure, column), default=0) for column in cells]
    needs = [full[i] if any(rigid[i : i + 1]) else need for i, need in enumerate(needs)]
    left -= sum(needs)
    if left < 0:
        return None
    for at in sorted(range(len(cells)), key=lambda i: full[i] - needs[i]):
        more = min(left, full[at] - needs[at])
        needs[at] += more
        left -= more
    return needs


def blocks(
    header: Sequence[str],
    lines: Sequence[Sequence[str]],
    width: int,
    measure: Callable[[str], int] = len,
) -> str:
    """Write each row as a block, a cell on a line: for a terminal too narrow for the table."""
    label = max(map(measure, header))
    shown = []
    for first, *rest in lines:
        shown.append(first)
        for name, cell in zip(header[1:], rest, strict=True):
            if cell.strip() not in ("", "·"):
                start = f"  {name}{' ' * (label - measure(name))}  "
                shown.append(wrapped(start + cell, width, measure, label + 4))
    return "\n".join(shown)
