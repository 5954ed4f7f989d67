"""Remove hidden tests from what students get to read; the instructor's copy keeps everything.

A test's verdict and points stay. If a submission reveals the text in another form, such as encoded,
it is not found here: `hidden_tests = "sealed"` is for that.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from nbformat import v4

from rudaux.adapters.nbgrader.grading.hidden import (
    FAILED,
    INSTEAD,
    Delimiters,
    failed,
    without_hidden,
)

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_SPACE = re.compile(r"[\s\\]+")
_TELLING = 5
"""A line with fewer letters and digits reveals nothing, and would be found everywhere."""
_PICTURES = ("image/png", "image/jpeg", "image/gif", "application/pdf")


def redact(notebook: Any, delimiters: Delimiters) -> Any:
    """Return a copy of an autograded notebook that shows no hidden test."""
    copy = without_hidden(notebook, delimiters)
    tests = delimiters.tests(notebook)
    secret = Secret(hidden_lines(notebook, tests), [c.source for c in copy.cells])
    for index, cell in enumerate(copy.cells):
        if index in tests:
            cell.outputs = _verdict(cell)
        elif tests and cell.cell_type == "code":
            # Code in other cells may have printed what ran before it.
            cell.outputs = [secret.without(output) for output in cell.outputs]
    return copy


def hidden_lines(notebook: Any, tests: Mapping[int, frozenset[int]]) -> list[str]:
    """Return the lines of a notebook's hidden tests."""
    found = []
    for index, numbers in tests.items():
        lines = notebook.cells[index].source.split("\n")
        found += [lines[number - 1] for number in sorted(numbers)]
    return found


def _verdict(cell: Any) -> list[Any]:
    """Return the outputs for a cell with a hidden test: even an error's name may reveal it."""
    said = (FAILED if failed(cell) else "") + (f"[{INSTEAD}]\n" if cell.outputs else "")
    return [v4.new_output("stream", name="stdout", text=said)] if said else []


class Secret:
    """Lines that students must not read, and a check of outputs for them."""

    def __init__(self, hidden: Iterable[str], shown: Iterable[str]) -> None:
        public = plain("\n".join(shown))
        self.lines = [ln for ln in set(map(plain, hidden)) if _is_telling(ln) and ln not in public]

    def without(self, output: Any) -> Any:
        """Return another cell's output without hidden text."""
        if output.output_type == "error":
            return self._error(output)
        if output.output_type == "stream":
            lines = str(output.text).split("\n")
            output.text = "\n".join(f"[{INSTEAD}]" if self.tells(ln) else ln for ln in lines)
            return output
        for kind, value in list(output.get("data", {}).items()):
            text = value if isinstance(value, str) else json.dumps(value)
            if kind not in _PICTURES and self.tells(text):
                output.data[kind] = f"[{INSTEAD}]"
        return output

    def _error(self, output: Any) -> Any:
        if any(map(self.tells, (output.ename, output.evalue, "\n".join(output.traceback)))):
            name = "Error" if self.tells(output.ename) else output.ename
            said = f"{name}, whose text is left out: {INSTEAD}"
            return v4.new_output("error", ename=name, evalue=INSTEAD, traceback=[said])
        return output

    def tells(self, text: str) -> bool:
        """Return whether a hidden line is in the text, as it is or with tags in between."""
        reads = (plain(text), plain(_TAG.sub("", text)))
        return any(line in read for line in self.lines for read in reads)


def plain(text: str) -> str:
    """Reduce a text to what is read: no colours, entities, backslashes or spaces."""
    return _SPACE.sub("", html.unescape(ANSI.sub("", text)))


def _is_telling(text: str) -> bool:
    return sum(c.isalnum() for c in text) >= _TELLING
