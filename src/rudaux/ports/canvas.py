"""Canvas as the workflows need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from rudaux.config import Level
from rudaux.domain.artifacts import FeedbackComment
from rudaux.domain.canvas import AssignmentSpec, CanvasAssignment, CanvasCourse, ExternalTool
from rudaux.domain.deadlines import Override
from rudaux.domain.grades import CanvasSubmission
from rudaux.domain.roster import Student
from rudaux.errors import CanvasFailure


class Canvas(Protocol):
    """One course of a Canvas installation, as the token's owner may see and change it.

    Every call raises `TokenRefused`, `PermissionRefused`, `NotFound` or `CanvasFailure`.
    """

    def clock_offset(self) -> timedelta | None:
        """Return Canvas's clock minus this machine's, as of the last answer; None before any."""

    def course(self) -> CanvasCourse:
        """Return the course, with what the token's owner may see and do in it now."""

    def token_expires(self) -> datetime | None:
        """Return when the token expires (UTC); None if never, or if Canvas does not say."""

    def may_edit(self) -> bool | None:
        """Return whether the token's owner may edit assignments; None if Canvas does not say."""

    def students(self) -> tuple[Student, ...]:
        """Return active and invited StudentEnrollments: each user once, never the Test Student.

        Here and below a student's id is the one that `jupyterhub.student_id` selects. Raises
        `NeedsPersonError` if two students have the same one, or one has none.
        """

    def waiting(self) -> tuple[Student, ...]:
        """Return invited students who are not in `students` yet: Canvas shows no id of theirs."""

    def tools(self, level: Level) -> tuple[ExternalTool, ...]:
        """Return all tools at a level, inherited ones included."""

    def assignments(self) -> tuple[CanvasAssignment, ...]: ...

    def closed_for(self, assignment_id: int) -> frozenset[str] | None:
        """Return whose due date is in a closed grading period; None if Canvas does not say."""

    def overrides(self, assignment_id: int) -> tuple[Override, ...]: ...

    def create_override(self, assignment_id: int, override: Override) -> Override:
        """Create an override with its students, title and dates; Canvas chooses the id.

        After a lost answer it looks before it tries again. Raises `RequestRefused` if a student is
        in another ad-hoc override of the assignment.
        """

    def update_override(
        self, assignment_id: int, override: Override, students: bool = False
    ) -> Override:
        """Set an override's dates and, with `students`, its students."""

    def remove_override(self, assignment_id: int, override_id: int) -> None:
        """Remove an override, if it is still there."""

    def group_members(self, group_id: int) -> frozenset[str]: ...

    def create_assignment(self, spec: AssignmentSpec) -> CanvasAssignment:
        """Create and publish an assignment; after a lost answer, look before trying again."""

    def update_assignment(self, assignment_id: int, spec: AssignmentSpec) -> CanvasAssignment: ...

    def submissions(self, assignment_id: int) -> tuple[CanvasSubmission, ...]:
        """Return every listed student's submission, with its comments' attachments.

        Raises `RequestRefused` if Canvas hides whose they are.
        """

    def push_grades(self, assignment_id: int, scores: Mapping[str, Decimal]) -> str:
        """Write scores in bulk and wait for the Progress; return its message if it failed.

        A failed Progress may be partly applied: read back with `submissions` and compare.
        """

    def push_singly(
        self, assignment_id: int, scores: Mapping[str, Decimal]
    ) -> Iterator[tuple[str, CanvasSubmission | CanvasFailure]]:
        """Write scores one by one, several at a time; yield (student id, what Canvas shows).

        Where Canvas refused one, the refusal takes its place. If Canvas is down, it raises, once
        what is under way has ended.
        """

    def late_deductions(self) -> bool:
        """Return whether Canvas itself deducts points from late submissions in this course."""

    def clear_grades(
        self, assignment_id: int, student_ids: Iterable[str]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        """Remove grades, several at a time; yield (student id, refusal) as each is done."""

    def set_posting(self, assignment_id: int, manually: bool) -> None:
        """Set whether grades and comments stay hidden until posted; post and hide nothing."""

    def post_grades(self, assignment_id: int) -> str:
        """Post what is graded and wait; return the Progress's message if it failed."""

    def attach_all(
        self, assignment_id: int, comments: Iterable[FeedbackComment]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        """Attach each student's files to one new comment, several at a time.

        Yields (student id, refusal) as each is done. It takes comments only as fast as it can send
        them, in the caller's thread. If Canvas is down, it raises, once what is under way has
        ended.
        """
