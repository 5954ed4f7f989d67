"""The ledger in memory."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from rudaux.domain.allowances import Allowance, Cell
from rudaux.domain.checks import Checked
from rudaux.domain.collection import Collection, LateEdit
from rudaux.domain.deadlines import DateKind
from rudaux.domain.execution import (
    Execution,
    GradedFrom,
    GradedWith,
)
from rudaux.domain.extensions import Fate, Joined, OverrideRecord
from rudaux.domain.grades import Push
from rudaux.domain.history import FeedbackSent, Graded, Run
from rudaux.domain.messages import Told
from rudaux.domain.sharing import Piece
from rudaux.domain.submissions import Record
from tests.fakes.clock import NOW


@dataclass
class FakeLedger:
    """The ledger in memory."""

    words: dict[tuple[str, str], Record] = field(default_factory=dict)
    collections: dict[tuple[str, str], Collection] = field(default_factory=dict)
    executed: list[tuple[str, str, str]] = field(default_factory=list)
    graded_runs: dict[tuple[str, str], list[Graded]] = field(default_factory=dict)
    pushes: list[Push] = field(default_factory=list)
    sent: dict[tuple[str, str, str], int | None] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    marked: set[tuple[str, str]] = field(default_factory=set)
    overrides: list[OverrideRecord] = field(default_factory=list)
    dated: dict[str, dict[DateKind, frozenset[datetime | None]]] = field(default_factory=dict)
    joined: dict[str, Joined] = field(default_factory=dict)
    edits: dict[tuple[str, str], tuple[LateEdit, ...]] = field(default_factory=dict)
    size: int | None = None
    seconds: dict[tuple[str, str], dict[tuple[str, str], float]] = field(default_factory=dict)
    graded_by: dict[tuple[str, str], GradedWith] = field(default_factory=dict)
    origins: dict[tuple[str, str], GradedFrom] = field(default_factory=dict)
    credited: dict[str, frozenset[Cell]] = field(default_factory=dict)
    allowed: dict[tuple[str, str], Mapping[Cell, Allowance]] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    run: int | None = None
    findings: dict[str, Checked] = field(default_factory=dict)
    marking: dict[tuple[str, Piece], str] = field(default_factory=dict)
    ours: set[tuple[str, str, str]] = field(default_factory=set)
    done: set[tuple[str, str]] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)
    cells: set[tuple[str, str, str]] = field(default_factory=set)
    counts: dict[tuple[str, str], Mapping[Cell, Decimal]] = field(default_factory=dict)

    def checked(self, assignment: str) -> Checked | None:
        return self.findings.get(assignment)

    def record_checked(self, assignment: str, checked: Checked) -> None:
        self.findings[assignment] = checked

    def dates(self, assignment: str) -> Mapping[DateKind, frozenset[datetime | None]]:
        return dict(self.dated.get(assignment, {}))

    def record_dates(
        self, assignment: str, dates: Mapping[DateKind, Names[datetime | None]]
    ) -> None:
        known = self.dated.setdefault(assignment, {})
        known.update({kind: frozenset(values) for kind, values in dates.items()})

    @contextmanager
    def lock(self, command: str, wait: float = 0.0) -> Iterator[None]:
        yield

    def messages(self) -> tuple[Told, ...]:
        return tuple(self.told)

    def record_message(self, told: Told) -> None:
        self.told.append(told)

    def start_run(self, command: str) -> int:
        self.runs.append(command)
        self.run = len(self.runs)
        return len(self.runs)

    def end_run(self, run: int, exit_code: int) -> None:
        self.runs[run - 1] += f" -> {exit_code}"
        self.run = None

    def run_records(self) -> tuple[Run, ...]:
        return tuple(
            Run(number, text.partition(" -> ")[0], "io", "server", 4711, NOW)
            for number, text in enumerate(self.runs, 1)
        )

    def records(self, assignment: str) -> Mapping[str, Record]:
        return {sid: r for (name, sid), r in self.words.items() if name == assignment}

    def record(self, assignment: str, student_id: str, record: Record) -> None:
        self.words[assignment, student_id] = record
        if record.kind in {"graded", "held"}:
            self.marked.add((assignment, student_id))

    def forget(self, assignment: str, student_id: str) -> None:
        self.words.pop((assignment, student_id), None)

    def graded(self) -> frozenset[tuple[str, str]]:
        return frozenset(self.marked)

    def graded_cells(self) -> frozenset[tuple[str, str, str]]:
        return frozenset(self.cells)

    def record_graded_cells(self, assignment: str, cells: Iterable[Cell]) -> None:
        self.cells = {c for c in self.cells if c[0] != assignment}
        self.cells |= {(assignment, *cell) for cell in cells}

    def counted(self, assignment: str) -> Mapping[str, Mapping[Cell, Decimal]]:
        return {sid: marks for (name, sid), marks in self.counts.items() if name == assignment}

    def record_counted(self, assignment: str, marks: Mapping[str, Mapping[Cell, Decimal]]) -> None:
        self.counts |= {(assignment, sid): theirs for sid, theirs in marks.items()}

    def disown(self, submissions: Iterable[tuple[str, str]]) -> None:
        for key in submissions:
            self.marked.discard(key)
            self.words.pop(key, None)

    def collected(self, assignment: str) -> Mapping[str, Collection]:
        return {sid: c for (name, sid), c in self.collections.items() if name == assignment}

    def record_collection(self, assignment: str, student_id: str, collection: Collection) -> None:
        self.collections[assignment, student_id] = collection

    def override_records(self, assignment: str | None = None) -> tuple[OverrideRecord, ...]:
        return tuple(r for r in self.overrides if assignment in {None, r.assignment})

    def record_override(self, record: OverrideRecord) -> int:
        number = len(self.overrides) + 1
        self.overrides.append(replace(record, id=number, run=self.run))
        return number

    def settle_override(self, number: int, state: Fate, override: int | None) -> None:
        before = self.overrides[number - 1]
        self.overrides[number - 1] = replace(
            before, state=state, override=override or before.override
        )

    def joins(self) -> Mapping[str, Joined]:
        return dict(self.joined)

    def record_joins(self, joins: Mapping[str, Joined]) -> None:
        self.joined |= joins

    def late_edits(self, assignment: str) -> Mapping[str, tuple[LateEdit, ...]]:
        return {sid: edits for (name, sid), edits in self.edits.items() if name == assignment}

    def record_late_edits(
        self, assignment: str, student_id: str, edits: Iterable[LateEdit]
    ) -> None:
        self.edits.pop((assignment, student_id), None)
        if new := tuple(edits):
            self.edits[assignment, student_id] = new

    def record_execution(self, execution: Execution, tests: str = "") -> None:
        job = execution.job
        self.executed.append((job.assignment, job.student_id, execution.verdict))
        run = Graded(NOW, execution.verdict, execution.seconds, job.repairs, "", self.run)
        self.graded_runs.setdefault((job.assignment, job.student_id), []).append(run)
        if tests:
            self.graded_by[job.assignment, job.student_id] = GradedWith(execution.image, tests)

    def executions(self, assignment: str, student_id: str) -> tuple[Graded, ...]:
        return tuple(self.graded_runs.get((assignment, student_id), ()))

    def record_replay(self, execution: Execution, tests: str) -> None:
        job = execution.job
        self.graded_by[job.assignment, job.student_id] = GradedWith(execution.image, tests)

    def test_seconds(self, assignment: str) -> Mapping[str, Mapping[tuple[str, str], float]]:
        return {sid: took for (name, sid), took in self.seconds.items() if name == assignment}

    def graded_with(self, assignment: str) -> Mapping[str, GradedWith]:
        return {sid: what for (name, sid), what in self.graded_by.items() if name == assignment}

    def push_records(
        self,
        assignment: str | None = None,
        student_id: str | None = None,
        run: int | None = None,
        since: datetime | None = None,
    ) -> tuple[Push, ...]:
        return tuple(
            p
            for p in self.pushes
            if assignment in {None, p.assignment}
            and student_id in {None, p.student_id}
            and run in {None, p.run}
            and (since is None or p.at >= since)
        )

    def record_pushes(self, pushes: Iterable[Push]) -> None:
        new = [replace(p, run=self.run) for p in pushes]
        self.pushes.extend(new)
        self.marked |= {(p.assignment, p.student_id) for p in new if p.new and p.undoes is None}

    def settle_pushes(self, pushes: Iterable[Push]) -> None:
        for push in pushes:
            key = (push.assignment, push.student_id, push.new, None)
            same = [
                n
                for n, p in enumerate(self.pushes)
                if (p.assignment, p.student_id, p.new, p.read_back) == key
            ]
            if same:
                kept = self.pushes[same[-1]]
                self.pushes[same[-1]] = replace(kept, read_back=push.read_back, at=push.at)

    def feedback_records(
        self, assignment: str | None = None, student_id: str | None = None
    ) -> tuple[FeedbackSent, ...]:
        return tuple(
            FeedbackSent(name, sid, file, NOW, run)
            for (name, sid, file), run in self.sent.items()
            if assignment in {None, name} and student_id in {None, sid}
        )

    def record_feedback(self, assignment: str, student_id: str, names: Sequence[str]) -> None:
        for name in names:
            self.sent.setdefault((assignment, student_id, name), self.run)

    def dropped(self) -> frozenset[str]:
        return self.gone

    def record_dropped(self, ids: Iterable[str]) -> None:
        self.gone = frozenset(ids)

    def roster_size(self) -> int | None:
        return self.size

    def record_roster_size(self, students: int) -> None:
        self.size = students

    def division(self, assignment: str) -> Mapping[Piece, str]:
        return {piece: who for (name, piece), who in self.marking.items() if name == assignment}

    def record_division(
        self, assignment: str, whose: Mapping[Piece, str], gone: Iterable[Piece] = ()
    ) -> None:
        for piece in gone:
            self.marking.pop((assignment, piece), None)
        self.marking |= {(assignment, piece): who for piece, who in whose.items()}

    def written(self, owner: str) -> Mapping[str, frozenset[str]]:
        mine = {path: digest for whose, path, digest in self.ours if whose == owner}
        return {path: self._digests(owner, path) for path in mine}

    def _digests(self, owner: str, path: str) -> frozenset[str]:
        return frozenset(d for whose, where, d in self.ours if (whose, where) == (owner, path))

    def record_written(self, owner: str, path: str, digest: str, done: bool = False) -> None:
        self.ours.add((owner, path, digest))
        if done:
            self.done.add((owner, path))

    def returned(self, path: str) -> frozenset[str]:
        return frozenset(owner for owner, where in self.done if where.startswith(path))

    def graded_from(self, assignment: str) -> Mapping[str, GradedFrom]:
        return {sid: what for (name, sid), what in self.origins.items() if name == assignment}

    def record_graded_from(self, assignment: str, student_id: str, what: GradedFrom) -> None:
        self.origins[assignment, student_id] = what

    def credits(self, assignment: str) -> frozenset[Cell]:
        return self.credited.get(assignment, frozenset())

    def record_credits(self, assignment: str, cells: Iterable[Cell]) -> None:
        self.credited[assignment] = frozenset(cells)

    def allowances(self, assignment: str) -> Mapping[str, Mapping[Cell, Allowance]]:
        return {sid: kept for (name, sid), kept in self.allowed.items() if name == assignment}

    def record_allowances(
        self, assignment: str, student_id: str, allowances: Mapping[Cell, Allowance]
    ) -> None:
        self.allowed[assignment, student_id] = allowances

    def take_over(self, beside: Path, assignment: str, students: Names[str]) -> None:
        self.taken.append(assignment)
