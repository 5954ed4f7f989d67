"""What rudaux itself remembers of a course."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from rudaux.domain.allowances import Allowance, Cell
from rudaux.domain.collection import Collection
from rudaux.domain.execution import Execution, GradedFrom
from rudaux.domain.grades import Push
from rudaux.domain.history import FeedbackSent, Run
from rudaux.domain.submissions import Record


class Ledger(Protocol):
    """.rudaux/ledger.db: what rudaux did. Losing it loses no grade."""

    def lock(self, command: str) -> AbstractContextManager[None]:
        """Hold the course; raises `NeedsPersonError` naming who holds it and since when."""

    def start_run(self, command: str) -> int: ...

    def end_run(self, run: int, exit_code: int) -> None: ...

    def run_records(self) -> tuple[Run, ...]:
        """Every run that wrote, oldest first."""

    def records(self, assignment: str) -> Mapping[str, Record]: ...

    def record(self, assignment: str, student_id: str, record: Record) -> None: ...

    def forget(self, assignment: str, student_id: str) -> None:
        """Drop the last word on a student's assignment: new work has come."""

    def graded(self) -> frozenset[tuple[str, str]]:
        """Return every (assignment, student id) that was graded, or pushed with more than 0.

        The gradebook must have these; one that has not is not the gradebook that it was.
        """

    def disown(self, submissions: Iterable[tuple[str, str]]) -> None:
        """Forget that these were graded: a person has taken them out of the gradebook."""

    def collected(self, assignment: str) -> Mapping[str, Collection]: ...

    def record_collection(
        self, assignment: str, student_id: str, collection: Collection
    ) -> None: ...

    def record_execution(self, execution: Execution) -> None: ...

    def push_records(
        self,
        assignment: str | None = None,
        student_id: str | None = None,
        run: int | None = None,
        since: datetime | None = None,
    ) -> tuple[Push, ...]:
        """Every grade written or adopted, in that order.

        `since`: leave out what is older than the assignment in Canvas.
        """

    def record_pushes(self, pushes: Iterable[Push]) -> None:
        """Remember grades written, as those of the run under way.

        Written ahead, with nothing read back, it is the witness of a write that was cut short.
        """

    def settle_pushes(self, pushes: Iterable[Push]) -> None:
        """Fill in what Canvas showed for the latest record of each that nothing is read back of."""

    def feedback_records(
        self, assignment: str | None = None, student_id: str | None = None
    ) -> tuple[FeedbackSent, ...]:
        """Every feedback file attached, in that order."""

    def record_feedback(self, assignment: str, student_id: str, names: Sequence[str]) -> None: ...

    def dropped(self) -> frozenset[str]:
        """Students known to have left while their grades were kept."""

    def record_dropped(self, ids: Iterable[str]) -> None:
        """Replace the set of students known to have left."""

    def roster_size(self) -> int | None:
        """How many students the last roster had that was agreed to; None before the first."""

    def record_roster_size(self, students: int) -> None: ...

    def graded_from(self, assignment: str) -> Mapping[str, GradedFrom]:
        """What each student's marks came from."""

    def record_graded_from(self, assignment: str, student_id: str, what: GradedFrom) -> None: ...

    def credits(self, assignment: str) -> frozenset[Cell]:
        """Tests that give full points to everybody who handed in."""

    def record_credits(self, assignment: str, cells: Iterable[Cell]) -> None:
        """Replace these tests."""

    def allowances(self, assignment: str) -> Mapping[str, Mapping[Cell, Allowance]]:
        """What a student is given beyond a test's mark, by student."""

    def record_allowances(
        self, assignment: str, student_id: str, allowances: Mapping[Cell, Allowance]
    ) -> None:
        """Replace a student's."""

    def take_over(self, beside: Path, assignment: str, students: Names[str]) -> None:
        """Take over what a copy of the ledger has recorded since; twice is the same as once."""
