"""Put what an executor sent back into the notebook's outputs, and nothing else.

Student code made these outputs, so no shape and no size can be assumed, and nothing wrong with them
may look like a test that passed: nbgrader takes "no error" as full marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from nbformat import v4

from rudaux.domain.execution import CellResult, Execution, Verdict

MOST_TEXT = 200_000
"""Characters of one text; nbgrader's LimitOutput limits lines, but not their length."""
MOST_DATA = 10_000_000
"""Characters of all outputs of one cell; the rest is left out."""

WORDS: Mapping[Verdict, str] = {
    "ok": "the run passed over it",
    "cell_timeout": "a cell ran out of time",
    "timeout": "the submission ran out of time",
    "kernel_died": "the kernel died",
    "out_of_memory": "the submission ran out of memory",
    "failed": "the run failed",
}
NOT_RUN: Mapping[Verdict, str] = {
    verdict: f"This cell did not run: {reason}." for verdict, reason in WORDS.items()
}
"""The error output of a cell that was not reached."""


def merge(notebook: Any, execution: Execution, file: str) -> None:
    """Put the outputs of `execution` into the code cells that were sent.

    A cell with code that did not run gets an error output that says why, so a test scores 0.
    """
    results: dict[int, CellResult] = {}
    for result in execution.cells.get(file, ()):
        results.setdefault(result.index, result)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        mine = results.get(index)
        cell.outputs, cell.execution_count = [], None
        if mine is not None:
            cell.execution_count = _count(mine.execution_count)
            cell.outputs = _all(mine.outputs)
        if cell.execution_count is None and cell.source.strip() and not _has_error(cell.outputs):
            cell.outputs.append(error("NotRun", NOT_RUN[execution.verdict]))


def as_scored(cell: Any, lenient: bool) -> Any:
    """Copy a cell with its errors first and, if `lenient`, without what it wrote to stderr.

    nbgrader scores by the first output that it understands: a value would hide a later error.
    """
    copy = nbformat.from_dict({**cell})
    if "outputs" in copy:
        copy.outputs = sorted(
            (
                o
                for o in copy.outputs
                if not (lenient and o.output_type == "stream" and o.name == "stderr")
            ),
            key=lambda output: output.output_type != "error",
        )
    return copy


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _has_error(outputs: Sequence[Any]) -> bool:
    return any(output.output_type == "error" for output in outputs)


def _all(outputs: Sequence[Mapping[str, Any]]) -> list[Any]:
    clean, size = [], 0
    for output in outputs:
        try:
            made = _one(output)
        except (KeyError, TypeError, ValueError, AttributeError, nbformat.ValidationError):
            made = error("BadOutput", "The executor sent an output that is not valid.")
        size += len(str(made))
        if size > MOST_DATA and made.output_type != "error":
            made = v4.new_output("stream", name="stdout", text="... Output truncated ...\n")
        clean.append(made)
    return clean


def _one(output: Mapping[str, Any]) -> Any:
    kind = output["output_type"]
    if kind == "stream":
        name = "stderr" if output["name"] == "stderr" else "stdout"
        made = v4.new_output(kind, name=name, text=_text(output["text"]))
    elif kind == "error":
        trace = [_text(line) for line in output.get("traceback", ())]
        made = error(_text(output["ename"]), _text(output["evalue"]), trace)
    elif kind in ("display_data", "execute_result"):
        data = {str(mime): _datum(value) for mime, value in dict(output["data"]).items()}
        result = kind == "execute_result"
        count = {"execution_count": _count(output.get("execution_count"))} if result else {}
        made = v4.new_output(kind, data=data, **count)
    else:
        raise ValueError(kind)
    return made  # nbformat has validated it


def _datum(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value


def _text(value: Any) -> str:
    text = "".join(value) if isinstance(value, list) else value
    if not isinstance(text, str):
        raise TypeError(type(value).__name__)
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "\n... Output truncated ..."


def error(name: str, value: str, trace: Sequence[str] = ()) -> Any:
    """Return an error output, which scores 0."""
    return v4.new_output("error", ename=name, evalue=value, traceback=list(trace) or [value])
