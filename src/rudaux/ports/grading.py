"""The gradebook, the grader, and the executor of students' code."""

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
    """nbgrader's database. Raises `GradebookFailure` if it is locked or has an older schema."""

    @property
    def name(self) -> str:
        """Return its name for messages: its file, or its URL without the password."""

    @property
    def gone(self) -> bool:
        """Return whether its file is not there; a server's database counts as there."""

    def check(self) -> None: ...

    def holders(self) -> tuple[str, ...]:
        """Return the other programs that have it open, as far as this account may see them."""

    def students(self) -> tuple[GradebookStudent, ...]: ...

    def assignments(self) -> tuple[GradebookAssignment, ...]: ...

    def save_students(self, students: Iterable[Student]) -> None:
        """Add or rename in one transaction; a missing e-mail never erases a known one."""

    def remove_students(self, ids: Iterable[str]) -> None:
        """Remove students with their submissions; back up first."""

    def save_assignment(self, name: str, due_at: datetime) -> None: ...

    def remove_assignments(self, names: Iterable[str]) -> None: ...

    def submissions(self, assignment: str) -> Mapping[str, GradebookSubmission]: ...

    def submitted(self) -> frozenset[tuple[str, str]]:
        """Return every recorded submission as (assignment, student id)."""

    def graded_cells(self) -> frozenset[tuple[str, str, str]]:
        """Return every cell that can earn points: (assignment, notebook, cell)."""

    def cell_scores(self, assignment: str) -> tuple[CellScore, ...]:
        """Return how each autograded test went, over all students whose work was graded."""

    def marks(self, assignment: str) -> Marks:
        """Return every mark of the assignment, by student."""

    def marks_above(self, assignment: str) -> tuple[MarkAbove, ...]:
        """Return marks by hand that are higher than the maximum of their cell."""

    def mark_sheet(self, assignment: str, student_id: str) -> tuple[SheetMark, ...]:
        """Return what a student's submission earned, cell by cell; empty without one."""

    def open_marks(self, assignment: str) -> tuple[OpenMark, ...]:
        """Return every answer of autograded work that waits for a mark by hand."""

    def mark_fields(self, assignment: str, student_id: str, notebook: str) -> Mapping[str, int]:
        """Return the number of formgrader's input field for each cell's mark."""

    def tests(self, assignment: str) -> tuple[SourceTest, ...]:
        """Return the cells that earn points, as they were recorded."""

    def cell_marks(
        self, assignment: str, student_id: str | None = None, by_hand: bool = False
    ) -> tuple[CellMark, ...]:
        """Return every mark of every submission, or of one student's; `by_hand`: a person's only.

        Extra credit counts as a person's.
        """

    def record_submission(self, assignment: str, student_id: str, at: datetime | None) -> None:
        """Record a submission and its time, also beside the collected work, as nbgrader does.

        With `at` None the recorded time stays as it is, or unknown.
        """

    def note_times(self) -> None:
        """Add the time beside every submission that lacks it: an earlier rudaux left it out."""

    def backup(self, reason: str) -> Path:
        """Copy the database consistently into .rudaux/backups; return the copy's path."""

    def contents(self, backup: Path | None = None) -> GradebookContents:
        """Count what a backup, or the database itself, holds; raises `UsageError` for neither."""

    def keep(self, run: int, keep: BackupSettings) -> None:
        """Back up for `run`, unless nothing has changed since the last; remove expired copies.

        Does nothing if there is nothing yet, or no copies can be made.
        """

    def uncopied(self) -> str:
        """Return why no copies can be made of it; empty if they can."""

    def fuller_backup(self, cells: bool = False) -> Path | None:
        """Return the newest backup that holds more submissions, or `cells`, than there are now."""

    def restore(self, backup: Path) -> Path | None:
        """Restore a backup; return the copy of what was there before, if there was anything."""


class Stage(Protocol):
    """A place to grade versions of an assignment as nobody's, outside gradebook and submissions."""

    def hand_in(self, version: Version, who: str) -> Job | Broken:
        """Prepare a version as the work of `who`."""

    def grade(self, execution: Execution) -> Attempt:
        """Return what a run earned, by the same scoring steps as any other submission."""


class Grader(Protocol):
    """nbgrader's conversions, on the host; student code never runs here."""

    def source_notebooks(self, assignment: str) -> tuple[str, ...]:
        """Return the source notebooks' file names; raises `ConfigError` if there are none."""

    def source_digest(self, assignment: str) -> str:
        """Return a digest that changes when any part of the assignment does."""

    def rehearsal(self, assignment: str) -> AbstractContextManager[Stage]:
        """Open a stage for an assignment, which is removed in the end.

        Raises `ConfigError` for a source that cannot be converted. Hold the course's lock
        meanwhile.
        """

    def kernels(self, assignment: str) -> frozenset[str]:
        """Return the names of the kernelspecs that the source notebooks with code ask for."""

    def imports(self, assignment: str) -> tuple[str, ...]:
        """Return the modules that the source notebooks import at top level, except their own."""

    def build_release(self, assignment: str, into: Path) -> Release:
        """Make the students' version in `into`/assignment; the same source makes the same bytes.

        The gradebook and the course's own release folder stay as they are.
        """

    def record_source(self, assignment: str) -> bool:
        """Update the gradebook's cells and maxima from the source; return whether any changed."""

    def source_in_step(self, assignment: str) -> bool:
        """Return whether `record_source` would change nothing."""

    def cells(self, assignment: str) -> tuple[tuple[str, str], ...]:
        """Return nbgrader's cells as (notebook file, grade id), in the order of the source."""

    def tests_digest(self, assignment: str) -> str:
        """Return a digest of the tests and their points in the source as it is now."""

    def release_folder(self, assignment: str) -> Path:
        """Return the course's own release folder of the assignment (nbgrader's layout)."""

    def submitted_folder(self, assignment: str, student_id: str) -> Path: ...

    def handed_in(self) -> frozenset[tuple[str, str]]:
        """Return the submitted folders that exist, whoever made them: (assignment, student id)."""

    def submitted_at(self, assignment: str, student_id: str) -> datetime | None:
        """Return when it was handed in, as recorded beside the work; None if unknown."""

    def keep_submitted(self, assignment: str, student_id: str) -> None:
        """Copy a collected version that is about to be replaced into .rudaux/kept."""

    def discard_autograded(self, assignment: str, student_id: str) -> None:
        """Set aside an autograded version made from older work; marks by hand stay in place."""

    def sweep(self) -> None:
        """Remove what `prepare` made and nothing scored, even if a killed run left it."""

    def prepare(self, assignment: str, student_id: str) -> Job | Broken:
        """Sanitise and repair a collected submission for execution."""

    def score(self, execution: Execution, seconds_late: float) -> tuple[str, ...]:
        """Score an execution into the gradebook; return why a person must look at it, if so.

        A test cell that never ran scores 0; only outputs and counts of sent cells are used.
        """

    def outputs_digest(self, assignment: str, student_id: str) -> str:
        """Return a digest of the outputs by which a submission was scored last."""

    def replay(self, job: Job) -> Execution | None:
        """Rebuild the execution by which it was scored last; None if the work has changed."""

    def make_beside(self, assignment: str, folder: Path) -> None:
        """Copy the assignment's gradebook into a folder, so that it can be graded there."""

    def take_over(self, folder: Path, assignment: str, students: Names[str]) -> None:
        """Take over what was graded in such a folder, with the marks in one transaction.

        Marks by hand stay, even those made meanwhile. It is idempotent.
        """

    def feedback(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        """Make the HTML reports of an autograded submission; the same marks make the same bytes.

        They are also written to nbgrader's feedback folder, where `feedback_files` reads them.
        """

    def feedback_of(
        self, assignment: str, student_ids: Sequence[str]
    ) -> Generator[tuple[str, str, bool]]:
        """Make the reports of many submissions, on several cores if that is faster.

        Yields each student, in the order of `student_ids`, with why there is no report (empty if
        there is one), and whether a report that a person had edited was kept aside.
        """

    def feedback_files(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        """Read the reports that `feedback` made last; empty if there are none."""

    def last_errors(self, assignment: str, student_id: str) -> Mapping[tuple[str, str], str]:
        """Return the last error line of each failed test, by (notebook file, grade cell id).

        It is the line of the traceback in the autograded notebook; "NotRun: ..." for a test that
        was not reached. It never contains text of a hidden test.
        """

    def solution(self, assignment: str) -> Solution:
        """Make pages of the source with solutions and visible tests, but nothing hidden."""


class Executor(Protocol):
    """Runs student code, several submissions at a time."""

    @property
    def where(self) -> str:
        """Return where code runs, such as "on 3 workers"; empty on this machine."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Return warnings of `check`: which workers are left out, and why."""

    def check(self, kernels: Names[str] = ()) -> None:
        """Raise `ExecutorFailure` if nothing can be run, or no notebook of these kernels."""

    def environment(self, kernels: Names[str]) -> str:
        """Return a digest of what code runs in, such as the image; empty if it is not known."""

    def prepare(self, imports: Sequence[str]) -> AbstractContextManager[None]:
        """Start what the next `run` with these imports will need, without waiting for it.

        In the end it is stopped, if no run came.
        """

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        """Yield executions as they end; takes jobs only as fast as it can run them.

        `imports` are modules that may be imported once for all of them.
        """
