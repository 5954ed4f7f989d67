"""The `Canvas` port over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

import httpx

from rudaux.adapters.canvas import calls, decode, modes, override_calls, posting, tokens
from rudaux.adapters.canvas.override_calls import same_target
from rudaux.adapters.canvas.parallel import in_parallel
from rudaux.adapters.canvas.patience import AT_ONCE
from rudaux.adapters.canvas.upload import upload
from rudaux.adapters.canvas.wire import Wire
from rudaux.config import Level
from rudaux.domain.artifacts import FeedbackComment, FeedbackFile
from rudaux.domain.canvas import AssignmentSpec, CanvasAssignment, CanvasCourse, ExternalTool
from rudaux.domain.deadlines import Override
from rudaux.domain.grades import CanvasSubmission
from rudaux.domain.messages import counted
from rudaux.domain.roster import Student
from rudaux.errors import (
    CanvasFailure,
    NotFound,
    PermissionRefused,
    RequestRefused,
    ScopesRefused,
    TokenRefused,
)

UNANSWERED = (PermissionRefused, ScopesRefused, NotFound, RequestRefused)
"""Refusals that leave a question about Canvas's modes open; any other failure stops the run."""
CHUNK = 1000
SHORTEST_POLL = 0.2
LONGEST_POLL = 10.0
LONGEST_JOB = 900.0
"""Seconds that one bulk write of grades may take."""
_ENDED = {"failed": "failed", "canceled": "was canceled"}


class CanvasClient:
    """One course of a Canvas installation; implements `rudaux.ports.Canvas`, for several threads.

    `sleep` takes seconds; `at_once` is how many students get feedback at a time; `budget` is for
    how many seconds a call is retried; `tell` is told in a sentence what is waited for. Raises
    `ConfigError` for an address that would reveal the token.
    """

    def __init__(
        self,
        url: str,
        course_id: int,
        token: str,
        *,
        http: httpx.Client | None = None,
        sleep: Callable[[float], object] = time.sleep,
        at_once: int = AT_ONCE,
        budget: float | None = None,
        tell: Callable[[str], object] | None = None,
    ) -> None:
        self._wire = Wire(url, token, http, sleep, budget, tell)
        self._course_id = course_id
        self._at_once = at_once

    def __repr__(self) -> str:
        return f"CanvasClient({self._wire!r}, course_id={self._course_id})"

    def clock_offset(self) -> timedelta | None:
        return self._wire.clock_offset

    def course(self) -> CanvasCourse:
        """Return the course, and what the token's owner may do there; None if Canvas won't say."""
        found = decode.course(self._wire.json(calls.course(self._course_id)))
        right = "manage_grades"
        with suppress(*UNANSWERED):
            said = self._wire.json(calls.permissions(self._course_id, right))
            found = replace(found, may_grade=modes.permission(said, right))
        with suppress(*UNANSWERED):
            if found.limited is None:
                own = self._wire.rows(calls.own_enrollments(self._course_id))
                found = replace(found, limited=modes.limited(own))
        return found

    def token_expires(self) -> datetime | None:
        with suppress(*UNANSWERED):
            return tokens.expiry(self._wire.rows(tokens.own_tokens()), self._wire.token_begins)
        return None

    def may_edit(self) -> bool | None:
        """Ask for the permission by the name it has had since 2023, then by its older name."""
        answers = []
        for right in ("manage_assignments_edit", "manage_assignments"):
            with suppress(*UNANSWERED):
                said = self._wire.json(calls.permissions(self._course_id, right))
                answers.append(modes.permission(said, right))
            if True in answers:
                return True
        return False if False in answers else None

    def students(self) -> tuple[Student, ...]:
        found = decode.students(self._wire.rows(calls.enrollments(self._course_id)))
        if all(student.email for student in found):
            return found
        known = self._emails()
        return tuple(replace(s, email=s.email or known.get(s.id)) for s in found)

    def waiting(self) -> tuple[Student, ...]:
        return ()

    def _emails(self) -> Mapping[str, str]:
        """Return e-mail addresses by user id; none if refused, as a roster does without them."""
        try:
            return decode.emails(self._wire.rows(calls.student_users(self._course_id)))
        except (PermissionRefused, ScopesRefused, NotFound):
            return {}

    def tools(self, level: Level) -> tuple[ExternalTool, ...]:
        """Return all tools at that level: the course, its account, or the course's groups.

        Tools of parent accounts are always included; "group" without any group finds none.
        """
        merged: dict[int, ExternalTool] = {}
        for context, context_id in self._contexts(level):
            for row in self._wire.rows(calls.tools(context, context_id)):
                one = decode.tool(row)
                merged.setdefault(one.id, one)
        return tuple(merged.values())

    def _contexts(self, level: Level) -> list[tuple[str, int]]:
        if level == "course":
            return [("courses", self._course_id)]
        if level == "account":
            return [("accounts", decode.account_id(self._wire.json(calls.course(self._course_id))))]
        groups = decode.ids(self._wire.rows(calls.groups(self._course_id)))
        return [("groups", group) for group in groups]

    def assignments(self) -> tuple[CanvasAssignment, ...]:
        rows = self._wire.rows(calls.assignments(self._course_id))
        found = [decode.assignment(row) for row in rows]
        if any(a.moderated for a in found):
            released = self._released()
            found = [modes.under_moderation(a, released) for a in found]
        if self._unconstrained([a for a in found if a.closed]):
            found = [replace(a, closed=False) for a in found]
        return tuple(found)

    def _released(self) -> Mapping[int, bool | None]:
        with suppress(*UNANSWERED):
            return modes.released(self._wire.rows(calls.assignment_groups(self._course_id)))
        return {}

    def _unconstrained(self, closed: Sequence[CanvasAssignment]) -> bool:
        """Return whether closed grading periods do not bind us, as for an account's administrator.

        One answer holds for all assignments; the plainest one is the likeliest to give it.
        """
        plainest = sorted(closed, key=lambda a: (a.has_overrides is not False, bool(a.moderated)))
        with suppress(*UNANSWERED):
            for one in plainest[:1]:
                call = calls.editable_dates(self._course_id, one.id)
                return modes.unconstrained(self._wire.json(call))
        return False

    def closed_for(self, assignment_id: int) -> frozenset[str] | None:
        with suppress(*UNANSWERED):
            call = calls.effective_due_dates(self._course_id, assignment_id)
            return modes.closed_for(self._wire.json(call), assignment_id)
        return None

    def overrides(self, assignment_id: int) -> tuple[Override, ...]:
        return decode.overrides(self._wire.rows(calls.overrides(self._course_id, assignment_id)))

    def create_override(self, assignment_id: int, override: Override) -> Override:
        def made() -> Override | None:
            """Find what an unanswered request made: a student is in at most one ad-hoc override."""
            found = self.overrides(assignment_id)
            return next((o for o in found if same_target(o, override)), None)

        call = override_calls.create(self._course_id, assignment_id, override)
        return self._wire.once(call, decode.override, find=made)

    def update_override(
        self, assignment_id: int, override: Override, students: bool = False
    ) -> Override:
        call = override_calls.update(self._course_id, assignment_id, override, students)
        return decode.override(self._wire.json(call))

    def remove_override(self, assignment_id: int, override_id: int) -> None:
        with suppress(NotFound):  # somebody has removed it already
            self._wire.json(override_calls.remove(self._course_id, assignment_id, override_id))

    def group_members(self, group_id: int) -> frozenset[str]:
        return decode.members(self._wire.rows(calls.memberships(group_id)))

    def create_assignment(self, spec: AssignmentSpec) -> CanvasAssignment:
        made = self._wire.once(
            calls.create_assignment(self._course_id, spec),
            decode.assignment,
            find=lambda: self._made_from(spec),
        )
        return made if made.published else self.update_assignment(made.id, spec)

    def _made_from(self, spec: AssignmentSpec) -> CanvasAssignment | None:
        """Find what an unanswered request made, by name and link: names need not be unique."""
        same = (spec.name, spec.launch_url)
        made = [a for a in self.assignments() if (a.name, a.launch_url) == same]
        return max(made, key=lambda a: a.id, default=None)

    def update_assignment(self, assignment_id: int, spec: AssignmentSpec) -> CanvasAssignment:
        """Change an assignment, publish it, and read it back.

        An assignment that only overrides make visible keeps its base dates: with a due date,
        Canvas would show it to everyone.
        """
        dated = not self._assignment(assignment_id).only_visible_to_overrides
        self._wire.json(calls.update_assignment(self._course_id, assignment_id, spec, dated))
        return self._assignment(assignment_id)

    def _assignment(self, assignment_id: int) -> CanvasAssignment:
        return decode.assignment(self._wire.json(calls.assignment(self._course_id, assignment_id)))

    def submissions(self, assignment_id: int) -> tuple[CanvasSubmission, ...]:
        rows = self._wire.rows(calls.submissions(self._course_id, assignment_id))
        return tuple(decode.submissions(rows))

    def push_grades(self, assignment_id: int, scores: Mapping[str, Decimal]) -> str:
        """Write scores in bulk; once Canvas took some, trouble is a message and not an error."""
        jobs: list[_Job] = []
        trouble = ""
        for chunk in _chunks(scores, CHUNK):
            call = calls.grade(self._course_id, assignment_id, chunk)
            try:
                job = decode.progress(self._wire.json(call))
                jobs.append(_Job(job, f"writing {counted(len(chunk), 'grade')}", call.task))
            except CanvasFailure as error:
                if not jobs or isinstance(error, TokenRefused):
                    raise
                trouble = str(error)
                break
        messages = [*map(self._wait, jobs), trouble]
        return "; ".join(dict.fromkeys(m for m in messages if m))

    def _wait(self, job: _Job) -> str:
        """Wait for a job; return a message unless it is completed in time."""
        now, waited, pause = job.progress, 0.0, SHORTEST_POLL
        while now.state not in {"completed", "failed", "canceled"}:
            if waited >= LONGEST_JOB:
                return (
                    f"Canvas has not finished {job.work} after "
                    f"{waited / 60:.0f} minutes (the job is {now.state}): they may still appear"
                )
            self._wire.sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, LONGEST_POLL)
            try:
                now = decode.progress(self._wire.json(calls.progress(now.id, job.task)))
            except TokenRefused:
                raise
            except CanvasFailure as error:
                return f"Canvas started {job.work}, but {error}"
        if now.state == "completed":
            return ""
        return now.message or f"Canvas reports that {job.work} {_ENDED[now.state]}"

    def push_singly(
        self, assignment_id: int, scores: Mapping[str, Decimal]
    ) -> Iterator[tuple[str, CanvasSubmission | CanvasFailure]]:
        def push(one: tuple[str, Decimal]) -> tuple[str, CanvasSubmission | CanvasFailure]:
            student_id, score = one
            call = calls.grade_one(self._course_id, assignment_id, student_id, score)
            try:
                return student_id, decode.submission(self._wire.json(call))
            except (NotFound, PermissionRefused, RequestRefused) as refused:
                return student_id, refused

        return in_parallel(push, scores.items(), self._at_once)

    def late_deductions(self) -> bool:
        try:
            answer = self._wire.json(calls.late_policy(self._course_id))
        except NotFound:
            return False
        return decode.late_deductions(answer)

    def clear_grades(
        self, assignment_id: int, student_ids: Iterable[str]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        def clear(student_id: str) -> tuple[str, CanvasFailure | None]:
            try:
                self._wire.json(calls.clear_grade(self._course_id, assignment_id, student_id))
            except (NotFound, PermissionRefused, RequestRefused) as refused:
                return student_id, refused
            return student_id, None

        return in_parallel(clear, student_ids, self._at_once)

    def set_posting(self, assignment_id: int, manually: bool) -> None:
        call = posting.set_policy(assignment_id, manually)
        posting.check_policy(self._wire.json(call), manually, call.task)

    def post_grades(self, assignment_id: int) -> str:
        call = posting.post(assignment_id)
        job = posting.progress(self._wire.json(call), call.task)
        return self._wait(_Job(job, "posting the grades", call.task))

    def attach_feedback(
        self, assignment_id: int, student_id: str, files: Sequence[FeedbackFile], text: str
    ) -> None:
        if not files:
            return
        uploaded = [
            upload(self._wire, self._course_id, assignment_id, student_id, f) for f in files
        ]

        def attached() -> bool | None:
            asked = calls.submission(self._course_id, assignment_id, student_id)
            there = decode.attached_ids(self._wire.json(asked))
            return True if there.issuperset(uploaded) else None

        call = calls.comment(self._course_id, assignment_id, student_id, text, uploaded)
        self._wire.once(call, lambda _answer: True, find=attached)

    def attach_all(
        self, assignment_id: int, comments: Iterable[FeedbackComment]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        def attach(comment: FeedbackComment) -> tuple[str, CanvasFailure | None]:
            student = comment.student_id
            try:
                self.attach_feedback(assignment_id, student, comment.files, comment.text)
            except (NotFound, PermissionRefused, RequestRefused) as refused:
                return student, refused
            return student, None

        return in_parallel(attach, comments, self._at_once)


@dataclass(frozen=True)
class _Job:
    """A background job of Canvas's, in words: `work` after "started", `task` after "asked to"."""

    progress: decode.Progress
    work: str
    task: str


def _chunks(scores: Mapping[str, Decimal], size: int) -> Iterator[dict[str, Decimal]]:
    rest = iter(scores.items())
    while chunk := dict(islice(rest, size)):
        yield chunk
