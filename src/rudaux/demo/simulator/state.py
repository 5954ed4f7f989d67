"""The World: everything one practice Canvas holds, with builders for tests and the demo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

from rudaux.demo.simulator import store
from rudaux.demo.simulator.entities import (
    Assignment,
    Comment,
    Course,
    Enrollment,
    EnrollmentState,
    EnrollmentType,
    Group,
    JournalEntry,
    Level,
    Membership,
    OtherCourse,
    Override,
    Progress,
    Section,
    StoredFile,
    Submission,
    Token,
    Tool,
    ToolTag,
    User,
)

FIRST_ID = {"user": 1001, "tool": 501, "assignment": 2001, "override": 3001, "submission": 40001}


def utc_now() -> datetime:
    """Return the time as Canvas stores it: whole seconds, UTC."""
    return datetime.now(timezone.utc).replace(microsecond=0)


@dataclass
class World:
    """A Canvas with one course. Builders return the new id; fields may be changed at will."""

    course: Course
    tokens: dict[str, Token] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    sections: dict[int, Section] = field(default_factory=dict)
    enrollments: dict[int, Enrollment] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    tools: dict[int, Tool] = field(default_factory=dict)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    overrides: dict[int, Override] = field(default_factory=dict)
    submissions: dict[str, Submission] = field(default_factory=dict)
    files: dict[int, StoredFile] = field(default_factory=dict)
    progress: dict[int, Progress] = field(default_factory=dict)
    journal: list[JournalEntry] = field(default_factory=list)
    last_ids: dict[str, int] = field(default_factory=dict)
    other_courses: list[OtherCourse] = field(default_factory=list)
    contents: dict[int, bytes] = field(default_factory=dict, metadata={"stored": False})

    @classmethod
    def new(
        cls,
        course_id: int = 12345,
        name: str = "Practice course",
        time_zone: str | None = "America/Vancouver",
        token: str = "practice-token",  # noqa: S107 - opens nothing but this practice Canvas
    ) -> World:
        """Return a course with one section and an instructor, the token's owner."""
        world = cls(Course(course_id, name, time_zone))
        world.add_section(name)
        teacher = world.add_person("Instructor", "TeacherEnrollment")
        world.tokens[token] = Token(teacher)
        return world

    @classmethod
    def load(cls, path: Path) -> World:
        """Return a saved world; raises ValueError if the file is not one."""
        return store.load(cls, path)

    def save(self, path: Path) -> None:
        """Write the world, atomically; contents of files go to a folder beside it."""
        store.save(self, path)

    def next_id(self, kind: str) -> int:
        """Return the next free id of a kind."""
        self.last_ids[kind] = self.last_ids.get(kind, FIRST_ID.get(kind, 1) - 1) + 1
        return self.last_ids[kind]

    def add_section(self, name: str) -> int:
        """Add a section."""
        section = Section(self.next_id("section"), name)
        self.sections[section.id] = section
        return section.id

    def add_person(
        self,
        name: str,
        role: EnrollmentType,
        sortable_name: str | None = None,
        email: str | None = None,
        state: EnrollmentState = "active",
        sections: Sequence[int] = (),
        user_id: int | None = None,
    ) -> int:
        """Add a person with one enrollment per section (default: the first section)."""
        uid = user_id or self.next_id("user")
        login = email.partition("@")[0] if email else f"u{uid}"
        person = User(uid, name, sortable_name or name, email, login, f"SIS{uid}")
        self.users[uid] = person
        for section in sections or list(self.sections)[:1]:
            self.enroll(uid, role, section, state)
        return uid

    def enroll(
        self,
        user_id: int,
        role: EnrollmentType,
        section: int,
        state: EnrollmentState = "active",
    ) -> int:
        """Add a role of a person in a section; return the enrollment's id."""
        new = Enrollment(self.next_id("enrollment"), user_id, section, role, state, utc_now())
        self.enrollments[new.id] = new
        return new.id

    def backdate(self) -> None:
        """Let everybody be in the course for 60 days, as in one that is under way."""
        for enrollment in self.enrollments.values():
            enrollment.created_at -= timedelta(days=60)

    def add_student(
        self,
        name: str,
        sortable_name: str | None = None,
        email: str | None = None,
        state: EnrollmentState = "active",
        sections: Sequence[int] = (),
        user_id: int | None = None,
    ) -> int:
        """Add a student; without `sortable_name` it is made of `name` ("Last, First")."""
        first, _, last = name.rpartition(" ")
        sortable = sortable_name or (f"{last}, {first}" if first else name)
        return self.add_person(name, "StudentEnrollment", sortable, email, state, sections, user_id)

    def add_test_student(self) -> int:
        """Add the Test Student of Canvas's "student view"."""
        uid = self.add_person("Test Student", "StudentViewEnrollment", "Student, Test")
        person = self.users[uid]
        person.test, person.sis_user_id, person.login_id = True, None, f"test-{uid}"
        return uid

    def set_state(self, user_id: int, state: EnrollmentState, at: datetime | None = None) -> None:
        """Change all enrollments of a person, e.g. to "deleted" where they drop the course.

        Canvas takes whoever is deleted out of ad-hoc overrides, and removes one that is empty then.
        https://github.com/instructure/canvas-lms/blob/master/app/models/enrollment.rb
        """
        for enrollment in self.enrollments.values():
            if enrollment.user_id == user_id:
                enrollment.state, enrollment.updated_at = state, at or utc_now()
        if state == "deleted":
            self._leave_overrides(user_id)

    def _leave_overrides(self, user_id: int) -> None:
        for override in [o for o in self.overrides.values() if user_id in o.student_ids]:
            override.student_ids.remove(user_id)
            if not override.student_ids:
                del self.overrides[override.id]

    def add_group(self, name: str, members: Iterable[int] = ()) -> int:
        """Add a group with accepted members."""
        group = Group(self.next_id("group"), name)
        group.memberships = [Membership(self.next_id("membership"), m) for m in members]
        self.groups[group.id] = group
        return group.id

    def add_tool(
        self,
        level: Level,
        name: str,
        url: str | None = None,
        domain: str | None = None,
        context_id: int | None = None,
        **fields: Any,
    ) -> int:
        """Install a tool in the course, its account, or a group (then `context_id` names it)."""
        default = self.course.id if level == "course" else self.course.account_id
        new = Tool(self.next_id("tool"), level, context_id or default, name, url, domain, **fields)
        self.tools[new.id] = new
        return new.id

    def add_assignment(
        self,
        name: str,
        points: float = 10.0,
        due_at: datetime | None = None,
        published: bool = True,
        tool_id: int | None = None,
        launch_url: str = "",
        **fields: Any,
    ) -> int:
        """Add an assignment; `fields` are any other fields of `entities.Assignment`."""
        now = utc_now()
        new = Assignment(self.next_id("assignment"), name, now, now, **fields)
        new.position = len(self.assignments) + 1
        new.points_possible, new.due_at, new.published = points, due_at, published
        if tool_id is not None or launch_url:
            new.submission_types = ["external_tool"]
            new.tool = ToolTag(launch_url, True, tool_id)
        self.assignments[new.id] = new
        return new.id

    def add_override(
        self,
        assignment_id: int,
        student_ids: Sequence[int] = (),
        section_id: int | None = None,
        group_id: int | None = None,
        title: str = "",
        **dates: datetime | None,
    ) -> int:
        """Add an override; `due_at=None` overrides to no date, leaving it out leaves the date."""
        new = Override(self.next_id("override"), assignment_id, title, dict(dates))
        new.student_ids, new.section_id, new.group_id = list(student_ids), section_id, group_id
        new.title = title or f"{len(student_ids)} student{'s' if len(student_ids) > 1 else ''}"
        self.overrides[new.id] = new
        return new.id

    def add_file(self, owner_id: int, assignment_id: int, name: str, content: bytes) -> int:
        """Add a file that is ready to be attached to a comment."""
        new = StoredFile(
            self.next_id("file"), uuid4().hex, owner_id, assignment_id, name, "text/html", utc_now()
        )
        new.state, new.size = "done", len(content)
        self.files[new.id], self.contents[new.id] = new, content
        return new.id

    def submission(self, assignment_id: int, user_id: int) -> Submission:
        """Return a student's row, adding the unsubmitted one that Canvas makes beforehand."""
        key = f"{assignment_id}/{user_id}"
        if key not in self.submissions:
            row = Submission(self.next_id("submission"), assignment_id, user_id)
            self.submissions[key] = row
        return self.submissions[key]

    def grade(self, assignment_id: int, user_id: int, score: float | None) -> None:
        """Enter a score as a person would in Canvas's own gradebook."""
        row = self.submission(assignment_id, user_id)
        row.entered_score, row.excused, row.workflow_state = score, False, "graded"
        row.graded_at = row.posted_at = utc_now()
        row.grader_id = next(iter(self.users))

    def scores(self, assignment_id: int) -> Mapping[int, float | None]:
        """Return the entered scores by user id."""
        rows = [s for s in self.submissions.values() if s.assignment_id == assignment_id]
        return {s.user_id: s.entered_score for s in rows}

    def comments(self, assignment_id: int, user_id: int) -> list[Comment]:
        """Return the comments on a student's submission."""
        return self.submission(assignment_id, user_id).comments
