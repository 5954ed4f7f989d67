"""Canvas, as the workflows ask for it."""

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
        """The course, and what the token's owner may see and do there now."""

    def token_expires(self) -> datetime | None:
        """Return when the token ends (UTC); None: never, or Canvas does not tell."""

    def may_edit(self) -> bool | None:
        """Whether the token's owner may change assignments now; None where Canvas does not say."""

    def students(self) -> tuple[Student, ...]:
        """Active and invited StudentEnrollments, each user once, never the Test Student.

        Here and below they go by the id that `jupyterhub.student_id` chooses. Raises
        `NeedsPersonError` where two have the same, or one has none.
        """

    def waiting(self) -> tuple[Student, ...]:
        """Invited students who are not in `students` yet: Canvas does not show that id so far."""

    def tools(self, level: Level) -> tuple[ExternalTool, ...]:
        """All tools at that level, inherited ones included."""

    def assignments(self) -> tuple[CanvasAssignment, ...]: ...

    def closed_for(self, assignment_id: int) -> frozenset[str] | None:
        """Whose due date is in a closed grading period; None where Canvas does not say."""

    def overrides(self, assignment_id: int) -> tuple[Override, ...]: ...

    def create_override(self, assignment_id: int, override: Override) -> Override:
        """Make an override for its students, with its title and dates; the id comes from Canvas.

        After a lost answer it looks before it tries again. Raises `RequestRefused` where a student
        is in another ad-hoc override of the assignment.
        """

    def update_override(
        self, assignment_id: int, override: Override, students: bool = False
    ) -> Override:
        """Give an override these dates, and with `students` these students, the others stay."""

    def remove_override(self, assignment_id: int, override_id: int) -> None:
        """Remove an override; one that is gone already is no error."""

    def group_members(self, group_id: int) -> frozenset[str]: ...

    def create_assignment(self, spec: AssignmentSpec) -> CanvasAssignment:
        """Create it, published; after a lost answer it looks before it tries again."""

    def update_assignment(self, assignment_id: int, spec: AssignmentSpec) -> CanvasAssignment: ...

    def submissions(self, assignment_id: int) -> tuple[CanvasSubmission, ...]:
        """Every listed student's submission with its comments' attachments.

        Raises `RequestRefused` where Canvas hides whose they are.
        """

    def push_grades(self, assignment_id: int, scores: Mapping[str, Decimal]) -> str:
        """Write scores in bulk and wait for the Progress; give its message where it failed.

        A failed Progress is partly applied: read back with `submissions` and compare.
        """

    def push_singly(
        self, assignment_id: int, scores: Mapping[str, Decimal]
    ) -> Iterator[tuple[str, CanvasSubmission | CanvasFailure]]:
        """Write scores one by one, several at a time: (student id, what Canvas shows, or why not).

        A Canvas that is down is raised, once what is under way has ended.
        """

    def late_deductions(self) -> bool:
        """Whether Canvas itself takes points from late submissions of this course."""

    def clear_grades(
        self, assignment_id: int, student_ids: Iterable[str]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        """Take grades away, several at a time: (student id, refusal) as each is done."""

    def set_posting(self, assignment_id: int, manually: bool) -> None:
        """Set whether grades and comments stay hidden until posted; neither posts nor hides."""

    def post_grades(self, assignment_id: int) -> str:
        """Show students what is graded, and wait; give the Progress's message where it failed."""

    def attach_all(
        self, assignment_id: int, comments: Iterable[FeedbackComment]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        """Upload files and attach each student's to one new comment, several at a time.

        Yields (student id, refusal of that one) as each is done. Takes comments only as fast as it
        can send them, in the caller's thread; a Canvas that is down is raised, once what is under
        way has ended.
        """
