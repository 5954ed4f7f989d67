"""What failed tests said last: one line each, of an autograded notebook, without hidden tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbformat import v4
from nbgrader.utils import is_grade, is_solution

from rudaux.adapters.nbgrader.feedback.redact import INSTEAD, Delimiters, redact
from rudaux.adapters.nbgrader.grading.choose import grade_id
from rudaux.adapters.nbgrader.grading.outputs import NOT_RUN

LONGEST = 300
"""Characters of a line; a message may hold a whole data frame."""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_ARROW = re.compile(r"^\s*-+> ?\d+\s*(.*)")


def last_errors(path: Path, delimiters: Delimiters) -> dict[str, str]:
    """Return the last error line of each failed test by its grade id; none of a damaged file.

    Hidden tests are left out whatever the configuration says: of theirs only the kind of error is
    told.
    """
    try:
        # nbformat.reads would validate what rudaux has written itself.
        notebook = v4.reads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    failed = [id(cell) for cell in _failed(notebook)]
    if not failed:
        return {}
    # What other cells put out is not asked for, and slow to look through.
    for cell in notebook.cells:
        if cell.cell_type == "code" and id(cell) not in failed:
            cell.outputs = []
    found = {grade_id(cell): _line(_error(cell)) for cell in _failed(redact(notebook, delimiters))}
    for cell in _failed(notebook):
        said = _error(cell)
        if said.evalue in NOT_RUN.values():  # our own words, which give no test away
            found[grade_id(cell)] = _line(said)
    return found


def _failed(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        test = cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)
        if test and _error(cell):
            yield cell


def _error(cell: Any) -> Any:
    errors = (o for o in cell.outputs if o.output_type == "error")
    return next(errors, None)


def _line(error: Mapping[str, Any]) -> str:
    """Return the line by which a traceback names the error; of a bare assertion, the assertion."""
    kind, said = str(error["ename"]), _ANSI.sub("", str(error["evalue"])).strip()
    if said == INSTEAD:
        return f"{kind} in a hidden test"
    first = said.split("\n")[0].strip() or _failing_line(error.get("traceback", ()))
    line = f"{kind}: {first}" if first else kind
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _failing_line(trace: Any) -> str:
    lines = [line for part in trace for line in _ANSI.sub("", str(part)).split("\n")]
    found = [arrow[1].strip() for line in lines if (arrow := _ARROW.match(line))]
    return found[-1] if found else ""
