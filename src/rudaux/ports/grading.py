"""The gradebook, what grades, and where students' code is started."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from rudaux.config import BackupSettings
from rudaux.domain.alarms import CellScore, MarkAbove
from rudaux.domain.artifacts import FeedbackFile, Release, Solution
from rudaux.domain.execution import Broken, Execution, Job
from rudaux.domain.marks import SheetMark
from rudaux.domain.regrade import CellMark, SourceTest
from rudaux.domain.rehearsal import Attempt, Version
from rudaux.domain.roster import GradebookContents, GradebookStudent, Student
from rudaux.domain.sharing import OpenMark
from rudaux.domain.statistics import Marks
from rudaux.domain.submissions import GradebookAssignment, GradebookSubmission


class Gradebook(Protocol):
    """nbgrader's database. Raises `GradebookFailure` (locked, older schema)."""

    @property
    def name(self) -> str:
        """What to call it in a message: its file, or its URL without the password."""

    def check(self) -> None: ...

    def holders(self) -> tuple[str, ...]:
        """Name the other programs that have it open, as far as this account may see them."""

    def students(self) -> tuple[GradebookStudent, ...]: ...

    def assignments(self) -> tuple[GradebookAssignment, ...]: ...

    def save_students(self, students: Iterable[Student]) -> None:
        """Add or rename in one transaction; a missing e-mail never erases a known one."""

    def remove_students(self, ids: Iterable[str]) -> None:
        """Remove them with their submissions; back up first."""

    def save_assignment(self, name: str, due_at: datetime) -> None: ...

    def remove_assignments(self, names: Iterable[str]) -> None: ...

    def submissions(self, assignment: str) -> Mapping[str, GradebookSubmission]: ...

    def submitted(self) -> frozenset[tuple[str, str]]:
        """Every submission recorded, as (assignment, student id)."""

    def cell_scores(self, assignment: str) -> tuple[CellScore, ...]:
        """How the autograded tests went, each over all students whose work was graded."""

    def marks(self, assignment: str) -> Marks:
        """Every mark of the assignment, by student."""

    def marks_above(self, assignment: str) -> tuple[MarkAbove, ...]:
        """Marks by hand that are more than their cell earns."""

    def mark_sheet(self, assignment: str, student_id: str) -> tuple[SheetMark, ...]:
        """What a student's submission earned cell by cell; empty where there is none."""

    def open_marks(self, assignment: str) -> tuple[OpenMark, ...]:
        """Every answer of autograded work that waits for a mark by hand."""

    def mark_fields(self, assignment: str, student_id: str, notebook: str) -> Mapping[str, int]:
        """Find the field in which formgrader takes each cell's mark, as its `index` counts them."""

    def tests(self, assignment: str) -> tuple[SourceTest, ...]:
        """The cells that earn points, as they were recorded."""

    def cell_marks(self, assignment: str, student_id: str | None = None) -> tuple[CellMark, ...]:
        """Every mark of every submission, or of one student's."""

    def record_submission(self, assignment: str, student_id: str, at: datetime | None) -> None:
        """Enter a submission and its time, also beside the collected work, as nbgrader does.

        With None, when it was handed in stays as it was, or unknown.
        """

    def note_times(self) -> None:
        """Note the time beside every submission that has none: an earlier rudaux left it out."""

    def backup(self, reason: str) -> Path:
        """Copy the database, consistently, under .rudaux/backups; give the copy's path."""

    def contents(self, backup: Path | None = None) -> GradebookContents:
        """Count what a backup holds, or the database itself; raises `UsageError` for neither."""

    def keep(self, run: int, keep: BackupSettings) -> None:
        """Back up for `run`, unless nothing changed since the last; drop copies past their time.

        Does nothing where nothing is there yet, or no copies can be made.
        """

    def uncopied(self) -> str:
        """Return why no copies can be made of it; empty where they can."""

    def fuller_backup(self) -> Path | None:
        """Return the newest backup that holds more submissions than there are now."""

    def restore(self, backup: Path) -> Path | None:
        """Put a backup in place; return the copy made of what was there before, if there was."""


class Stage(Protocol):
    """Where versions of one assignment are graded as nobody's, beside gradebook and submissions."""

    def hand_in(self, version: Version, who: str) -> Job | Broken:
        """Prepare a version as the work of `who`."""

    def grade(self, execution: Execution) -> Attempt:
        """Return what a run earned, by the scoring steps of every other submission."""


class Grader(Protocol):
    """nbgrader's conversions on the host; student code never runs here."""

    def source_notebooks(self, assignment: str) -> tuple[str, ...]:
        """File names of the source notebooks; raises `ConfigError` without folder or notebook."""

    def source_digest(self, assignment: str) -> str:
        """Return what changes when anything does that the assignment consists of."""

    def rehearsal(self, assignment: str) -> AbstractContextManager[Stage]:
        """Open a stage for an assignment; at the end nothing of it is left.

        Raises `ConfigError` for a source that cannot be converted. Hold the course meanwhile.
        """

    def kernels(self, assignment: str) -> frozenset[str]:
        """Names of the kernelspecs that the source notebooks with code ask for."""

    def imports(self, assignment: str) -> tuple[str, ...]:
        """Name the modules that the source notebooks import at top level, their own files apart."""

    def build_release(self, assignment: str, into: Path) -> Release:
        """Make the students' version under `into`/assignment; the same source gives the same bytes.

        Touches neither the gradebook nor the course's own release folder.
        """

    def record_source(self, assignment: str) -> bool:
        """Bring the gradebook's cells and maxima in step with the source; False: they were."""

    def source_in_step(self, assignment: str) -> bool:
        """Whether `record_source` would change nothing."""

    def cells(self, assignment: str) -> tuple[tuple[str, str], ...]:
        """Every cell that nbgrader knows, as (notebook file, grade id), in the source's order."""

    def tests_digest(self, assignment: str) -> str:
        """Return a digest of the tests and their points, as the source has them now."""

    def release_folder(self, assignment: str) -> Path:
        """The course's own release folder of the assignment (nbgrader's layout)."""

    def submitted_folder(self, assignment: str, student_id: str) -> Path: ...

    def handed_in(self) -> frozenset[tuple[str, str]]:
        """Return whose folders there are, whoever put them there, as (assignment, student id)."""

    def submitted_at(self, assignment: str, student_id: str) -> datetime | None:
        """Read when it was handed in, as nbgrader keeps it beside the work; None: unknown."""

    def keep_submitted(self, assignment: str, student_id: str) -> None:
        """Copy a collected version that is about to be replaced to where kept things are."""

    def discard_autograded(self, assignment: str, student_id: str) -> None:
        """Set aside an autograded version made from older work; marks by hand stay in place."""

    def sweep(self) -> None:
        """Remove what `prepare` laid out and nobody scored, of a run that was killed also."""

    def prepare(self, assignment: str, student_id: str) -> Job | Broken:
        """Sanitise and repair a collected submission for execution."""

    def score(self, execution: Execution, seconds_late: float) -> tuple[str, ...]:
        """Score an execution into the gradebook; give the reasons why a person must look at it.

        A test cell that never ran scores 0; only outputs and counts of sent cells are used.
        """

    def outputs_digest(self, assignment: str, student_id: str) -> str:
        """Return a digest of what a submission was scored by last."""

    def replay(self, job: Job) -> Execution | None:
        """Make the execution by which it was scored last, without running it; None: it differs."""

    def make_beside(self, assignment: str, folder: Path) -> None:
        """Copy the assignment's gradebook into a folder, to grade beside the course."""

    def take_over(self, folder: Path, assignment: str, students: Names[str]) -> None:
        """Take over what was graded in such a folder, the marks in one transaction.

        Marks by hand stay, also those made meanwhile; twice is the same as once.
        """

    def feedback(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        """Make the HTML reports of an autograded submission; the same marks give the same bytes.

        They are also written to nbgrader's feedback folder, from where `feedback_files` reads them.
        """

    def feedback_of(
        self, assignment: str, student_ids: Sequence[str]
    ) -> Generator[tuple[str, str]]:
        """Make the same of many, on several cores where that pays.

        Yields each student with why there is no report, in the order of `student_ids`; empty: all
        is there.
        """

    def feedback_files(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        """Read the reports that `feedback` made last; empty where there are none."""

    def last_errors(self, assignment: str, student_id: str) -> Mapping[tuple[str, str], str]:
        """Return the last error line of each failed test, by (notebook file, grade cell id).

        As the autograded notebook has it, one line as a traceback names it; "NotRun: ..." for a
        test that was not reached. The text of a hidden test is never in it.
        """

    def solution(self, assignment: str) -> Solution:
        """Make pages of the source: solutions and visible tests, nothing that is hidden."""


class Executor(Protocol):
    """Runs student code, several submissions at a time."""

    @property
    def where(self) -> str:
        """Return what stands behind "Autograde", such as "on 3 workers"; empty: on this machine."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Return what `check` found that stops nothing: which workers are left out, and why."""

    def check(self, kernels: Names[str] = ()) -> None:
        """Raise `ExecutorFailure` where nothing could be run, or no notebook of these kernels."""

    def environment(self, kernels: Names[str]) -> str:
        """Name what submissions meet when they run (an image's digest); empty: it is not known."""

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        """Yield executions as they end; takes jobs only as fast as it can run them.

        `imports` are modules that may be imported once for all of them.
        """
