"""What must never reach students, and finding it in the files that are about to."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["solution", "hidden test", "mark scheme"]

SHORT = 8
"""Characters, white space normalised: a shorter line gives nothing away."""
TELLING = 24
"""From this many characters on, a line is recognised inside a longer one."""


@dataclass(frozen=True)
class Secret:
    """One region of the source that students must not see; `where` names notebook and cell."""

    kind: Kind
    where: str
    text: str


@dataclass(frozen=True)
class Secrets:
    """All regions of an assignment, the delimiters around them, and the text that is public."""

    markers: Mapping[str, Kind] = field(default_factory=dict)
    texts: tuple[Secret, ...] = ()
    public: str = ""
    """The source outside the regions: a line that is also there is no secret."""


def leaks(files: Mapping[str, str], secrets: Secrets) -> tuple[str, ...]:
    """Find delimiters and secret text in released files (name -> content), as sentences.

    A region is found as a whole, whatever its white space and mark-up, or by at least half of
    its telling lines. Lines that are short, or also in the public source, prove nothing.
    """
    public = set(_lines(secrets.public))
    found = []
    for name, content in sorted(files.items()):
        for place, text in pieces(name, content):
            where = f"{name}, {place}" if place else name
            for marker, kind in secrets.markers.items():
                if marker in text:
                    found.append(f'{where} holds the {kind} delimiter "{marker}".')
            lines = _lines(text)
            found.extend(
                f"{where} shows the {secret.kind} of {secret.where}."
                for secret in secrets.texts
                if _shows(lines, _lines(secret.text), public)
            )
    return tuple(dict.fromkeys(found))


def regions(text: str, begin: str, end: str) -> tuple[tuple[str, ...], str]:
    """Split text at delimiter lines into the regions' contents and the text outside them."""
    inside: list[list[str]] = []
    outside: list[str] = []
    is_open = False
    for line in text.split("\n"):
        if begin in line:
            is_open = True
            inside.append([])
        elif end in line:
            is_open = False
        elif is_open:
            inside[-1].append(line)
        else:
            outside.append(line)
    return tuple("\n".join(lines) for lines in inside), "\n".join(outside)


def pieces(name: str, content: str) -> Iterator[tuple[str, str]]:
    """Split a file into places with their readable text: cells of a notebook, else the whole."""
    if name.endswith(".ipynb"):
        try:
            notebook = json.loads(content)
            cells = notebook.pop("cells")
        except (ValueError, AttributeError, KeyError, TypeError):
            yield "", content
            return
        for number, cell in enumerate(cells, start=1):
            yield _cell_name(cell, number), "\n".join(_strings(cell))
        yield "its metadata", "\n".join(_strings(notebook))
    elif name.endswith((".html", ".htm", ".xml", ".svg")):
        yield "", content + "\n" + html.unescape(re.sub(r"<[^>]*>", "", content))
    else:
        yield "", content


def _shows(lines: list[str], secret: list[str], public: set[str]) -> bool:
    there, whole = " ".join(lines), " ".join(secret)
    if len(secret) > 1 and len(whole) >= TELLING and whole in there:
        return True
    telling = {line for line in secret if len(line) >= SHORT and line not in public}
    if not telling:
        return False
    present = set(lines)
    seen = [x for x in telling if x in present or (len(x) >= TELLING and x in there)]
    return len(seen) * 2 >= len(telling)


def _lines(text: str) -> list[str]:
    squeezed = (" ".join(line.split()) for line in text.split("\n"))
    return [line for line in squeezed if line]


def _cell_name(cell: object, number: int) -> str:
    if isinstance(cell, dict) and isinstance(cell.get("metadata"), dict):
        own = cell["metadata"].get("nbgrader")
        if isinstance(own, dict) and own.get("grade_id"):
            return f"cell {own['grade_id']}"
    return f"cell {number}"


def _strings(value: object) -> Iterator[str]:
    """Yield every text in a JSON value; a list of lines, as nbformat writes them, is one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from _strings(item)
