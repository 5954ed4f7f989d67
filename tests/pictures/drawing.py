"""Draw what stands on a terminal as SVG: its text stays text, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

CELL, LINE, FONT = 8.4, 20, 14
"""Pixels: a column's width, a line's height, the size of the letters."""
_EDGE, _BAR = 20, 34
_LEAST = 64
"""Columns of the narrowest picture, so that letters are as large in all of them."""
_WORDS = re.compile(r"\S+(?: \S+)*")
_STYLE = """\
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:#1f2328;white-space:pre}
.w{fill:#fff;stroke:#d0d7de}.t{fill:#f6f8fa}.o{fill:#d0d7de}
.b{font-weight:700}.i{font-style:italic}.d{fill:#656d76}
.red{fill:#c0202b}.green{fill:#116329}.yellow{fill:#7d5200}.blue{fill:#0550ae}.magenta{fill:#8250df}.cyan{fill:#0f5f6b}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.w{fill:#0d1117;stroke:#3d444d}.t{fill:#161b22}.o{fill:#3d444d}
.d{fill:#9198a1}.red{fill:#ff7b72}.green{fill:#56d364}.yellow{fill:#e3b341}.blue{fill:#79c0ff}.magenta{fill:#d2a8ff}.cyan{fill:#76e3ea}}
"""  # noqa: E501
COLOURS = frozenset({"red", "green", "yellow", "blue", "magenta", "cyan"})


@dataclass(frozen=True)
class Look:
    """How a piece of text looks: a colour of the terminal (empty: its own), and its letters."""

    colour: str = ""
    bold: bool = False
    italic: bool = False
    dim: bool = False

    @property
    def names(self) -> str:
        """Return the names that the style sheet has for it."""
        colour = self.colour or ("d" if self.dim else "")
        return " ".join(filter(None, [colour, "b" * self.bold, "i" * self.italic]))


Line = Sequence[tuple[str, Look]]
"""The cells of a line: each a character and how it looks."""


def drawn(title: str, lines: Sequence[Line]) -> str:
    """Draw a window with these lines; `title` is what a screen reader says of it."""
    columns = max([_LEAST, *map(len, lines)])
    width, height = round(columns * CELL) + 2 * _EDGE, len(lines) * LINE + _BAR + 2 * _EDGE - 6
    texts = [text for row, line in enumerate(lines) for text in _texts(line, row)]
    discs = [f'<circle class="o" cx="{20 + 18 * n}" cy="17" r="5.5"/>' for n in range(3)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{_STYLE}</style>",
        f'<rect class="w" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"/>',
        f'<path class="t" d="M1 {_BAR}V8.5A7.5 7.5 0 0 1 8.5 1H{width - 8.5}'
        f'A7.5 7.5 0 0 1 {width - 1} 8.5V{_BAR}z"/>',
        *discs, *texts, "</svg>", "",
    ])  # fmt: skip


def _texts(line: Line, row: int) -> Iterator[str]:
    """Yield the pieces of a line: a column is where it belongs, whatever font a reader has."""
    y = _BAR + _EDGE + row * LINE + 8
    for start, text, look in _pieces(line):
        for found in _WORDS.finditer(text):
            x, wide = _EDGE + (start + found.start()) * CELL, len(found[0]) * CELL
            names = f' class="{look.names}"' if look.names else ""
            yield (
                f'<text x="{x:g}" y="{y}" textLength="{wide:g}" '
                f'lengthAdjust="spacingAndGlyphs"{names}>{escape(found[0], quote=False)}</text>'
            )


def _pieces(line: Line) -> Iterable[tuple[int, str, Look]]:
    """Join neighbours that look alike."""
    pieces: list[tuple[int, str, Look]] = []
    for column, (character, look) in enumerate(line):
        if pieces and pieces[-1][2] == look:
            start, text, _ = pieces[-1]
            pieces[-1] = (start, text + character, look)
        else:
            pieces.append((column, character, look))
    return pieces
