"""An assignment graded before its release: what its solution gets, and the untouched release.

The rules that turn what was seen into checks are in `soundness`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from rudaux.domain.execution import Execution, Verdict
from rudaux.domain.watching import Watched, cell_name

Version = Literal["solution", "release"]


@dataclass(frozen=True)
class RehearsedMark:
    """What one graded cell earned, in nbgrader's points; `by_hand`: a person marks it."""

    notebook: str
    cell: str
    points: Decimal
    maximum: Decimal
    by_hand: bool = False


@dataclass(frozen=True)
class CellError:
    """The error that a cell ended with, as one line."""

    notebook: str
    cell: str
    text: str


@dataclass(frozen=True)
class CellSeconds:
    """How long a cell took."""

    notebook: str
    cell: str
    seconds: float


@dataclass(frozen=True)
class Attempt:
    """One version of the assignment, handed in and graded; `doubts` would hold a student's work."""

    verdict: Verdict
    reason: str
    seconds: float
    marks: tuple[RehearsedMark, ...]
    errors: tuple[CellError, ...] = ()
    times: tuple[CellSeconds, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def tests(self) -> tuple[RehearsedMark, ...]:
        """The cells that are graded without a person."""
        return tuple(m for m in self.marks if not m.by_hand)

    def why(self, notebook: str, cell: str) -> str:
        """Return the error of a cell, else the first of its notebook, else how the run ended."""
        own = [e for e in self.errors if e.notebook.removesuffix(".ipynb") == notebook]
        first = next((e for e in own if e.cell == cell), own[0] if own else None)
        if first is None:
            return self.reason
        return first.text if first.cell == cell else f"{first.cell}: {first.text}"


@dataclass(frozen=True)
class Rehearsal:
    """All attempts at an assignment, in the executor that grades."""

    solutions: tuple[Attempt, ...]
    untouched: Attempt
    watched: Watched
    leaks: tuple[str, ...] = ()


def attempt(
    execution: Execution, marks: tuple[RehearsedMark, ...], doubts: tuple[str, ...]
) -> Attempt:
    """Return the attempt of an execution and the marks it got."""
    return Attempt(
        execution.verdict,
        execution.reason,
        execution.seconds,
        marks,
        tuple(_errors(execution)),
        tuple(_times(execution)),
        doubts,
    )


def _errors(execution: Execution) -> Iterator[CellError]:
    for name, results in execution.cells.items():
        cells = json.loads(execution.job.notebooks[name])["cells"]
        for result in results:
            for output in result.outputs:
                if output.get("output_type") == "error":
                    said = " ".join(str(output.get("evalue", "")).split())[:200]
                    text = f"{output.get('ename', 'error')}: {said}".removesuffix(": ")
                    yield CellError(name, cell_name(cells[result.index], result.index + 1), text)


def _times(execution: Execution) -> Iterator[CellSeconds]:
    for name, results in execution.cells.items():
        cells = json.loads(execution.job.notebooks[name])["cells"]
        for result in results:
            if result.seconds is not None:
                where = cell_name(cells[result.index], result.index + 1)
                yield CellSeconds(name, where, result.seconds)
