"""What rudaux itself remembers about a course."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from rudaux.domain.allowances import Allowance, Cell
from rudaux.domain.checks import Checked
from rudaux.domain.collection import Collection, LateEdit
from rudaux.domain.deadlines import DateKind
from rudaux.domain.execution import Execution, GradedFrom, GradedWith
from rudaux.domain.extensions import Fate, Joined, OverrideRecord
from rudaux.domain.grades import Push
from rudaux.domain.history import FeedbackSent, Graded, Run
from rudaux.domain.messages import Told
from rudaux.domain.sharing import Piece
from rudaux.domain.submissions import Record


class Ledger(Protocol):
    """The record of what rudaux did, .rudaux/ledger.db. Losing it loses no grade."""

    def lock(self, command: str, wait: float = 0.0) -> AbstractContextManager[None]:
        """Lock the course; raises `NeedsPersonError` that says who holds the lock since when.

        `wait` is how many seconds to wait for the other one to end.
        """

    def start_run(self, command: str) -> int: ...

    def end_run(self, run: int, exit_code: int) -> None: ...

    def messages(self) -> tuple[Told, ...]:
        """Return every message that has reached somebody, oldest first."""

    def record_message(self, told: Told) -> None: ...

    def run_records(self) -> tuple[Run, ...]:
        """Return every run that wrote, oldest first."""

    def records(self, assignment: str) -> Mapping[str, Record]: ...

    def record(self, assignment: str, student_id: str, record: Record) -> None: ...

    def forget(self, assignment: str, student_id: str) -> None:
        """Remove the last record of a student's assignment: new work has arrived."""

    def graded(self) -> frozenset[tuple[str, str]]:
        """Return every (assignment, student id) that was graded, or pushed with more than 0.

        The gradebook must have them all; one that does not has lost grades.
        """

    def graded_cells(self) -> frozenset[tuple[str, str, str]]:
        """Return every cell with points that work was graded by: (assignment, notebook, cell).

        The gradebook must have them all; one that does not gives everybody a wrong score.
        """

    def record_graded_cells(self, assignment: str, cells: Iterable[Cell]) -> None:
        """Replace what is known of an assignment's cells; with none, nothing is known."""

    def counted(self, assignment: str) -> Mapping[str, Mapping[Cell, Decimal]]:
        """Return the marks by hand behind the grade in Canvas, by student."""

    def record_counted(self, assignment: str, marks: Mapping[str, Mapping[Cell, Decimal]]) -> None:
        """Replace the marks by hand behind the grades of these students."""

    def disown(self, submissions: Iterable[tuple[str, str]]) -> None:
        """Forget that these were graded: a person has removed them from the gradebook."""

    def collected(self, assignment: str) -> Mapping[str, Collection]: ...

    def record_collection(
        self, assignment: str, student_id: str, collection: Collection
    ) -> None: ...

    def override_records(self, assignment: str | None = None) -> tuple[OverrideRecord, ...]:
        """Return every override written for a student, or about to be, in that order."""

    def record_override(self, record: OverrideRecord) -> int:
        """Record an override that is about to be written; return the record's number."""

    def settle_override(self, number: int, state: Fate, override: int | None) -> None:
        """Record what became of an override, and which one it is in Canvas."""

    def dates(self, assignment: str) -> Mapping[DateKind, frozenset[datetime | None]]:
        """Return the base dates that rudaux last wrote to Canvas, or was about to write.

        Of a kind that is not there, nothing is known.
        """

    def record_dates(
        self, assignment: str, dates: Mapping[DateKind, Names[datetime | None]]
    ) -> None:
        """Replace what is known of these kinds."""

    def joins(self) -> Mapping[str, Joined]:
        """Return when each student joined, as far as it was recorded."""

    def record_joins(self, joins: Mapping[str, Joined]) -> None:
        """Record when these students joined; the records of others stay."""

    def late_edits(self, assignment: str) -> Mapping[str, tuple[LateEdit, ...]]:
        """Return what students changed after their deadline in the work collected last."""

    def record_late_edits(
        self, assignment: str, student_id: str, edits: Iterable[LateEdit]
    ) -> None:
        """Replace what is known of a student's late edits; without `edits`, forget them."""

    def record_execution(self, execution: Execution, tests: str = "") -> None:
        """Record a run; `tests` is the digest of the tests, if its result is a score."""

    def record_replay(self, execution: Execution, tests: str) -> None:
        """Record that an earlier run was scored again, with the digest of the tests."""

    def test_seconds(self, assignment: str) -> Mapping[str, Mapping[tuple[str, str], float]]:
        """Return each student's seconds per test in the latest run, by (notebook, grade id)."""

    def graded_with(self, assignment: str) -> Mapping[str, GradedWith]:
        """Return what each student was graded with last; earlier versions did not record it."""

    def executions(self, assignment: str, student_id: str) -> tuple[Graded, ...]:
        """Return every run of a student's submission, in order."""

    def push_records(
        self,
        assignment: str | None = None,
        student_id: str | None = None,
        run: int | None = None,
        since: datetime | None = None,
    ) -> tuple[Push, ...]:
        """Return every grade written or adopted, in order.

        `since` leaves out what is older, such as than the assignment in Canvas.
        """

    def record_pushes(self, pushes: Iterable[Push]) -> None:
        """Record written grades as those of the current run.

        Recorded ahead, with nothing read back, they prove a write that was cut short.
        """

    def settle_pushes(self, pushes: Iterable[Push]) -> None:
        """Add what Canvas showed to the latest record of each that has nothing read back."""

    def feedback_records(
        self, assignment: str | None = None, student_id: str | None = None
    ) -> tuple[FeedbackSent, ...]:
        """Return every attached feedback file, in order."""

    def record_feedback(self, assignment: str, student_id: str, names: Sequence[str]) -> None: ...

    def checked(self, assignment: str) -> Checked | None:
        """Return what was found when the assignment was last checked."""

    def record_checked(self, assignment: str, checked: Checked) -> None: ...

    def dropped(self) -> frozenset[str]:
        """Return the students known to have left, whose grades were kept."""

    def record_dropped(self, ids: Iterable[str]) -> None:
        """Replace the set of students known to have left."""

    def roster_size(self) -> int | None:
        """Return the size of the last roster that was accepted; None before the first."""

    def record_roster_size(self, students: int) -> None: ...

    def division(self, assignment: str) -> Mapping[Piece, str]:
        """Return who has which pieces to mark by hand, marked ones included."""

    def record_division(
        self, assignment: str, whose: Mapping[Piece, str], gone: Iterable[Piece] = ()
    ) -> None:
        """Record who marks these pieces and forget those that are `gone`, in one transaction."""

    def written(self, owner: str) -> Mapping[str, frozenset[str]]:
        """Return the SHA-256 digests of what was written, or about to be, for each path.

        `owner` is the student whose home the paths are in; "" for the course folder.
        """

    def record_written(self, owner: str, path: str, digest: str, done: bool = False) -> None:
        """Record that a file is rudaux's own, before it is written, and then that it is `done`."""

    def returned(self, path: str) -> frozenset[str]:
        """Return in whose homes a file is `done` whose path begins with `path`."""

    def graded_from(self, assignment: str) -> Mapping[str, GradedFrom]:
        """Return what each student's marks came from."""

    def record_graded_from(self, assignment: str, student_id: str, what: GradedFrom) -> None: ...

    def credits(self, assignment: str) -> frozenset[Cell]:
        """Return the tests that give full points to everybody who handed in."""

    def record_credits(self, assignment: str, cells: Iterable[Cell]) -> None:
        """Replace those tests."""

    def allowances(self, assignment: str) -> Mapping[str, Mapping[Cell, Allowance]]:
        """Return what each student gets beyond a test's mark."""

    def record_allowances(
        self, assignment: str, student_id: str, allowances: Mapping[Cell, Allowance]
    ) -> None:
        """Replace what a student gets beyond a test's mark."""

    def take_over(self, beside: Path, assignment: str, students: Names[str]) -> None:
        """Take over what a copy of the ledger has recorded since. It is idempotent."""
