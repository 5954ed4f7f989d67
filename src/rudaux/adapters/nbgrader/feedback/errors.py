"""The last error line of each failed test in an autograded notebook, without hidden tests."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbformat import v4
from nbgrader.utils import is_grade, is_solution

from rudaux.adapters.nbgrader.feedback.redact import ANSI, Secret, hidden_lines
from rudaux.adapters.nbgrader.grading.choose import grade_id
from rudaux.adapters.nbgrader.grading.hidden import Delimiters, without_hidden
from rudaux.adapters.nbgrader.grading.outputs import NOT_RUN

LONGEST = 300
"""Characters of a line; a message may contain a whole data frame."""
_AT = re.compile(r"^\s*-+> ?(\d+)\s")
_ARROW = re.compile(r"^\s*-+> ?\d+\s*(.*)")


def last_errors(path: Path, delimiters: Delimiters) -> dict[str, str]:
    """Return the last error line of each failed test by its grade id; {} for a damaged file.

    This is for the instructor, but fit to be passed on: for a hidden test it has only the kind of
    error, whatever the configuration says.
    """
    try:
        # nbformat.reads would validate again what rudaux itself has written.
        notebook = v4.reads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    tests = delimiters.tests(notebook)
    shown = (c.source for c in without_hidden(notebook, delimiters).cells)
    secret = Secret(hidden_lines(notebook, tests), shown)
    return {
        grade_id(cell): _told(_error(cell), tests.get(index, frozenset()), secret)
        for index, cell in _failed(notebook)
    }


def _told(error: Mapping[str, Any], hidden: frozenset[int], secret: Secret) -> str:
    if not hidden or error["evalue"] in NOT_RUN.values():  # our own words, which reveal nothing
        return _line(error)
    at, line = _line_number(error.get("traceback", ())), _line(error)
    if at is not None and at not in hidden and not secret.tells(line):
        return line
    kind = str(error["ename"])
    # A student may have chosen the name.
    return f"{kind if hasattr(builtins, kind) else 'an error'} in a hidden test"


def _failed(notebook: Any) -> Iterator[tuple[int, Any]]:
    for index, cell in enumerate(notebook.cells):
        test = cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)
        if test and _error(cell):
            yield index, cell


def _error(cell: Any) -> Any:
    errors = (o for o in cell.outputs if o.output_type == "error")
    return next(errors, None)


def _line(error: Mapping[str, Any]) -> str:
    """Return the line of a traceback that names the error; for a bare assertion, the assertion."""
    kind, said = str(error["ename"]), ANSI.sub("", str(error["evalue"])).strip()
    first = said.split("\n")[0].strip() or _failing_line(error.get("traceback", ()))
    line = f"{kind}: {first}" if first else kind
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _line_number(trace: Any) -> int | None:
    """Return the number of the test's line where a traceback starts; None if it has none."""
    lines = [line for part in trace for line in ANSI.sub("", str(part)).split("\n")]
    return next((int(arrow[1]) for line in lines if (arrow := _AT.match(line))), None)


def _failing_line(trace: Any) -> str:
    lines = [line for part in trace for line in ANSI.sub("", str(part)).split("\n")]
    found = [arrow[1].strip() for line in lines if (arrow := _ARROW.match(line))]
    return found[-1] if found else ""
