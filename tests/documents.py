"""What `--json` prints, compared with the examples of docs/reference/json.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.reference import PAGES

_NAMED_BY_DATA = {"markers"}
_EXAMPLE = re.compile(r"^## `(.+?)`\n\n```json\n(.*?)^```", re.M | re.S)


def examples(page: Path = PAGES / "json.md") -> dict[str, Any]:
    """Return the example of each command, by the words of its heading without the names."""
    found = _EXAMPLE.findall(page.read_text())
    return {heading: json.loads(text) for heading, text in found}


def example_for(words: Sequence[str]) -> Any:
    """Return the example of the command that these words run; it must have one."""
    command = words[:2] if words[0] == "canvas" else words[:1]
    named = bool(words[len(command) :]) and not words[len(command)].startswith("-")
    heading = " ".join(command)
    fitting = {h: e for h, e in examples().items() if h.startswith(f"{heading} ")}
    if len(fitting) > 1:
        fitting = {h: e for h, e in fitting.items() if ("NAME" in h) == named}
    [example] = fitting.values()
    return example


def differences(document: Any, example: Any, place: str = "") -> Iterator[str]:
    """Yield each key that only one of the two has; what is null or empty in either says nothing."""
    if isinstance(document, dict) and isinstance(example, dict):
        yield from (f"{place}{key} is not documented" for key in document.keys() - example.keys())
        yield from (f"{place}{key} is not printed" for key in example.keys() - document.keys())
        for key in (document.keys() & example.keys()) - _NAMED_BY_DATA:
            yield from differences(document[key], example[key], f"{place}{key}.")
    elif isinstance(document, list) and isinstance(example, list) and example:
        for item in document:
            yield from differences(item, example[0], place)
