"""The `Grader` port on nbgrader's converters: all in one process, and nothing is executed."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Lock

from rudaux.adapters.nbgrader import files
from rudaux.adapters.nbgrader.feedback import (
    Made,
    Marks,
    Reporter,
    Solutions,
    Task,
    Worker,
    last_errors,
    make_ahead,
    processes,
)
from rudaux.adapters.nbgrader.gradebook import GradebookBeside, NbgraderGradebook, beside, record
from rudaux.adapters.nbgrader.gradebook.catalogue import Catalogue, load_catalogue
from rudaux.adapters.nbgrader.gradebook.rows import ensure_submission, find_submission
from rudaux.adapters.nbgrader.gradebook.sheet import load_sheets
from rudaux.adapters.nbgrader.grading import Rehearsal, Sanitiser, Scorer, outputs_digest, replay
from rudaux.adapters.nbgrader.release import source, write_release
from rudaux.adapters.nbgrader.settings import NbgraderCourse, load_course
from rudaux.config import GradingSettings
from rudaux.config.private import make_folder
from rudaux.domain.artifacts import FeedbackFile, Release, Solution
from rudaux.domain.execution import Broken, Execution, Job
from rudaux.errors import ExecutorFailure, GradebookFailure, NeedsPersonError


class NbgraderGrader:
    """nbgrader's conversions for the course at `folder`; `scratch` may be emptied at any time.

    Of `grading` only the settings for scores and feedback are used.
    """

    def __init__(
        self,
        folder: Path,
        scratch: Path,
        grading: GradingSettings | None = None,
        course: NbgraderCourse | None = None,
    ) -> None:
        self._course = course or load_course(folder)
        self._grading = grading or GradingSettings()
        self._scratch = scratch / "submissions"
        self._rehearsals = scratch / "rehearsals"
        self._kept = self._course.folder / ".rudaux" / "kept"
        self._gradebook = (
            GradebookBeside(folder, course) if course else NbgraderGradebook(folder, self._course)
        )
        self._database = self._gradebook.database
        self._converted: dict[str, tuple[str, tuple[source.Converted, ...]]] = {}
        self._catalogues: dict[str, Catalogue] = {}
        # nbgrader's preprocessors keep the current notebook as state.
        self._lock = Lock()

    def source_notebooks(self, assignment: str) -> tuple[str, ...]:
        return tuple(p.name for p in source.notebook_paths(self._course, assignment))

    def source_digest(self, assignment: str) -> str:
        return source.digest(self._course, assignment)

    @contextmanager
    def rehearsal(self, assignment: str) -> Iterator[Rehearsal]:
        notebooks = self._convert(assignment)
        folder = self._rehearsals / assignment
        files.remove(folder)
        try:
            make_folder(folder)
            course = self._course.beside(folder, submissions=True)
            on = Rehearsal(course, assignment, notebooks, self._grading.stderr_fails)
            try:
                yield on
            finally:
                on.close()
        finally:
            files.remove(folder)
            with suppress(OSError):
                self._rehearsals.rmdir()

    def kernels(self, assignment: str) -> frozenset[str]:
        return source.kernels(self._course, assignment)

    def imports(self, assignment: str) -> tuple[str, ...]:
        return source.imports(self._course, assignment)

    def build_release(self, assignment: str, into: Path) -> Release:
        return write_release(self._course, assignment, self._convert(assignment), into)

    def record_source(self, assignment: str) -> bool:
        notebooks = [c.record for c in self._convert(assignment)]
        self._catalogues.pop(assignment, None)
        if self.source_in_step(assignment):
            return False
        # Cells that nobody marked may be removed, so no mark must be saved in between.
        with self._database.session(alone=True) as session:
            record.record(
                session,
                assignment,
                notebooks,
                self._database.course_id,
                lambda: self._gradebook.backup(f"before-changing-{assignment}"),
            )
        return True

    def source_in_step(self, assignment: str) -> bool:
        notebooks = [c.record for c in self._convert(assignment)]
        with self._database.reading() as session:
            return record.in_step(session, assignment, notebooks)

    def cells(self, assignment: str) -> tuple[tuple[str, str], ...]:
        notebooks = [c.record for c in self._convert(assignment)]
        return tuple((f"{n.name}.ipynb", cell.name) for n in notebooks for cell in n.cells)

    def tests_digest(self, assignment: str) -> str:
        return source.tests_digest(c.record for c in self._convert(assignment))

    def release_folder(self, assignment: str) -> Path:
        return self._course.release(assignment)

    def submitted_folder(self, assignment: str, student_id: str) -> Path:
        return self._course.submitted(assignment, student_id)

    def handed_in(self) -> frozenset[tuple[str, str]]:
        return self._course.handed_in()

    def submitted_at(self, assignment: str, student_id: str) -> datetime | None:
        return files.read_timestamp(self._course.submitted(assignment, student_id))

    def keep_submitted(self, assignment: str, student_id: str) -> None:
        folder = self._course.submitted(assignment, student_id)
        if not folder.is_dir():
            return
        files.keep_copy(folder, self._kept / "submitted" / student_id / assignment)

    def discard_autograded(self, assignment: str, student_id: str) -> None:
        folder = self._course.autograded(assignment, student_id)
        if not folder.is_dir():
            return
        kept = self._kept / "autograded" / student_id / assignment
        files.remove(kept)
        make_folder(kept.parent)
        folder.rename(kept)

    def sweep(self) -> None:
        files.remove(self._scratch)

    def prepare(self, assignment: str, student_id: str) -> Job | Broken:
        catalogue = self._catalogue(assignment)
        with self._lock:
            return self._sanitiser.prepare(catalogue, student_id)

    def score(self, execution: Execution, seconds_late: float) -> tuple[str, ...]:
        job = execution.job
        if execution.verdict == "failed":
            raise ExecutorFailure(
                f"the submission of student {job.student_id} for {job.assignment} was not run "
                f"({execution.reason}) and gets no score: grade it again"
            )
        catalogue = self._catalogue(job.assignment)
        with self._lock:
            with self._database.session() as session:
                row_id = ensure_submission(
                    session, job.assignment, job.student_id, self._database.course_id
                ).id
            # This one writes nothing until its end, so formgrader can save marks meanwhile.
            with self._database.session() as session:
                sheets = load_sheets(session, row_id)
                texts, reasons = self._scorer.score(execution, seconds_late, catalogue, sheets)
                swap = self._scorer.place(
                    execution,
                    texts,
                    lambda into: self._sanitiser.lay_out(job.assignment, job.student_id, into),
                )
            swap()
            files.remove(job.folder)
        return reasons

    def close(self) -> None:
        """Close the gradebook; the next use opens it again."""
        self._database.close()

    def outputs_digest(self, assignment: str, student_id: str) -> str:
        notebooks = (path.name for path in source.notebook_paths(self._course, assignment))
        folder = self._course.autograded(assignment, student_id)
        return outputs_digest(folder, (name for name in notebooks if (folder / name).exists()))

    def replay(self, job: Job) -> Execution | None:
        return replay(job, self._course.autograded(job.assignment, job.student_id))

    def make_beside(self, assignment: str, folder: Path) -> None:
        beside.make_beside(self._course, self._database, assignment, folder)
        beside.write_source(folder, [c.record for c in self._convert(assignment)])

    def take_over(self, folder: Path, assignment: str, students: Collection[str]) -> None:
        self._catalogues.pop(assignment, None)
        beside.take_marks(self._database, assignment, folder, students)
        beside.take_work(self._course, assignment, folder)

    def feedback(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        made = self._make_pages(self._task(assignment, student_id))
        self._reporter.keep(assignment, student_id, made)
        if made.refused:
            raise NeedsPersonError(made.refused)
        return self._reporter.read(assignment, student_id, tuple(name for name, _ in made.pages))

    def feedback_of(
        self, assignment: str, student_ids: Sequence[str]
    ) -> Generator[tuple[str, str, bool]]:
        tasks = (self._task(assignment, student_id) for student_id in student_ids)
        folder, hidden_tests = self._course.folder, self._grading.hidden_tests
        workers = [Worker(folder, hidden_tests) for _ in range(self._helpers(len(student_ids)))]
        with closing(make_ahead(tasks, workers, self._make_pages)) as all_made:
            for task, made in all_made:
                edited = self._reporter.keep(assignment, task.student_id, made)
                yield task.student_id, made.refused, edited

    def _helpers(self, submissions: int) -> int:
        """Return how many processes to start; none for a copy, as they read the course's folder."""
        return processes(submissions) if type(self._course) is NbgraderCourse else 0

    def _task(self, assignment: str, student_id: str) -> Task:
        with self._lock, self._database.session() as session:
            row = find_submission(session, assignment, student_id)
            sheets = load_sheets(session, row.id) if row else {}
            marks = {name: Marks.of(sheet) for name, sheet in sheets.items()}
        return Task(assignment, student_id, marks)

    def _make_pages(self, task: Task) -> Made:
        with self._lock:
            return self._reporter.make(task.assignment, task.student_id, task.marks)

    def feedback_files(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        notebooks = tuple(p.stem for p in source.notebook_paths(self._course, assignment))
        return self._reporter.read(assignment, student_id, notebooks)

    def last_errors(self, assignment: str, student_id: str) -> Mapping[tuple[str, str], str]:
        folder = self._course.autograded(assignment, student_id)
        return {
            (path.name, cell): line
            for path in sorted(folder.glob("*.ipynb"))
            for cell, line in last_errors(path, self._reporter.delimiters).items()
        }

    def solution(self, assignment: str) -> Solution:
        return Solutions(self._course).make(assignment, self._convert(assignment))

    @cached_property
    def _sanitiser(self) -> Sanitiser:
        seals = self._grading.hidden_tests == "sealed"
        return Sanitiser(self._course, self._scratch, seals)

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self._course, self._grading.stderr_fails)

    @cached_property
    def _reporter(self) -> Reporter:
        return Reporter(self._course, self._grading.hidden_tests)

    def _convert(self, assignment: str) -> tuple[source.Converted, ...]:
        """Convert the source, or return the earlier result if it has not changed."""
        now = source.fingerprint(self._course, assignment)
        before, converted = self._converted.get(assignment, ("", ()))
        if before != now:
            with self._lock:
                converted = source.convert(self._course, assignment)
            self._converted[assignment] = (now, converted)
        return converted

    def _catalogue(self, assignment: str) -> Catalogue:
        if assignment not in self._catalogues:
            order = {
                c.record.name: tuple(cell.name for cell in c.record.cells)
                for c in self._convert(assignment)
            }
            with self._database.session() as session:
                found = load_catalogue(session, assignment, order)
            if not found.notebooks:
                raise GradebookFailure(
                    f"the gradebook has no notebook of {assignment}: run `rudaux init`, which "
                    "records the source"
                )
            self._catalogues[assignment] = found
        return self._catalogues[assignment]
