"""A Canvas in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from rudaux.config import (
    Level,
)
from rudaux.domain.artifacts import FeedbackComment, FeedbackFile
from rudaux.domain.canvas import AssignmentSpec, CanvasAssignment, CanvasCourse, ExternalTool
from rudaux.domain.deadlines import Override
from rudaux.domain.grades import CanvasSubmission
from rudaux.domain.roster import Student
from rudaux.errors import (
    CanvasFailure,
    NotFound,
    PermissionRefused,
    RequestRefused,
)


def student(number: int, section: int = 1) -> Student:
    """Return a student whose id, name and e-mail come from their number."""
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
    """Students whose grades Canvas silently drops."""
    refuse_bulk: set[str] = field(default_factory=set)
    """Students whose grades Canvas drops in bulk."""
    deducts_late: bool = False
    facts: CanvasCourse = field(default_factory=lambda: CanvasCourse(12345, "Practice course"))
    shut: dict[int, frozenset[str]] = field(default_factory=dict)
    """Whose grading period is closed, by assignment."""
    fixed: set[str] = field(default_factory=set)
    """Names of assignments that Canvas does not allow to be changed."""
    offset: timedelta | None = None
    """Canvas's clock minus this machine's."""
    refuse_overrides: set[str] = field(default_factory=set)
    """Students whose overrides Canvas refuses."""
    token_ends: datetime | None = None
    edits: bool | None = True
    other_tools: dict[Level, list[ExternalTool]] = field(default_factory=dict)
    """Tools of one level alone."""

    def clock_offset(self) -> timedelta | None:
        return self.offset

    def course(self) -> CanvasCourse:
        return self.facts

    def closed_for(self, assignment_id: int) -> frozenset[str] | None:
        return self.shut.get(assignment_id)

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
        """Post what was written, unless posting is manual."""
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
        new = tuple(f.name for f in files)
        rows[student_id] = replace(rows[student_id], attached=rows[student_id].attached + new)
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
            row, entered=Decimal(score), graded_at=datetime(2026, 10, 3, 10, tzinfo=timezone.utc)
        )
