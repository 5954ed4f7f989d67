"""Draw the house in docs/explanation/architecture.md from the imports: `python -m tests.picture`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tests.imports import MODULES, between

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "architecture.md"
EVERYWHERE = {"errors", "config"}
"""Left out of the house: nearly every part reads them, and they know none but each other."""
_BLOCK = re.compile(r"<!-- picture: (\w+) -->\n.*?<!-- end -->", re.S)


def house() -> str:
    """Draw the parts of rudaux, with the rooms of adapters inside theirs."""
    parts = {m: m.split(".")[0] for m in MODULES if m and m.split(".")[0] not in EVERYWHERE}
    rooms = {m: "_".join(m.split(".")[:2]) for m in MODULES if m.startswith("adapters.")}
    lines = [*_arrows(between(parts)), "subgraph adapters", "  direction LR"]
    lines += [f'  {room}["{room.removeprefix("adapters_")}"]' for room in sorted({*rooms.values()})]
    lines += [f"  {line}" for line in _arrows(between(rooms))]
    return _fenced([*lines, "end"])


def nbgrader() -> str:
    """Draw the rooms of adapters/nbgrader, and the modules that stand beside them."""
    home = "adapters.nbgrader."
    inside = {m: m.removeprefix(home).split(".")[0] for m in MODULES if m.startswith(home)}
    return _fenced(_arrows(between(inside)))


def drawn(page: str) -> str:
    """Return the page with each picture as the imports are now."""
    pictures = {"house": house, "nbgrader": nbgrader}
    return _BLOCK.sub(
        lambda found: f"<!-- picture: {found[1]} -->\n{pictures[found[1]]()}\n<!-- end -->", page
    )


def _arrows(pairs: Iterable[tuple[str, str]]) -> list[str]:
    by_source: dict[str, list[str]] = {}
    for source, target in sorted(pairs):
        by_source.setdefault(source, []).append(target)
    return [f"{source} --> {' & '.join(targets)}" for source, targets in by_source.items()]


def _fenced(lines: Iterable[str]) -> str:
    return "\n".join(["```mermaid", "flowchart TD", *(f"  {line}" for line in lines), "```"])


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text()))
