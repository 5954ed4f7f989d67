"""From an execution to marks in the gradebook, by nbgrader's own scoring preprocessors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.converters import Autograde
from nbgrader.preprocessors import (
    AssignLatePenalties,
    LimitOutput,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from nbgrader.utils import is_grade, is_solution
from sqlalchemy.exc import SQLAlchemyError

from rudaux.adapters.nbgrader import files
from rudaux.adapters.nbgrader.gradebook.catalogue import Catalogue, KnownNotebook
from rudaux.adapters.nbgrader.gradebook.sheet import Sheet
from rudaux.adapters.nbgrader.grading.allow import allow, marks_of
from rudaux.adapters.nbgrader.grading.choose import grade_id
from rudaux.adapters.nbgrader.grading.hidden import keep_shown
from rudaux.adapters.nbgrader.grading.notes import add_notes
from rudaux.adapters.nbgrader.grading.outputs import as_scored, merge
from rudaux.adapters.nbgrader.grading.sanitise import first_line, make_steps, run_steps
from rudaux.adapters.nbgrader.grading.witness import language_of, settle
from rudaux.adapters.nbgrader.release.source import write
from rudaux.adapters.nbgrader.settings import NbgraderCourse
from rudaux.domain.execution import Execution, Job, Suspicion, Waiting
from rudaux.errors import NeedsPersonError, RudauxError

RAISING = frozenset({"python", "R", "julia"})
"""Kernel languages in which every error is an error output, so stderr has only warnings.

Elsewhere (in metakernel's Octave, for example) stderr may be the only sign of an error.
"""


@dataclass
class Scoring:
    """What nbgrader's preprocessors need to know about a notebook, and what they found."""

    sheet: Sheet
    seconds_late: float
    lenient: bool
    before: Mapping[str, str]
    """Cell sources by grade id when they were last scored; empty for the first time."""
    known: KnownNotebook
    job: Job
    doubts: list[str] = field(default_factory=list)


class SaveToSheet(SaveAutoGrades):  # type: ignore[misc]
    """nbgrader's preprocessor on rows that already exist; a bad value waits for a person."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        self.notebook_id = resources["nbgrader"]["notebook"]
        self.assignment_id = resources["nbgrader"]["assignment"]
        self.student_id = resources["nbgrader"]["student"]
        self.gradebook = resources["scoring"].sheet
        self._answers_stand = _answers(nb) == {
            name: resources["scoring"].before.get(name) for name in _answers(nb)
        }
        scoring: Scoring = resources["scoring"]
        marks = marks_of(scoring.sheet)
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        allow(scoring.sheet, scoring.known, scoring.job.allowances, marks)
        return nb, resources

    def _add_score(self, cell: Any, resources: Any) -> None:
        scoring: Scoring = resources["scoring"]
        name = grade_id(cell)
        if scoring.job.only and (scoring.known.name, name) not in scoring.job.only:
            return
        grade = scoring.sheet.grades[name]
        auto, waiting = grade.auto_score, grade.needs_manual_grade
        try:
            super()._add_score(as_scored(cell, scoring.lenient), resources)
        except (KeyError, ValueError) as wrong:
            # Not None: that means that the row was never graded.
            grade.auto_score, grade.needs_manual_grade = 0, True
            scoring.doubts.append(
                f'the test "{name}" returned a value that is not a score ({wrong})'
            )
        # nbgrader asks for a second look at every mark by hand, even if nothing changed.
        stands = scoring.before.get(name) == cell.source and self._answers_stand
        if is_solution(cell):
            stands = scoring.before.get(name) == cell.source
        if grade.manual_score is not None and not waiting and stands and grade.auto_score == auto:
            grade.needs_manual_grade = False


class PenaltyBySeconds(AssignLatePenalties):  # type: ignore[misc]
    """nbgrader's preprocessor with the lateness after the student's own deadline."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        scoring: Scoring = resources["scoring"]
        self.init_plugin()
        scoring.sheet.row.late_submission_penalty = None
        if scoring.seconds_late > 0:
            penalty = self.plugin_inst.late_submission_penalty(
                resources["nbgrader"]["student"], scoring.sheet.score, scoring.seconds_late
            )
            if penalty is not None:
                kept = self._check_late_penalty(scoring.sheet, penalty)
                scoring.sheet.row.late_submission_penalty = kept
        return nb, resources


class Scorer:
    """nbgrader's scoring preprocessors for one course, made once for all submissions."""

    def __init__(self, course: NbgraderCourse, stderr_fails: bool = False) -> None:
        self._course, self._stderr_fails = course, stderr_fails
        converter = course.converter(Autograde)
        ours = {SaveAutoGrades: SaveToSheet, AssignLatePenalties: PenaltyBySeconds}
        self._steps = make_steps(converter, converter.autograde_preprocessors, ours)
        self._limit = LimitOutput(parent=converter, config=converter.config)

    def score(
        self,
        execution: Execution,
        seconds_late: float,
        catalogue: Catalogue,
        sheets: Mapping[str, Sheet],
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """Set the marks on the sheets; return the notebooks' text by file, and the doubts."""
        job = execution.job
        doubts = list(job.doubts)
        texts = {}
        for name, sheet in sheets.items():
            file = f"{name}.ipynb"
            if file not in job.notebooks:
                _score_missing(sheet, catalogue.notebooks[name], job)
                doubts += _still_counts(file, sheet)
                continue
            notebook = nbformat.v4.reads(job.notebooks[file])  # validated when it was prepared
            merge(notebook, execution, file)
            suspicions = settle(notebook, job.witnesses.get(file, {}))
            doubts += [Suspicion(f"{name}: {reason}") for reason in suspicions]
            known = catalogue.notebooks[name]
            before = self._before(job.assignment, job.student_id, file)
            lenient = language_of(known.kernelspec) in RAISING and not self._stderr_fails
            scoring = Scoring(sheet, seconds_late, lenient, before, known, job)
            done = self._run(notebook, execution, name, scoring)
            _review_tasks(done, known, scoring)
            penalised = bool(sheet.row.late_submission_penalty)
            add_notes(done, execution, name, seconds_late if penalised else 0.0)
            keep_shown(done, execution, file, self._limit)
            if job.only:
                self._keep_others(done, job, name)
            texts[file] = write(done)
            doubts += [f"{name}: {doubt}" for doubt in scoring.doubts]
            doubts += _waiting(name, sheet)
        return texts, tuple(dict.fromkeys(doubts))

    def place(
        self, execution: Execution, texts: Mapping[str, str], lay_out: Callable[[Path], None]
    ) -> Callable[[], None]:
        """Write the autograded folder next to its place; return the function that swaps it in."""

        def fill(folder: Path) -> None:
            lay_out(folder)
            for file, text in texts.items():
                # Outputs may contain lone surrogates, which UTF-8 cannot encode.
                (folder / file).write_text(text, encoding="utf-8", errors="replace")

        job = execution.job
        target = self._course.autograded(job.assignment, job.student_id)
        return files.replace_folder(target, fill, self._course.rights("autograded"))

    def _run(self, notebook: Any, execution: Execution, name: str, scoring: Scoring) -> Any:
        resources = {
            "unique_key": name,
            "nbgrader": {
                "student": execution.job.student_id,
                "assignment": execution.job.assignment,
                "notebook": name,
                "db_url": self._course.db_url,
            },
            "scoring": scoring,
        }
        try:
            return run_steps(self._steps, notebook, resources)
        except (RudauxError, SQLAlchemyError):
            raise
        except Exception as refused:
            raise NeedsPersonError(
                f"{name}.ipynb was run, but nbgrader cannot score it: {first_line(refused)}"
            ) from refused

    def _keep_others(self, notebook: Any, job: Job, name: str) -> None:
        """Restore the outputs of other tests: their marks come from the earlier run, and stay."""
        path = self._course.autograded(job.assignment, job.student_id) / f"{name}.ipynb"
        if not path.is_file():
            return
        before = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        there = {grade_id(c): c for c in before.cells if is_grade(c) and not is_solution(c)}
        for cell in notebook.cells:
            was = there.get(grade_id(cell))
            if was is not None and (name, grade_id(cell)) not in job.only:
                cell.source = was.source
                if cell.cell_type == was.cell_type == "code":
                    cell.outputs, cell.execution_count = was.outputs, was.execution_count

    def _before(self, assignment: str, student_id: str, file: str) -> Mapping[str, str]:
        path = self._course.autograded(assignment, student_id) / file
        if not path.is_file():
            return {}
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        return {grade_id(c): c.source for c in notebook.cells if grade_id(c)}


def _answers(notebook: Any) -> dict[str, str]:
    return {grade_id(c): c.source for c in notebook.cells if is_solution(c)}


def _score_missing(sheet: Sheet, known: KnownNotebook, job: Job) -> None:
    """Score 0 for a notebook that was not handed in, as nbgrader does, or only for some cells."""
    sheet.row.late_submission_penalty = None
    marks = marks_of(sheet)
    for name, grade in sheet.grades.items():
        if not job.only or (known.name, name) in job.only:
            grade.auto_score, grade.needs_manual_grade = 0, False
    allow(sheet, known, job.allowances, marks, handed_in=False)


def _still_counts(file: str, sheet: Sheet) -> list[str]:
    """Ask a person about marks for a notebook that is gone."""
    if not any(grade.manual_score or grade.extra_credit for grade in sheet.grades.values()):
        return []
    reason = f"{file} is no longer handed in, but its marks by hand still count"
    return [Suspicion(f"{reason} (formgrader shows them once it is put back)")]


def _review_tasks(notebook: Any, known: KnownNotebook, scoring: Scoring) -> None:
    """Ask for a look at each task without a mark, or whose notebook changed; nbgrader does not.

    The 0 of a notebook that was not handed in at first goes, too: it would count again where a
    mark is taken away. A test that is corrected or removed is no change: it is not the student's.
    """
    now = {grade_id(c): c.source for c in notebook.cells if grade_id(c)}
    work = [name for name, cell in known.cells.items() if cell.solution or not cell.grade]
    changed = any(now.get(name) != scoring.before.get(name) for name in work)
    for name, cell in known.cells.items():
        grade = scoring.sheet.grades.get(name)
        if cell.task and grade:
            grade.auto_score = None
            if changed or grade.manual_score is None:
                grade.needs_manual_grade = True


def _waiting(name: str, sheet: Sheet) -> list[str]:
    cells = sorted(cell for cell, grade in sheet.grades.items() if grade.needs_manual_grade)
    return [Waiting(name, cells)] if cells else []
