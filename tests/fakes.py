"""One typed fake per port: plain state in memory, so that workflow tests assert on state."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection as Names
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from zoneinfo import ZoneInfo

from rudaux.config import (
    AssignmentSettings,
    BackupSettings,
    CanvasSettings,
    Config,
    CourseSettings,
    GitSettings,
    GradingSettings,
    HubSettings,
    Level,
)
from rudaux.domain.alarms import CellScore, MarkAbove
from rudaux.domain.allowances import Allowance, Cell
from rudaux.domain.artifacts import FeedbackComment, FeedbackFile, Release, Solution, mark
from rudaux.domain.canvas import AssignmentSpec, CanvasAssignment, CanvasCourse, ExternalTool
from rudaux.domain.checks import Checked
from rudaux.domain.collection import Absent, Collection, Copied, Kept, LateEdit, Located, Lookup
from rudaux.domain.deadlines import Override
from rudaux.domain.execution import (
    Broken,
    CellResult,
    Execution,
    GradedFrom,
    GradedWith,
    Job,
    Suspicion,
    Verdict,
)
from rudaux.domain.extensions import Fate, Joined, OverrideRecord
from rudaux.domain.grades import Attachment, CanvasSubmission, Push
from rudaux.domain.history import FeedbackSent, Graded, Run
from rudaux.domain.marks import SheetMark
from rudaux.domain.messages import Message, Sent, Told
from rudaux.domain.regrade import CellMark, SourceTest
from rudaux.domain.rehearsal import Attempt, Version, attempt
from rudaux.domain.rehearsal import CellMark as RehearsedMark
from rudaux.domain.report import AssignmentReport, TermReport
from rudaux.domain.repository import Ignored, RepoState
from rudaux.domain.returning import HomePages
from rudaux.domain.roster import GradebookContents, GradebookStudent, Student
from rudaux.domain.sharing import OpenMark, Piece
from rudaux.domain.statistics import Marks
from rudaux.domain.submissions import GradebookAssignment, GradebookSubmission, Record
from rudaux.domain.timetable import Entry
from rudaux.errors import (
    CanvasFailure,
    ExecutorFailure,
    GitFailure,
    NeedsPersonError,
    NotFound,
    PermissionRefused,
    RequestRefused,
    StorageFailure,
)
from rudaux.ports import Beside

NOW = datetime(2026, 10, 2, 8, 0, tzinfo=timezone.utc)
YESTERDAY = NOW - timedelta(days=1)
NEXT_WEEK = NOW + timedelta(days=7)
VANCOUVER = ZoneInfo("America/Vancouver")


def student(number: int, section: int = 1) -> Student:
    """A student whose id, name and e-mail come from their number."""
    return Student(
        str(number), f"Moon {number}", f"Moon, {number}", f"m{number}@example.edu",
        frozenset({section}),
    )  # fmt: skip


@dataclass
class FakeCanvas:
    """A course in memory; `writes` lists what was written, in words."""

    roster: list[Student] = field(default_factory=list)
    tool_list: list[ExternalTool] = field(default_factory=lambda: [ExternalTool(7, "Jupyter")])
    existing: dict[int, CanvasAssignment] = field(default_factory=dict)
    override_list: dict[int, list[Override]] = field(default_factory=dict)
    groups: dict[int, frozenset[str]] = field(default_factory=dict)
    grades: dict[int, dict[str, CanvasSubmission]] = field(default_factory=dict)
    comments: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    readings: int = 0
    posts_manually: dict[int, bool] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)
    """Students whose grades silently do not take."""
    refuse_bulk: set[str] = field(default_factory=set)
    """Students whose grades do not take in bulk."""
    deducts_late: bool = False
    facts: CanvasCourse = field(default_factory=lambda: CanvasCourse(12345, "Practice course"))
    shut: dict[int, frozenset[str]] = field(default_factory=dict)
    """Whose grading period is closed, by assignment."""
    fixed: set[str] = field(default_factory=set)
    """Names of assignments that Canvas does not let be changed."""
    offset: timedelta | None = None
    """Canvas's clock minus this machine's."""

    def clock_offset(self) -> timedelta | None:
        return self.offset

    refuse_overrides: set[str] = field(default_factory=set)
    """Students whose overrides Canvas refuses."""

    def course(self) -> CanvasCourse:
        return self.facts

    def closed_for(self, assignment_id: int) -> frozenset[str] | None:
        return self.shut.get(assignment_id)

    token_ends: datetime | None = None
    edits: bool | None = True
    other_tools: dict[Level, list[ExternalTool]] = field(default_factory=dict)
    """Tools that are at that level and not at the others."""

    def token_expires(self) -> datetime | None:
        return self.token_ends

    def may_edit(self) -> bool | None:
        return self.edits

    def students(self) -> tuple[Student, ...]:
        return tuple(self.roster)

    def waiting(self) -> tuple[Student, ...]:
        return ()

    def tools(self, level: Level) -> tuple[ExternalTool, ...]:
        return tuple(self.other_tools.get(level, self.tool_list))

    def assignments(self) -> tuple[CanvasAssignment, ...]:
        return tuple(self.existing.values())

    def overrides(self, assignment_id: int) -> tuple[Override, ...]:
        return tuple(self.override_list.get(assignment_id, []))

    def create_override(self, assignment_id: int, override: Override) -> Override:
        self._refuse_overrides(assignment_id, override)
        numbers = [o.id for rows in self.override_list.values() for o in rows]
        made = replace(override, id=max(numbers, default=300) + 1)
        self.writes.append(f"create override {made.title}")
        self.override_list.setdefault(assignment_id, []).append(made)
        self.existing[assignment_id] = replace(self.existing[assignment_id], has_overrides=True)
        return made

    def update_override(
        self, assignment_id: int, override: Override, students: bool = False
    ) -> Override:
        rows = self.override_list[assignment_id]
        (before,) = [o for o in rows if o.id == override.id]
        kept = override if students else replace(override, student_ids=before.student_ids)
        self._refuse_overrides(assignment_id, kept)
        self.writes.append(f"update override {override.id}")
        rows[rows.index(before)] = kept
        return kept

    def remove_override(self, assignment_id: int, override_id: int) -> None:
        self.writes.append(f"remove override {override_id}")
        rows = self.override_list[assignment_id]
        left = [o for o in rows if o.id != override_id]
        self.override_list[assignment_id] = left
        before = self.existing[assignment_id]
        self.existing[assignment_id] = replace(before, has_overrides=bool(left))

    def _refuse_overrides(self, assignment_id: int, override: Override) -> None:
        if override.student_ids & self.refuse_overrides:
            raise RequestRefused("Canvas refused to change the override (400: closed)")
        others = [o for o in self.override_list.get(assignment_id, []) if o.id != override.id]
        if any(o.student_ids & override.student_ids for o in others):
            raise RequestRefused("Canvas: already belongs to an assignment override")

    def group_members(self, group_id: int) -> frozenset[str]:
        return self.groups[group_id]

    def create_assignment(self, spec: AssignmentSpec) -> CanvasAssignment:
        self.writes.append(f"create {spec.name}")
        return self._save(max(self.existing, default=100) + 1, spec)

    def update_assignment(self, assignment_id: int, spec: AssignmentSpec) -> CanvasAssignment:
        if spec.name in self.fixed:
            raise RequestRefused(f"Canvas refused to update {spec.name} (400: closed)")
        self.writes.append(f"update {spec.name}")
        return self._save(assignment_id, spec)

    def _save(self, assignment_id: int, spec: AssignmentSpec) -> CanvasAssignment:
        made = CanvasAssignment(
            assignment_id, spec.name, spec.points, spec.due_at, spec.unlock_at, spec.lock_at,
            True, spec.launch_url, spec.tool_id, assignment_id in self.override_list,
            ("external_tool",),
            post_manually=self.posts_manually.get(assignment_id, False),
        )  # fmt: skip
        self.existing[assignment_id] = made
        return made

    def submissions(self, assignment_id: int) -> tuple[CanvasSubmission, ...]:
        self.readings += 1
        return self._all(assignment_id)

    def _all(self, assignment_id: int) -> tuple[CanvasSubmission, ...]:
        rows = self.grades.setdefault(assignment_id, {})
        for someone in self.roster:
            rows.setdefault(someone.id, CanvasSubmission(someone.id, None))
        return tuple(rows.values())

    def push_grades(self, assignment_id: int, scores: Mapping[str, Decimal]) -> str:
        self._all(assignment_id)
        rows = self.grades[assignment_id]
        for sid, score in scores.items():
            self.writes.append(f"grade {sid} {score}")
            if sid not in self.refuse | self.refuse_bulk:
                rows[sid] = replace(rows[sid], entered=score)
                self._seen(assignment_id, sid)
        return ""

    def push_singly(
        self, assignment_id: int, scores: Mapping[str, Decimal]
    ) -> Iterator[tuple[str, CanvasSubmission | CanvasFailure]]:
        rows = self.grades[assignment_id]
        for sid, score in scores.items():
            self.writes.append(f"grade {sid} {score} alone")
            if sid not in self.refuse:
                rows[sid] = replace(rows[sid], entered=score)
                self._seen(assignment_id, sid)
            yield sid, rows[sid]

    def late_deductions(self) -> bool:
        return self.deducts_late

    def _seen(self, assignment_id: int, sid: str) -> None:
        """Post what was written, unless that is done by hand."""
        if not self.posts_manually.get(assignment_id):
            rows = self.grades[assignment_id]
            rows[sid] = replace(rows[sid], posted_at="2026-10-02T08:00:00Z")

    def clear_grades(
        self, assignment_id: int, student_ids: Iterable[str]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        rows = self.grades[assignment_id]
        for sid in student_ids:
            self.writes.append(f"clear {sid}")
            if sid in self.refuse:
                yield sid, PermissionRefused(f"student {sid} may not be graded")
                continue
            rows[sid] = replace(rows[sid], entered=None)
            yield sid, None

    def set_posting(self, assignment_id: int, manually: bool) -> None:
        self.writes.append(f"posting {'manual' if manually else 'automatic'}")
        self.posts_manually[assignment_id] = manually
        self.existing[assignment_id] = replace(self.existing[assignment_id], post_manually=manually)

    def post_grades(self, assignment_id: int) -> str:
        self.writes.append("post")
        rows = self.grades[assignment_id]
        for sid, row in rows.items():
            if row.hidden and sid not in self.refuse:
                rows[sid] = replace(row, posted_at="2026-10-02T08:00:00Z")
        return ""

    def attach_feedback(
        self, assignment_id: int, student_id: str, files: Sequence[FeedbackFile], text: str
    ) -> None:
        self.writes.append(f"comment {student_id}")
        self.comments.append((student_id, text, tuple(f.name for f in files)))
        rows = self.grades[assignment_id]
        new = tuple(Attachment(f.name, len(f.content)) for f in files)
        rows[student_id] = replace(rows[student_id], comments=rows[student_id].comments + new)
        self._seen(assignment_id, student_id)

    def attach_all(
        self, assignment_id: int, comments: Iterable[FeedbackComment]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        return ((c.student_id, self._refusal(assignment_id, c)) for c in comments)

    def _refusal(self, assignment_id: int, comment: FeedbackComment) -> CanvasFailure | None:
        try:
            self.attach_feedback(assignment_id, comment.student_id, comment.files, comment.text)
        except (NotFound, PermissionRefused, RequestRefused) as refused:
            return refused
        return None

    def enter(self, assignment_id: int, student_id: str, score: str) -> None:
        """Enter a grade by hand, as a person would in Canvas."""
        self._all(assignment_id)
        row = self.grades[assignment_id][student_id]
        self.grades[assignment_id][student_id] = replace(
            row, entered=Decimal(score), graded_at="2026-10-03T10:00:00Z"
        )


@dataclass
class FakeStorage:
    """Homes in memory: student id -> what looking there gives (default: proof of absence)."""

    homes: dict[str, Lookup] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, datetime]] = field(default_factory=list)
    down: Exception | None = None
    broken: dict[str, Exception] = field(default_factory=dict)
    newest: tuple[str, datetime] | None = None
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """What lies in homes, by student and path."""
    closed: dict[str, str] = field(default_factory=dict)
    """Homes that cannot be written, and why."""
    homeless: set[str] = field(default_factory=set)
    owned: bool = True
    snapshots: list[datetime] | None = None
    """When snapshots were taken; None: there are all that anybody needs."""

    def lacks_snapshot(self, deadline: datetime, student_ids: Names[str]) -> bool:
        return self.snapshots is not None and all(at < deadline for at in self.snapshots)

    def check(self) -> None:
        if self.down:
            raise self.down

    def list_homes(self) -> frozenset[str] | None:
        return frozenset(self.homes)

    def newest_snapshot(self) -> tuple[str, datetime] | None:
        return self.newest

    def locate(self, student_id: str, assignment: str, deadline: datetime) -> Lookup:
        self.asked.append((student_id, deadline))
        return self.homes.get(student_id, Absent("no folder in their home"))

    def pages(self, student_id: str, folder: str, names: Names[str]) -> HomePages | Absent:
        if student_id in self.homeless:
            return Absent("no home: never logged in")
        found = {n: self.files.get((student_id, f"{folder}/{n}")) for n in names}
        digests = {n: hashlib.sha256(c).hexdigest() for n, c in found.items() if c is not None}
        return HomePages(digests, self.owned)

    def put_page(
        self, student_id: str, folder: str, name: str, content: bytes, replaces: Names[str]
    ) -> bool:
        if student_id in self.closed:
            raise StorageFailure(self.closed[student_id])
        there = self.files.get((student_id, f"{folder}/{name}"))
        if there is not None and hashlib.sha256(there).hexdigest() not in replaces:
            return False
        self.files[student_id, f"{folder}/{name}"] = content
        return True

    def hand_in(self, student_id: str, content: str = "work", snapshot: str | None = "s1") -> None:
        """Put work into a student's home."""
        self.homes[student_id] = Located(Path("/homes") / student_id, snapshot)
        self.contents[student_id] = content

    def copy(self, located: Located, destination: Path, needed: Iterable[str] = ()) -> Copied:
        sid = located.folder.name
        if sid in self.broken:
            raise self.broken[sid]
        destination.mkdir(parents=True, exist_ok=True)
        (destination / "nb.ipynb").write_text(self.contents[sid])
        return Copied(YESTERDAY, hashlib.sha256(self.contents[sid].encode()).hexdigest())

    def kept(self, folder: Path) -> Kept | None:
        if not folder.is_dir():
            return None
        content = (folder / "nb.ipynb").read_bytes()
        return Kept(("nb.ipynb",), hashlib.sha256(content).hexdigest())


@dataclass
class FakeSnapshots:
    """Takes snapshots that `storage` then has, as `clock` says; or fails, or only says that."""

    storage: FakeStorage
    taken: list[str] = field(default_factory=list)
    fails: Exception | None = None
    lies: bool = False

    def take(self, name: str) -> None:
        if self.fails:
            raise self.fails
        self.taken.append(name)
        if not self.lies and self.storage.snapshots is not None:
            at = datetime.strptime(name, "%Y-%m-%d-%H%M").replace(tzinfo=timezone.utc)
            self.storage.snapshots.append(at)


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
    fuller: Path | None = None
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

    def cell_marks(self, assignment: str, student_id: str | None = None) -> tuple[CellMark, ...]:
        return ()

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

    def fuller_backup(self) -> Path | None:
        return self.fuller

    def restore(self, backup: Path) -> Path | None:
        self.backups.append("before-restore")
        return Path("/backups/before-restore.db")


@dataclass
class FakeStage:
    """Gives solution and release their points for one test."""

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
    """Points of 1 that solution and release get when they are rehearsed."""
    tests: str = "as they were"
    taken: list[str] = field(default_factory=list)

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
    ) -> Generator[tuple[str, str]]:
        for student_id in student_ids:
            why = ""
            try:
                self.feedback(assignment, student_id)
            except NeedsPersonError as refused:
                why = str(refused)
            yield student_id, why

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

    `hiccups` end in our failure the first time; at `down` the system is down.
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


@dataclass
class FakeGit:
    """Folders and commits in memory; a clone is a real empty folder, filled from `remotes`."""

    dirty: tuple[str, ...] = ()
    unsaved: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    commits: list[tuple[str, str]] = field(default_factory=list)
    pushes: list[str] = field(default_factory=list)
    remotes: dict[str, Path] = field(default_factory=dict)
    clones: dict[Path, str] = field(default_factory=dict)
    pulled: str = ""
    unfit: dict[Path, str] = field(default_factory=dict)
    patterns: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    """What each folder's .gitignore holds."""
    refused: set[str] = field(default_factory=set)
    """Remotes that let nobody push."""

    def check(self, folder: Path) -> None:
        if folder in self.unfit:
            raise GitFailure(self.unfit[folder])

    def ignored(self, folder: Path, paths: Sequence[Path]) -> Mapping[Path, Ignored]:
        return {
            path: Ignored(str(path), pattern, ".gitignore, line 1")
            for path in paths
            for pattern in self.patterns.get(folder, ())
            if any(fnmatch(part, pattern.rstrip("/")) for part in path.relative_to(folder).parts)
        }

    def state(self, folder: Path) -> RepoState:
        return RepoState("main", self.unsaved.get(folder, self.dirty), 0, 0, "origin")

    def fetch(self, folder: Path) -> None:
        return

    def pull(self, folder: Path) -> str:
        return self.pulled

    def clone(self, remote: str, folder: Path) -> None:
        self.clones[folder] = remote
        if remote in self.remotes:
            shutil.copytree(self.remotes[remote], folder)
        else:
            folder.mkdir(parents=True)

    def commit(self, folder: Path, paths: Sequence[str], message: str) -> bool:
        self.commits.append((folder.name, message))
        return True

    def may_push(self, folder: Path, remote: str | None = None) -> None:
        if (remote or "origin") in self.refused:
            raise GitFailure(
                f"could not push to {remote or 'origin'}: the remote refused this account; check "
                "its deploy key or stored credentials"
            )

    def push(self, folder: Path) -> None:
        self.pushes.append(folder.name)
        if folder in self.clones:
            kept = folder.parent / f"{folder.name}.remote"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept)
            self.remotes[self.clones[folder]] = kept


@dataclass
class FakeCrontab:
    """A crontab in memory, in the zone of `zone`."""

    table: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    zone: tzinfo = timezone.utc
    replaced: int = 0
    running: bool | None = True

    def is_running(self) -> bool | None:
        return self.running

    def timezone(self) -> tzinfo:
        return self.zone

    def entries(self, owner: str) -> tuple[Entry, ...]:
        return self.table.get(owner, ())

    def replace(self, owner: str, entries: Iterable[Entry]) -> None:
        self.replaced += 1
        self.table[owner] = tuple(entries)


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

    def checked(self, assignment: str) -> Checked | None:
        return self.findings.get(assignment)

    def record_checked(self, assignment: str, checked: Checked) -> None:
        self.findings[assignment] = checked

    marking: dict[tuple[str, Piece], str] = field(default_factory=dict)
    ours: set[tuple[str, str, str]] = field(default_factory=set)
    done: set[tuple[str, str]] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)

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


@dataclass
class FakePages:
    """Reports that were written, by what they are called."""

    folder: Path
    written: dict[str, AssignmentReport | TermReport] = field(default_factory=dict)
    shown: list[Path] = field(default_factory=list)

    def write(self, report: AssignmentReport, anonymous: bool = False) -> Path:
        return self._write(report.name + "-anonymous" * anonymous, report)

    def write_term(self, term: TermReport, anonymous: bool = False) -> Path:
        return self._write("index" + "-anonymous" * anonymous, term)

    def show(self, page: Path) -> bool:
        self.shown.append(page)
        return True

    def _write(self, name: str, report: AssignmentReport | TermReport) -> Path:
        self.written[name] = report
        return self.folder / f"{name}.html"


@dataclass
class FakeNotifier:
    """Keeps what it is given; at `down` nobody is reached."""

    sent: list[Message] = field(default_factory=list)
    down: bool = False

    def places(self) -> tuple[str, ...]:
        return ("line 1: a mailbox",)

    def send(self, messages: Sequence[Message]) -> Sent:
        if self.down:
            return Sent((), self.places())
        self.sent.extend(messages)
        return Sent(tuple(messages))


@dataclass
class FakeContext:
    """A whole course of fakes; satisfies `rudaux.ports.Context`."""

    config: Config
    canvas: FakeCanvas
    storage: FakeStorage
    gradebook: FakeGradebook
    grader: FakeGrader
    executor: FakeExecutor
    git: FakeGit
    crontab: FakeCrontab
    ledger: FakeLedger
    pages: FakePages
    moment: datetime = NOW
    snapshots: FakeSnapshots = field(init=False)
    notifiers: dict[str, FakeNotifier] = field(default_factory=dict)
    """By address."""

    def __post_init__(self) -> None:
        self.snapshots = FakeSnapshots(self.storage)

    def beside(self, assignment: str) -> AbstractContextManager[Beside]:
        raise NotImplementedError  # real parts are copied in tests of a regrade

    def notifier_to(self, address: str) -> FakeNotifier:
        return self.notifiers.setdefault(address, FakeNotifier())

    def now(self) -> datetime:
        return self.moment


def assignment(
    name: str = "homework_1", due: datetime = YESTERDAY, **more: object
) -> AssignmentSettings:
    """An assignment worth 10 points, due yesterday unless said otherwise."""
    return replace(AssignmentSettings(name, due.astimezone(VANCOUVER), Decimal(10)), **more)  # type: ignore[arg-type]


def fake_course(
    folder: Path, assignments: Sequence[AssignmentSettings] | None = None, students: int = 4
) -> FakeContext:
    """A course with that many students and assignments, in Canvas but not yet initialised."""
    config = Config(
        folder,
        CourseSettings("dsci100", VANCOUVER),
        CanvasSettings("https://canvas.example.edu", 12345, "Jupyter"),
        GitSettings("git@example.edu:org/instructors.git", "git@example.edu:org/dsci100.git", "m"),
        HubSettings("https://hub.example.edu", Path("/homes"), "/jupyter"),
        GradingSettings(executor="process"),
        assignments=tuple([assignment()] if assignments is None else assignments),
    )
    gradebook = FakeGradebook()
    return FakeContext(
        config,
        FakeCanvas([student(n) for n in range(1, students + 1)]),
        FakeStorage(),
        gradebook,
        FakeGrader(folder, gradebook),
        FakeExecutor(),
        FakeGit(),
        FakeCrontab(),
        FakeLedger(),
        FakePages(folder),
    )
