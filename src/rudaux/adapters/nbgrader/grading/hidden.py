"""Which lines of a test are hidden, and notebooks without them.

nbgrader's delimiters in the test cells mark them. The cells' source is the instructor's, as
autograding restored it over whatever was handed in.
https://nbgrader.readthedocs.io/en/stable/user_guide/creating_and_grading_assignments.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import v4
from nbgrader.preprocessors import ClearHiddenTests, LimitOutput
from nbgrader.utils import is_grade, is_solution

from rudaux.adapters.nbgrader.grading.outputs import WORDS, merge
from rudaux.domain.execution import Execution

INSTEAD = "hidden test: not shown"
FAILED = "[this test was not passed]\n"
SEALED = "rudaux_sealed"
"""The key in an autograded notebook's metadata for the version that students see."""


@dataclass(frozen=True)
class Delimiters:
    """The delimiters of hidden tests, as `nbgrader_config.py` may set them."""

    begin: str = "BEGIN HIDDEN TESTS"
    end: str = "END HIDDEN TESTS"

    @classmethod
    def of(cls, config: Any) -> Delimiters:
        """Read the delimiters from a course's configuration."""
        marks = ClearHiddenTests(config=config)
        return cls(marks.begin_test_delimeter, marks.end_test_delimeter)

    def hidden(self, source: str) -> frozenset[int]:
        """Return the numbers of a cell's hidden lines, from 1, including the delimiters."""
        found, inside = set(), False
        for number, line in enumerate(source.split("\n"), start=1):
            inside = inside or self.begin in line
            if inside:
                found.add(number)
            inside = inside and self.end not in line
        return frozenset(found)

    def tests(self, notebook: Any) -> dict[int, frozenset[int]]:
        """Return the hidden lines of each test cell that has any, by its position."""
        found = {
            index: self.hidden(cell.source)
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)
        }
        return {index: lines for index, lines in found.items() if lines}

    def without(self, source: str) -> str:
        """Return a cell's source with a comment in place of each run of hidden lines."""
        hidden = self.hidden(source)
        kept = []
        for number, line in enumerate(source.split("\n"), start=1):
            if number not in hidden:
                kept.append(line)
            elif number - 1 not in hidden:
                kept.append(self._comment(line))
        return "\n".join(kept)

    def _comment(self, line: str) -> str:
        """Return a comment in the kernel's language, as the delimiter's line is one."""
        before, _, after = line.partition(self.begin)
        if any(map(str.isalnum, before + after)):
            before, after = "# ", ""
        return f"{before}{INSTEAD}{after}"


def without_hidden(notebook: Any, delimiters: Delimiters) -> Any:
    """Return a copy of a sanitised notebook without its hidden tests."""
    copy = nbformat.from_dict(notebook)
    for index in delimiters.tests(copy):
        copy.cells[index].source = delimiters.without(copy.cells[index].source)
    return copy


def keep_shown(done: Any, execution: Execution, file: str, limit: LimitOutput) -> None:
    """Keep the version that students see in a graded notebook, if it was run sealed.

    The only thing in it from the run that gave the marks is whether each test was passed.
    """
    done.metadata.pop(SEALED, None)  # a student may have brought one along
    if execution.shown is None:
        return
    shown = nbformat.reads(execution.job.sealed[file], as_version=nbformat.NO_CONVERT)
    shown.metadata.pop(SEALED, None)
    merge(shown, execution.shown, file)
    shown, _ = limit.preprocess(shown, {})
    for mine, cell in zip(done.cells, shown.cells, strict=True):
        if is_grade(cell) and not is_solution(cell) and failed(mine) and not failed(cell):
            cell.outputs.append(v4.new_output("stream", name="stdout", text=FAILED))
    done.metadata[SEALED] = shown


def failed(cell: Any) -> bool:
    """Return whether a cell shows an error."""
    return any(output.output_type == "error" for output in cell.get("outputs", ()))


def ended_because(execution: Execution) -> str:
    """Return why a submission did not run to its end, in words that students may read."""
    shown = execution.shown
    if shown is None or shown.reason:
        return (shown or execution).reason
    return "" if execution.verdict == "ok" else WORDS[execution.verdict]
