"""Takes hidden tests out of what students get to read; the instructor's copy keeps everything.

A test's verdict and points stay. What is hidden is told by nbgrader's delimiters in the test cells,
whose source is the instructor's: autograding has put it back over whatever was handed in.
https://nbgrader.readthedocs.io/en/stable/user_guide/creating_and_grading_assignments.html
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import v4
from nbgrader.utils import is_grade, is_solution

INSTEAD = "hidden test: not shown"
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_SPACE = re.compile(r"[\s\\]+")
_ARROW = re.compile(r"^\s*-+> ?(\d+)")
_PRINTS = re.compile(
    r"\b(print\w*|display|cat|message|warn\w*|write\w*|show|info|debug|error)\s*\("
)
_TELLING = 5
"""Letters and digits below which a line gives nothing away, and would be found everywhere."""
_PICTURES = ("image/png", "image/jpeg", "image/gif", "application/pdf")


@dataclass(frozen=True)
class Delimiters:
    """The marks around hidden tests, as `nbgrader_config.py` may set them."""

    begin: str = "BEGIN HIDDEN TESTS"
    end: str = "END HIDDEN TESTS"

    def hidden(self, source: str) -> frozenset[int]:
        """Give the numbers of a cell's hidden lines, from 1, the marks around them included."""
        found, inside = set(), False
        for number, line in enumerate(source.split("\n"), start=1):
            inside = inside or self.begin in line
            if inside:
                found.add(number)
            inside = inside and self.end not in line
        return frozenset(found)


@dataclass(frozen=True)
class _Test:
    """A test cell's lines as they ran, and the numbers of the hidden ones."""

    lines: tuple[str, ...]
    hidden: frozenset[int]

    def shown(self) -> str:
        """Give the cell with one word for each stretch of hidden lines."""
        kept = []
        for number, line in enumerate(self.lines, start=1):
            if number not in self.hidden:
                kept.append(line)
            elif number - 1 not in self.hidden:
                kept.append(f"# {INSTEAD}")
        return "\n".join(kept)

    def failed_in_the_open(self, trace: Iterable[str]) -> bool:
        """Whether a traceback points at lines of this cell, and at no hidden one.

        Not every traceback does: R has none, and `%xmode` can shorten IPython's.
        """
        at = set()
        for line in trace:
            arrow = _ARROW.match(_ANSI.sub("", line))
            number = int(arrow[1]) if arrow else 0
            known = 1 <= number <= len(self.lines)
            if known and plain(line).endswith(plain(self.lines[number - 1])):
                at.add(number)
        return bool(at) and not at & self.hidden

    def prints_hidden(self) -> bool:
        """Whether a hidden line may have printed or shown something."""
        return any(_PRINTS.search(self.lines[number - 1]) for number in self.hidden)


def redact(notebook: Any, delimiters: Delimiters) -> Any:
    """Give a copy of an autograded notebook that shows no hidden test."""
    copy = nbformat.from_dict(json.loads(json.dumps(notebook)))
    tests = {}
    for number, cell in enumerate(copy.cells):
        if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
            hidden = delimiters.hidden(cell.source)
            if hidden:
                tests[number] = _Test(tuple(cell.source.split("\n")), hidden)
                cell.source = tests[number].shown()
    if tests:
        secret = _Secret(tests.values(), [c.source for c in copy.cells])
        for number, cell in enumerate(copy.cells):
            # Code of other cells may have printed what ran before it.
            if cell.cell_type == "code":
                cell.outputs = [secret.without(o, tests.get(number)) for o in cell.outputs]
    return copy


class _Secret:
    """Lines that must not be read, and what to look through for them."""

    def __init__(self, tests: Iterable[_Test], shown: Iterable[str]) -> None:
        hidden = [test.lines[n - 1] for test in tests for n in sorted(test.hidden)]
        self.text = letters(plain("\n".join(hidden)))
        public = plain("\n".join(shown))
        lines = set(map(plain, hidden))
        self.lines = [ln for ln in lines if _is_telling(ln) and ln not in public]

    def without(self, output: Any, test: _Test | None) -> Any:
        """Give the output without hidden text; `test` is the cell, where it holds hidden lines."""
        if output.output_type == "error":
            return self._error(output, test)
        if test is not None and test.prints_hidden():
            return v4.new_output("stream", name="stdout", text=f"[{INSTEAD}]\n")
        if output.output_type == "stream":
            lines = str(output.text).split("\n")
            kept = [f"[{INSTEAD}]" if self._tells(line, test) else line for line in lines]
            output.text = "\n".join(kept)
            return output
        for kind, value in list(output.get("data", {}).items()):
            text = value if isinstance(value, str) else json.dumps(value)
            if kind not in _PICTURES and self._tells(text, test):
                output.data[kind] = f"[{INSTEAD}]"
        return output

    def _error(self, output: Any, test: _Test | None) -> Any:
        """Drop hidden lines around the failing one; of a hidden one tell the kind of error only."""
        trace = [line for part in output.traceback for line in str(part).split("\n")]
        arrows = [line for line in trace if _ARROW.match(_ANSI.sub("", line))]
        found = any(self._tells(line) for line in trace)
        if (
            self._tells(output.evalue, test)
            or any(self._tells(line) for line in arrows)
            or (test is not None and not test.failed_in_the_open(trace))
            or (found and not arrows)
        ):
            said = f"{output.ename} in a hidden test, which is not shown"
            return v4.new_output("error", ename=output.ename, evalue=INSTEAD, traceback=[said])
        output.traceback = [
            "\n".join(line for line in str(part).split("\n") if not self._tells(line))
            for part in output.traceback
        ]
        return output

    def _tells(self, text: str, test: _Test | None = None) -> bool:
        """Whether a hidden line stands in the text or, for a test's own output, the reverse."""
        for read in (plain(text), plain(_TAG.sub("", text))):
            if any(line in read for line in self.lines):
                return True
            # Printed, a text has lost its quotes, and values stand where commas did.
            if test is not None and _is_telling(read) and letters(read) in self.text:
                return True
        return False


def plain(text: str) -> str:
    """Reduce to what is read: no colours, entities, backslashes or spaces."""
    return _SPACE.sub("", html.unescape(_ANSI.sub("", text)))


def letters(text: str) -> str:
    """Reduce further, to letters and digits."""
    return "".join(filter(str.isalnum, text))


def _is_telling(text: str) -> bool:
    return sum(c.isalnum() for c in text) >= _TELLING
