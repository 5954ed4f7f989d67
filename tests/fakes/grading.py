"""nbgrader and an executor in memory."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection as Names
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from rudaux.config import (
    BackupSettings,
)
from rudaux.domain.alarms import CellScore, MarkAbove
from rudaux.domain.artifacts import FeedbackFile, Release, Solution, mark
from rudaux.domain.execution import (
    Broken,
    CellResult,
    Execution,
    Job,
    Suspicion,
    Verdict,
)
from rudaux.domain.marks import SheetMark
from rudaux.domain.regrade import CellMark, SourceTest
from rudaux.domain.rehearsal import Attempt, RehearsedMark, Version, attempt
from rudaux.domain.roster import GradebookContents, GradebookStudent, Student
from rudaux.domain.sharing import OpenMark
from rudaux.domain.statistics import Marks
from rudaux.domain.submissions import GradebookAssignment, GradebookSubmission
from rudaux.errors import (
    ExecutorFailure,
    NeedsPersonError,
)
from tests.fakes.clock import YESTERDAY


@dataclass
class FakeGradebook:
    """nbgrader's database in memory."""

    people: dict[str, GradebookStudent] = field(default_factory=dict)
    known: dict[str, GradebookAssignment] = field(default_factory=dict)
    rows: dict[tuple[str, str], GradebookSubmission] = field(default_factory=dict)
    backups: list[str] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    cells: tuple[CellScore, ...] = ()
    above: tuple[MarkAbove, ...] = ()
    sheets: dict[tuple[str, str], tuple[SheetMark, ...]] = field(default_factory=dict)
    given: Marks = field(default_factory=lambda: Marks((), {}))
    name: str = "gradebook.db"
    gone: bool = False
    fuller: Path | None = None
    in_it: set[tuple[str, str]] = field(default_factory=set)
    """The cells of assignments."""
    by_hand: list[tuple[str, CellMark]] = field(default_factory=list)
    open_in: tuple[str, ...] = ()
    waiting: tuple[OpenMark, ...] = ()

    def check(self) -> None:
        return

    def holders(self) -> tuple[str, ...]:
        return self.open_in

    def students(self) -> tuple[GradebookStudent, ...]:
        counts = {s: sum(sid == s for _, sid in self.rows) for s in self.people}
        return tuple(replace(p, submissions=counts[p.id]) for p in self.people.values())

    def assignments(self) -> tuple[GradebookAssignment, ...]:
        return tuple(
            replace(a, submissions=sum(name == a.name for name, _ in self.rows))
            for a in self.known.values()
        )

    def save_students(self, students: Iterable[Student]) -> None:
        for s in students:
            self.people[s.id] = GradebookStudent(s.id, s.first_name, s.last_name, s.email)

    def remove_students(self, ids: Iterable[str]) -> None:
        for sid in ids:
            del self.people[sid]
            self.rows = {k: v for k, v in self.rows.items() if k[1] != sid}

    def save_assignment(self, name: str, due_at: datetime) -> None:
        self.known[name] = GradebookAssignment(name, due_at, Decimal(4), 0)

    def remove_assignments(self, names: Iterable[str]) -> None:
        for name in names:
            del self.known[name]

    def submissions(self, assignment: str) -> Mapping[str, GradebookSubmission]:
        return {sid: row for (name, sid), row in self.rows.items() if name == assignment}

    def submitted(self) -> frozenset[tuple[str, str]]:
        return frozenset(self.rows)

    def graded_cells(self) -> frozenset[tuple[str, str, str]]:
        return frozenset((name, "nb", cell) for name, cell in self.in_it)

    def cell_scores(self, assignment: str) -> tuple[CellScore, ...]:
        return self.cells

    def marks(self, assignment: str) -> Marks:
        return self.given

    def marks_above(self, assignment: str) -> tuple[MarkAbove, ...]:
        return self.above

    def mark_sheet(self, assignment: str, student_id: str) -> tuple[SheetMark, ...]:
        return self.sheets.get((assignment, student_id), ())

    def open_marks(self, assignment: str) -> tuple[OpenMark, ...]:
        return self.waiting

    def mark_fields(self, assignment: str, student_id: str, notebook: str) -> Mapping[str, int]:
        mine = [m for m in self.waiting if (m.student_id, m.notebook) == (student_id, notebook)]
        return {m.cell: 1 + 3 * n for n, m in enumerate(mine)}

    def tests(self, assignment: str) -> tuple[SourceTest, ...]:
        return ()

    def cell_marks(
        self, assignment: str, student_id: str | None = None, by_hand: bool = False
    ) -> tuple[CellMark, ...]:
        return tuple(mark for name, mark in self.by_hand if name == assignment)

    def record_submission(self, assignment: str, student_id: str, at: datetime | None) -> None:
        new = GradebookSubmission(student_id, at, False, False, Decimal(0))
        row = self.rows.get((assignment, student_id), new)
        self.rows[assignment, student_id] = replace(row, submitted_at=at)

    def note_times(self) -> None:
        return

    def backup(self, reason: str) -> Path:
        self.backups.append(reason)
        return Path(f"/backups/{reason}.db")

    def contents(self, backup: Path | None = None) -> GradebookContents:
        return GradebookContents(len(self.people), len(self.known), len(self.rows))

    def keep(self, run: int, keep: BackupSettings) -> None:
        self.kept.append(run)

    def uncopied(self) -> str:
        return ""

    def fuller_backup(self, cells: bool = False) -> Path | None:
        return self.fuller

    def restore(self, backup: Path) -> Path | None:
        self.backups.append("before-restore")
        return Path("/backups/before-restore.db")


@dataclass
class FakeStage:
    """Grades solution and release, with points for one test."""

    assignment: str
    folder: Path
    solution: Decimal
    untouched: Decimal

    def hand_in(self, version: Version, who: str) -> Job | Broken:
        cell = {"cell_type": "code", "source": "1", "metadata": {}}
        return Job(self.assignment, who, {"nb.ipynb": json.dumps({"cells": [cell]})}, self.folder)

    def grade(self, execution: Execution) -> Attempt:
        solved = execution.job.student_id.startswith("solution")
        points = self.solution if solved else self.untouched
        return attempt(execution, (RehearsedMark("nb", "test", points, Decimal(1)),), ())


@dataclass
class FakeGrader:
    """nbgrader's conversions in memory: a submission's text is its score, or a word about it.

    "manual", "doubtful" and "suspicious" need a person, "broken" cannot be read; other words
    score 1.
    """

    folder: Path
    gradebook: FakeGradebook
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    leaks: tuple[str, ...] = ()
    recorded: set[str] = field(default_factory=set)
    reports: dict[tuple[str, str], tuple[FeedbackFile, ...]] = field(default_factory=dict)
    swept: int = 0
    errors: dict[tuple[str, str], dict[tuple[str, str], str]] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    """The cells of every assignment."""
    solved: Decimal = Decimal(1)
    untouched: Decimal = Decimal(0)
    """Points out of 1 that solution and release get in a rehearsal."""
    tests: str = "as they were"
    taken: list[str] = field(default_factory=list)
    edited: set[str] = field(default_factory=set)
    """Whose feedback page a person has edited."""

    def source_notebooks(self, assignment: str) -> tuple[str, ...]:
        return self.sources.get(assignment, (f"{assignment}.ipynb",))

    def imports(self, assignment: str) -> tuple[str, ...]:
        return ()

    def source_digest(self, assignment: str) -> str:
        return " ".join(self.source_notebooks(assignment))

    @contextmanager
    def rehearsal(self, assignment: str) -> Iterator[FakeStage]:
        yield FakeStage(assignment, self.folder, self.solved, self.untouched)

    def kernels(self, assignment: str) -> frozenset[str]:
        return frozenset({"python3"})

    def build_release(self, assignment: str, into: Path) -> Release:
        names = self.source_notebooks(assignment)
        (into / assignment).mkdir(parents=True)
        for name in names:
            (into / assignment / name).parent.mkdir(exist_ok=True)
            (into / assignment / name).write_text(f"release of {name}")
        return Release(assignment, into / assignment, names, names, self.leaks)

    def record_source(self, assignment: str) -> bool:
        new = assignment not in self.recorded
        self.recorded.add(assignment)
        self.gradebook.in_it |= {(assignment, cell) for cell in self.order}
        return new

    def source_in_step(self, assignment: str) -> bool:
        return assignment in self.recorded

    def cells(self, assignment: str) -> tuple[tuple[str, str], ...]:
        return tuple(("nb.ipynb", cell) for cell in self.order)

    def tests_digest(self, assignment: str) -> str:
        return self.tests

    def release_folder(self, assignment: str) -> Path:
        return self.folder / "release" / assignment

    def submitted_folder(self, assignment: str, student_id: str) -> Path:
        return self.folder / "submitted" / student_id / assignment

    def handed_in(self) -> frozenset[tuple[str, str]]:
        found = (self.folder / "submitted").glob("*/*")
        return frozenset((path.name, path.parent.name) for path in found)

    def submitted_at(self, assignment: str, student_id: str) -> datetime | None:
        return YESTERDAY

    def keep_submitted(self, assignment: str, student_id: str) -> None:
        folder = self.submitted_folder(assignment, student_id)
        if folder.is_dir():
            shutil.copytree(folder, self.folder / "kept" / student_id / assignment)

    def discard_autograded(self, assignment: str, student_id: str) -> None:
        self.reports.pop((assignment, student_id), None)
        if row := self.gradebook.rows.get((assignment, student_id)):
            self.gradebook.rows[assignment, student_id] = replace(row, autograded=False)

    def sweep(self) -> None:
        self.swept += 1

    def prepare(self, assignment: str, student_id: str) -> Job | Broken:
        text = (self.submitted_folder(assignment, student_id) / "nb.ipynb").read_text()
        if text == "broken":
            return Broken("nb.ipynb is no notebook")
        doubts = ("two works differ",) if text == "doubtful" else ()
        return Job(assignment, student_id, {"nb.ipynb": text}, self.folder, (), doubts)

    def score(self, execution: Execution, seconds_late: float) -> tuple[str, ...]:
        job = execution.job
        text = job.notebooks["nb.ipynb"]
        row = self.gradebook.rows[job.assignment, job.student_id]
        score = Decimal(text) if text.replace(".", "").isdigit() else Decimal(1)
        self.gradebook.rows[job.assignment, job.student_id] = replace(
            row, autograded=True, needs_manual=text == "manual", score=score
        )
        if text == "suspicious":
            return (Suspicion("it replaces builtins.round"),)
        return ("one cell is marked by hand",) if text == "manual" else ()

    def outputs_digest(self, assignment: str, student_id: str) -> str:
        return str(self.gradebook.rows[assignment, student_id].score)

    def replay(self, job: Job) -> Execution | None:
        return Execution(job, "ok", replayed=True)

    def make_beside(self, assignment: str, folder: Path) -> None:
        return

    def take_over(self, folder: Path, assignment: str, students: Names[str]) -> None:
        self.taken.append(assignment)

    def feedback(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        row = self.gradebook.rows[assignment, student_id]
        page = json.dumps([student_id, str(row.score)])
        content = mark(page, assignment, student_id, assignment).encode()
        name = f"{assignment}-{student_id}-{hashlib.sha256(content).hexdigest()[:8]}.html"
        self.reports[assignment, student_id] = (FeedbackFile(name, content),)
        return self.reports[assignment, student_id]

    def feedback_of(
        self, assignment: str, student_ids: Sequence[str]
    ) -> Generator[tuple[str, str, bool]]:
        for student_id in student_ids:
            why = ""
            try:
                self.feedback(assignment, student_id)
            except NeedsPersonError as refused:
                why = str(refused)
            yield student_id, why, student_id in self.edited

    def solution(self, assignment: str) -> Solution:
        names = self.source_notebooks(assignment)
        pages = (FeedbackFile(n.replace(".ipynb", ".html"), f"solved {n}".encode()) for n in names)
        return Solution(tuple(pages), self.leaks)

    def feedback_files(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        return self.reports.get((assignment, student_id), ())

    def last_errors(self, assignment: str, student_id: str) -> Mapping[tuple[str, str], str]:
        return self.errors.get((assignment, student_id), {})


@dataclass
class FakeExecutor:
    """Runs nothing: every job ends as `verdicts` says, else well.

    The first run of `hiccups` is our failure; at the student `down` the system is down.
    """

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    hiccups: set[str] = field(default_factory=set)
    down: str = ""
    ran: list[str] = field(default_factory=list)
    where: str = ""
    notices: tuple[str, ...] = ()
    missing: str = ""
    """Why nothing can be run."""
    image: str = "image 1"

    def check(self, kernels: Names[str] = ()) -> None:
        if self.missing:
            raise ExecutorFailure(self.missing)

    def environment(self, kernels: Names[str]) -> str:
        return self.image

    def prepare(self, imports: Sequence[str]) -> AbstractContextManager[None]:
        return nullcontext()

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        for job in jobs:
            self.ran.append(job.student_id)
            if job.student_id == self.down:
                raise ExecutorFailure("Docker does not answer")
            verdict = self.verdicts.get(job.student_id, "ok")
            if job.student_id in self.hiccups:
                self.hiccups.remove(job.student_id)
                verdict = "failed"
            reason = "" if verdict == "ok" else verdict.replace("_", " ")
            yield Execution(job, verdict, reason, 0.1, {"nb.ipynb": (CellResult(0, 1),)})
