"""What a Canvas holds, as plain mutable dataclasses; dates are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

EnrollmentState = Literal[
    "active", "invited", "creation_pending", "inactive", "completed", "rejected", "deleted"
]
EnrollmentType = Literal[
    "StudentEnrollment",
    "StudentViewEnrollment",
    "TeacherEnrollment",
    "TaEnrollment",
    "DesignerEnrollment",
    "ObserverEnrollment",
]
Level = Literal["course", "account", "group"]
ProgressState = Literal["queued", "running", "completed", "failed"]


@dataclass
class LatePolicy:
    """Percentages of the points possible, deducted per started interval."""

    missing_submission_deduction_enabled: bool = False
    missing_submission_deduction: float = 100.0
    late_submission_deduction_enabled: bool = False
    late_submission_deduction: float = 0.0
    late_submission_interval: Literal["hour", "day"] = "day"
    late_submission_minimum_percent_enabled: bool = False
    late_submission_minimum_percent: float = 0.0


@dataclass
class Course:
    """The one course of this Canvas; `nickname` is what the token's owner calls it.

    `end_at` counts with `restrict_to_dates`, else the term's end does, which may be later for
    teachers. Due dates up to `closed_until` lie in closed grading periods.
    """

    id: int
    name: str
    time_zone: str | None
    account_id: int = 1
    workflow_state: str = "available"
    nickname: str | None = None
    term: str = "Default Term"
    late_policy: LatePolicy | None = None
    end_at: datetime | None = None
    restrict_to_dates: bool = False
    term_end_at: datetime | None = None
    teachers_end_at: datetime | None = None
    closed_until: datetime | None = None


@dataclass
class OtherCourse:
    """A course that the instructor sees in the list of courses; nothing more of it is here."""

    id: int
    name: str
    role: Literal["teacher", "ta", "student"] = "teacher"
    term: str = "Default Term"
    restricted: bool = False


@dataclass
class Token:
    """An access token and whose it is."""

    user_id: int
    state: Literal["active", "revoked", "expired"] = "active"
    expires_at: datetime | None = None


@dataclass
class User:
    """A person, or the Test Student of the course; `admin`: an administrator of the account."""

    id: int
    name: str
    sortable_name: str
    email: str | None = None
    login_id: str | None = None
    sis_user_id: str | None = None
    test: bool = False
    admin: bool = False


@dataclass
class Section:
    """A section of the course."""

    id: int
    name: str


@dataclass
class Enrollment:
    """One role of one person in one section; `role` is the custom name, where there is one.

    limited: they see that section only. `updated_at` None: never changed since it was made.
    """

    id: int
    user_id: int
    section_id: int
    type: EnrollmentType
    state: EnrollmentState
    created_at: datetime
    role: str | None = None
    limited: bool = False
    updated_at: datetime | None = None


@dataclass
class Membership:
    """One person in a group."""

    id: int
    user_id: int
    state: Literal["accepted", "invited", "requested"] = "accepted"


@dataclass
class Group:
    """A group of the course."""

    id: int
    name: str
    memberships: list[Membership] = field(default_factory=list)


@dataclass
class Tool:
    """An external tool, installed in a course, an account or a group.

    LTI 1.1 signs with `secret`; 1.3 logs in at `login_url` and answers to `redirect_uri`.
    """

    id: int
    level: Level
    context_id: int
    name: str
    url: str | None = None
    domain: str | None = None
    version: Literal["1.1", "1.3"] = "1.3"
    deleted: bool = False
    privacy: Literal["public", "anonymous"] = "public"
    secret: str = ""
    login_url: str = ""
    redirect_uri: str = ""
    custom_fields: dict[str, str] = field(default_factory=dict)

    @property
    def client_id(self) -> int:
        """What a 1.3 tool calls itself: its developer key."""
        return 10000000000000 + self.id

    @property
    def deployment_id(self) -> str:
        """Which installation of a 1.3 tool this is."""
        return f"{self.id}:deployment"


@dataclass
class ToolTag:
    """What an external-tool assignment launches."""

    url: str
    new_tab: bool = False
    content_id: int | None = None


@dataclass
class Assignment:
    """An assignment; `closed_period` puts it into a closed grading period.

    `grades_published`: of a moderated one, its final grades are released.
    """

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    position: int = 1
    points_possible: float | None = 0.0
    grading_type: str = "points"
    submission_types: list[str] = field(default_factory=lambda: ["none"])
    due_at: datetime | None = None
    unlock_at: datetime | None = None
    lock_at: datetime | None = None
    published: bool = False
    only_visible_to_overrides: bool = False
    post_manually: bool = False
    group_category_id: int | None = None
    tool: ToolTag | None = None
    closed_period: bool = False
    deleted: bool = False
    anonymous_grading: bool = False
    moderated_grading: bool = False
    grades_published: bool = False

    @property
    def under_moderation(self) -> bool:
        """Return whether graders propose grades that nobody has released yet."""
        return self.moderated_grading and not self.grades_published

    @property
    def hides_grades(self) -> bool:
        """Return whether a grade stays hidden until somebody posts it."""
        return self.post_manually or self.anonymous_grading or self.under_moderation


@dataclass
class Override:
    """Other dates for some; a key in `dates` with None means "overridden to no date"."""

    id: int
    assignment_id: int
    title: str
    dates: dict[str, datetime | None] = field(default_factory=dict)
    student_ids: list[int] = field(default_factory=list)
    section_id: int | None = None
    group_id: int | None = None


@dataclass
class Comment:
    """A comment on a submission; `file_ids` are its attachments."""

    id: int
    author_id: int
    text: str
    created_at: datetime
    file_ids: list[int] = field(default_factory=list)


@dataclass
class Submission:
    """One student's row for one assignment; `entered_score` is before late deductions."""

    id: int
    assignment_id: int
    user_id: int
    entered_score: float | None = None
    points_deducted: float | None = None
    excused: bool | None = None
    workflow_state: str = "unsubmitted"
    submitted_at: datetime | None = None
    graded_at: datetime | None = None
    posted_at: datetime | None = None
    grader_id: int | None = None
    late_policy_status: str | None = None
    seconds_late_override: int | None = None
    comments: list[Comment] = field(default_factory=list)


@dataclass
class StoredFile:
    """An uploaded file; the content is kept beside the state, not in it.

    pending: step 1 done; stored: the bytes are here (local uploads); done: usable.
    """

    id: int
    uuid: str
    owner_id: int
    assignment_id: int
    name: str
    content_type: str
    created_at: datetime
    state: Literal["pending", "stored", "done"] = "pending"
    size: int = 0
    params: dict[str, str] = field(default_factory=dict)


@dataclass
class Progress:
    """An asynchronous job: its `work`, how much of it is `done`, and whom it could not find."""

    id: int
    tag: str
    created_at: datetime
    updated_at: datetime
    user_id: int | None = None
    state: ProgressState = "queued"
    completion: float | None = None
    message: str | None = None
    results: Any = None
    polls: int = 0
    work: list[dict[str, Any]] = field(default_factory=list)
    done: int = 0
    missing: list[str] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)


@dataclass
class JournalEntry:
    """A request that changed something in Canvas."""

    method: str
    path: str
    at: datetime
