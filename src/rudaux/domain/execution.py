"""A submission on its way through an executor."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from rudaux.domain.allowances import Allowance, Cell

WITNESS = "application/vnd.rudaux.witness"
"""The MIME type of the output by which a test cell says that its end was reached."""
PROOF = "{rudaux.proof}"
"""Stands in test cells for what proves that they ran, until a kernel is there to run them."""

NO_LONGER_PART = "is no longer part of the assignment"
"""How the repair of a cell for an answer ends that the source does not have."""


@dataclass(frozen=True)
class Job:
    """One submission, ready to run: sanitised notebooks (file name -> nbformat JSON text).

    `folder` is a scratch folder that holds only the assignment's data files and the student's own
    other files; the executor may copy from it. `doubts` are what a person must decide about it,
    `remarks` what the instructor should know about it.
    `witnesses` are what test cells must publish at their end: file name -> index -> nonce.
    `proof` is the packed program that makes them do so, for which `PROOF` stands in the cells.
    `digest` covers everything that can change what the tests give, without the witnesses.
    `allowances` are points beyond what tests give; with `only`, no other test's mark is touched.
    `sealed` are the notebooks without hidden tests, where students see a run of these instead.
    """

    assignment: str
    student_id: str
    notebooks: Mapping[str, str]
    folder: Path
    repairs: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    witnesses: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    digest: str = ""
    allowances: Mapping[Cell, Allowance] = field(default_factory=dict)
    only: frozenset[Cell] = frozenset()
    sealed: Mapping[str, str] = field(default_factory=dict)
    proof: str = ""

    def without_hidden_tests(self) -> Job:
        """Return the job whose run students see; nothing of a hidden test is in it."""
        return replace(self, notebooks=self.sealed, witnesses={}, sealed={})


def kernel_name(notebook: Mapping[str, Any]) -> str:
    """Return the name of the kernelspec that a notebook (nbformat 4) asks for."""
    name = str(notebook.get("metadata", {}).get("kernelspec", {}).get("name") or "python3")
    # Old notebooks say "python", which jupyter_client's KernelManager takes for this name, too.
    return "python3" if name == "python" else name


def has_code(notebook: Mapping[str, Any]) -> bool:
    """Return whether a notebook (nbformat 4) has a cell to run, so that it needs a kernel."""
    return any(
        cell["cell_type"] == "code" and "".join(cell["source"]).strip()
        for cell in notebook.get("cells", ())
    )


def kernels_of(notebooks: Mapping[str, str]) -> dict[str, str]:
    """Return the kernelspec's name for each notebook (file name -> text) that has code to run."""
    contents = {name: json.loads(text) for name, text in notebooks.items()}
    return {name: kernel_name(content) for name, content in contents.items() if has_code(content)}


@dataclass(frozen=True)
class CellResult:
    """Outputs of one code cell, by its position in the notebook; count None: it never ran."""

    index: int
    execution_count: int | None
    outputs: tuple[Mapping[str, Any], ...] = ()
    seconds: float | None = field(default=None, compare=False)


Verdict = Literal["ok", "cell_timeout", "timeout", "kernel_died", "out_of_memory", "failed"]


@dataclass(frozen=True)
class Execution:
    """What became of a job; only `failed` is our failure and never a score.

    `image` is the digest of the container image that it ran in, if it ran in one; `replayed`: it
    was not run, but rebuilt from an earlier run. `shown` is the run without hidden tests, if there
    was one: students then see only points and verdicts of this one.
    """

    job: Job
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0
    cells: Mapping[str, tuple[CellResult, ...]] = field(default_factory=dict)
    image: str = ""
    replayed: bool = False
    shown: Execution | None = None


@dataclass(frozen=True)
class GradedWith:
    """What a submission was last graded with: digests of the image ("": none) and of the tests."""

    image: str
    tests: str


def seconds_of_tests(execution: Execution) -> dict[tuple[str, str], float]:
    """Return the seconds of each test that ran, by notebook (without suffix) and grade id."""
    found = {}
    for file, results in execution.cells.items():
        cells = json.loads(execution.job.notebooks.get(file, "{}")).get("cells", ())
        for result in results:
            meta = cells[result.index]["metadata"] if 0 <= result.index < len(cells) else {}
            about = meta.get("nbgrader", {})
            is_test = about.get("grade") and not about.get("solution")
            if is_test and result.seconds is not None:
                found[file.removesuffix(".ipynb"), str(about["grade_id"])] = result.seconds
    return found


@dataclass(frozen=True)
class Broken:
    """A submission that cannot be graded without a person, and why."""

    reason: str


@dataclass(frozen=True)
class GradedFrom:
    """What a submission's marks came from: a digest of all that went in, and of what came out.

    While both stay the same, a run would give the same marks. Empty: that is not certain.
    """

    inputs: str = ""
    outputs: str = ""


class Waiting(str):
    """A reason of `Grader.score`: this many `cells` of a `notebook` wait for marks by hand."""

    notebook: str
    cells: int

    def __new__(cls, notebook: str, cells: Sequence[str]) -> Waiting:
        """Write the reason for these cells, given by their grade ids."""
        what = "1 cell waits" if len(cells) == 1 else f"{len(cells)} cells wait"
        reason = super().__new__(cls, f"{notebook}: {what} for marks by hand")
        reason.notebook, reason.cells = notebook, len(cells)
        return reason


class Suspicion(str):
    """A reason of `Grader.score` to hold a submission: tricked tests, or marks of work now gone."""
