"""Turn a supervisor's report on its submission, line by line, into an Execution.

Student code may have written any byte of it: only outputs and counts of the cells that were sent
are accepted, and a report that cannot be read is a failure of ours, never a score.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from rudaux.domain.execution import CellResult, Execution, Job, Verdict
from rudaux.runtime.lines import MOST, Splitter


class Report:
    """The report on one submission, as far as it has arrived."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.size = 0
        self.end: Mapping[str, Any] | None = None
        self._splitter = Splitter()
        self._notebook = ""
        self._running: int | None = None
        self._sent = {name: _code_cells(text) for name, text in job.notebooks.items()}
        self._with_code = {name: _with_code(text) for name, text in job.notebooks.items()}
        self._results: dict[str, dict[int, CellResult]] = {name: {} for name in job.notebooks}

    def take(self, data: bytes) -> None:
        """Take in a piece of the report."""
        self.size += len(data)
        for line in self._splitter.take(data):
            if line and not self.end:
                self._line(line)

    @property
    def is_over(self) -> bool:
        """Return whether there is nothing more to read: it has ended, or is too long."""
        return self.end is not None or self.size > MOST

    def _line(self, line: bytes) -> None:
        try:
            self._said(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            why = "the report of its run cannot be read"
            self.end = {"verdict": "failed", "reason": why, "seconds": 0.0}

    def _said(self, said: Mapping[str, Any]) -> None:
        if "notebook" in said:
            self._lost_cell("The kernel was lost.")
            if said["notebook"] not in self._sent:
                raise KeyError(said["notebook"])
            self._notebook = said["notebook"]
        elif "start" in said:
            if said["start"] not in self._sent[self._notebook]:
                raise KeyError(said["start"])
            self._running = said["start"]
        elif "cell" in said:
            index, count, outputs, seconds = said["cell"]
            if index in self._sent[self._notebook]:
                result = CellResult(index, count, tuple(outputs), float(seconds))
                self._results[self._notebook][index] = result
            self._running = None
        else:
            self.end = {
                "verdict": said["verdict"] if said["verdict"] in get_args(Verdict) else "failed",
                "reason": str(said["reason"]),
                "seconds": float(said["seconds"]),
            }

    def _lost_cell(self, reason: str) -> None:
        """Record an error for a cell that was cut off: without one it would look like a pass."""
        if self._running is None:
            return
        done = self._results[self._notebook]
        error = {"output_type": "error", "ename": "Killed", "evalue": reason, "traceback": [reason]}
        done[self._running] = CellResult(self._running, len(done) + 1, (error,))
        self._running = None

    def _unheard_of(self, notebook: str) -> bool:
        """Return whether a cell with code was not reported: no run that ends well skips one."""
        return not self._with_code[notebook] <= self._results[notebook].keys()

    def execution(self, without_end: str, verdict: Verdict = "failed") -> Execution:
        """Return what became of it; without an end, `without_end` and `verdict` apply."""
        end = self.end or {"verdict": verdict, "reason": without_end, "seconds": 0.0}
        self._lost_cell(end["reason"])
        if end["verdict"] == "ok" and any(self._unheard_of(name) for name in self._sent):
            why = "the report of its run leaves out cells"
            end = {**end, "verdict": "failed", "reason": why}
        cells = {
            name: tuple(self._results[name].get(i, CellResult(i, None)) for i in sent)
            for name, sent in self._sent.items()
        }
        return Execution(self.job, end["verdict"], end["reason"], end["seconds"], cells)


def _code_cells(text: str) -> tuple[int, ...]:
    cells = json.loads(text).get("cells", ())
    return tuple(i for i, cell in enumerate(cells) if cell["cell_type"] == "code")


def _with_code(text: str) -> frozenset[int]:
    cells = json.loads(text).get("cells", ())
    code = (n for n, cell in enumerate(cells) if cell["cell_type"] == "code")
    return frozenset(n for n in code if "".join(cells[n].get("source", "")).strip())
