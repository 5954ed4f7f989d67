"""What rudaux itself remembers of a course."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from rudaux.domain.allowances import Allowance, Cell
from rudaux.domain.checks import Checked
from rudaux.domain.collection import Collection, LateEdit
from rudaux.domain.execution import Execution, GradedFrom, GradedWith
from rudaux.domain.extensions import Fate, Joined, OverrideRecord
from rudaux.domain.grades import Push
from rudaux.domain.history import FeedbackSent, Graded, Run
from rudaux.domain.messages import Told
from rudaux.domain.sharing import Piece
from rudaux.domain.submissions import Record


class Ledger(Protocol):
    """.rudaux/ledger.db: what rudaux did. Losing it loses no grade."""

    def lock(self, command: str, wait: float = 0.0) -> AbstractContextManager[None]:
        """Hold the course; raises `NeedsPersonError` naming who holds it and since when.

        `wait` is how many seconds the other one may take to end.
        """

    def start_run(self, command: str) -> int: ...

    def end_run(self, run: int, exit_code: int) -> None: ...

    def messages(self) -> tuple[Told, ...]:
        """Return every message that has reached somebody, oldest first."""

    def record_message(self, told: Told) -> None: ...

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

    def override_records(self, assignment: str | None = None) -> tuple[OverrideRecord, ...]:
        """Every override written for a student, or about to be, in that order."""

    def record_override(self, record: OverrideRecord) -> int:
        """Remember an override that is about to be written; give the record's number."""

    def settle_override(self, number: int, state: Fate, override: int | None) -> None:
        """Say what became of a record, and which override it is in Canvas."""

    def joins(self) -> Mapping[str, Joined]:
        """When each student joined, as far as it was noted."""

    def record_joins(self, joins: Mapping[str, Joined]) -> None:
        """Note these; what was noted of others stays."""

    def late_edits(self, assignment: str) -> Mapping[str, tuple[LateEdit, ...]]:
        """What students changed after their deadline, of the work that was collected last."""

    def record_late_edits(
        self, assignment: str, student_id: str, edits: Iterable[LateEdit]
    ) -> None:
        """Replace what is known of a student's late edits; none forgets them."""

    def record_execution(self, execution: Execution, tests: str = "") -> None:
        """Remember a run; `tests` is the digest of the tests, where its result is a score."""

    def record_replay(self, execution: Execution, tests: str) -> None:
        """Remember that work which was run before was scored again, by the digest of the tests."""

    def test_seconds(self, assignment: str) -> Mapping[str, Mapping[tuple[str, str], float]]:
        """Return each student's seconds per test of the latest run, by (notebook, grade id)."""

    def graded_with(self, assignment: str) -> Mapping[str, GradedWith]:
        """Return what each student was graded with last; earlier versions did not keep it."""

    def executions(self, assignment: str, student_id: str) -> tuple[Graded, ...]:
        """Every time that a student's submission was run, in that order."""

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

    def checked(self, assignment: str) -> Checked | None:
        """Return what was found when the assignment was last checked."""

    def record_checked(self, assignment: str, checked: Checked) -> None: ...

    def dropped(self) -> frozenset[str]:
        """Students known to have left while their grades were kept."""

    def record_dropped(self, ids: Iterable[str]) -> None:
        """Replace the set of students known to have left."""

    def roster_size(self) -> int | None:
        """How many students the last roster had that was agreed to; None before the first."""

    def record_roster_size(self, students: int) -> None: ...

    def division(self, assignment: str) -> Mapping[Piece, str]:
        """Return who was given what to mark by hand, marked pieces included."""

    def record_division(
        self, assignment: str, whose: Mapping[Piece, str], gone: Iterable[Piece] = ()
    ) -> None:
        """Remember who marks these pieces, and forget the pieces that are `gone`, at once."""

    def written(self, owner: str) -> Mapping[str, frozenset[str]]:
        """Return the SHA-256 digests of what was written, or about to be, for each path.

        `owner` is the student in whose home the paths are; "" for the course folder.
        """

    def record_written(self, owner: str, path: str, digest: str, done: bool = False) -> None:
        """Remember, before it is written, what is rudaux's own; and then that it is `done`."""

    def returned(self, path: str) -> frozenset[str]:
        """Return in whose homes something is done whose path begins so."""

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
