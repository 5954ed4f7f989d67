"""A dress rehearsal: versions of an assignment are graded in a temporary course of their own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rudaux.adapters.nbgrader.gradebook import record
from rudaux.adapters.nbgrader.gradebook.catalogue import KnownCell, load_catalogue
from rudaux.adapters.nbgrader.gradebook.database import Database
from rudaux.adapters.nbgrader.gradebook.rows import ensure_submission
from rudaux.adapters.nbgrader.gradebook.sheet import load_sheets, score_of
from rudaux.adapters.nbgrader.grading.sanitise import Sanitiser
from rudaux.adapters.nbgrader.grading.score import Scorer
from rudaux.adapters.nbgrader.release.source import Converted, write
from rudaux.adapters.nbgrader.settings import CourseBeside
from rudaux.config.private import make_folder
from rudaux.domain.execution import Broken, Execution, Job, Suspicion
from rudaux.domain.rehearsal import Attempt, RehearsedMark, Version, attempt


class Rehearsal:
    """Hand in versions of an assignment and grade them as `NbgraderGrader` does students' work.

    `course` has submissions of its own: `NbgraderCourse.beside`.
    """

    def __init__(
        self,
        course: CourseBeside,
        assignment: str,
        notebooks: Sequence[Converted],
        stderr_fails: bool,
    ) -> None:
        self._course, self._assignment, self._notebooks = course, assignment, notebooks
        self._database = Database(course.db_url, course.course_id)
        self._sanitiser = Sanitiser(course, course.own / "jobs")
        self._scorer = Scorer(course, stderr_fails)
        order = {n.record.name: tuple(c.name for c in n.record.cells) for n in notebooks}
        with self._database.session() as session:
            records = [n.record for n in notebooks]
            record.record(session, assignment, records, self._database.course_id, lambda: None)
        with self._database.session() as session:
            self._catalogue = load_catalogue(session, assignment, order)

    def hand_in(self, version: Version, who: str) -> Job | Broken:
        """Prepare one version of the notebooks for execution as the work of `who`."""
        folder = self._course.submitted(self._assignment, who)
        make_folder(folder)
        for notebook in self._notebooks:
            chosen = notebook.original if version == "solution" else notebook.released
            (folder / notebook.file).write_text(write(chosen), encoding="utf-8")
        return self._sanitiser.prepare(self._catalogue, who)

    def grade(self, execution: Execution) -> Attempt:
        """Return what a run earned; it is kept nowhere else."""
        who = execution.job.student_id
        with self._database.session() as session:
            row = ensure_submission(session, self._assignment, who, self._database.course_id)
            row_id = row.id
        with self._database.session() as session:
            sheets = load_sheets(session, row_id)
            _, reasons = self._scorer.score(execution, 0.0, self._catalogue, sheets)
            marks = tuple(
                _mark(name, cell, sheets[name].grades.get(cell.name))
                for name, known in self._catalogue.notebooks.items()
                for cell in known.cells.values()
                if (cell.grade or cell.task) and name in sheets
            )
        suspicions = tuple(str(r) for r in reasons if isinstance(r, Suspicion))
        doubts = tuple(dict.fromkeys((*execution.job.doubts, *suspicions)))
        return attempt(execution, marks, doubts)

    def close(self) -> None:
        """Close the gradebook."""
        self._database.close()


def _mark(notebook: str, cell: KnownCell, grade: Any) -> RehearsedMark:
    points = score_of(grade) if grade is not None else 0.0
    by_hand = cell.task or cell.solution
    maximum = Decimal(str(cell.points or 0))
    return RehearsedMark(notebook, cell.name, Decimal(str(points)), maximum, by_hand)
