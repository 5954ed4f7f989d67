"""Canvas's JSON as rudaux's own types; anything unusable raises `CanvasFailure`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rudaux.adapters.canvas.fields import Row
from rudaux.adapters.canvas.fields import flag as _flag
from rudaux.adapters.canvas.fields import maybe_whole as _maybe_whole
from rudaux.adapters.canvas.fields import moment as _moment
from rudaux.adapters.canvas.fields import number as _number
from rudaux.adapters.canvas.fields import row as _row
from rudaux.adapters.canvas.fields import rows as _rows
from rudaux.adapters.canvas.fields import text as _text
from rudaux.adapters.canvas.fields import there as _there
from rudaux.adapters.canvas.fields import unusable as _unusable
from rudaux.adapters.canvas.fields import whole as _whole
from rudaux.adapters.canvas.modes import limited
from rudaux.domain.canvas import CanvasAssignment, CanvasCourse, ExternalTool
from rudaux.domain.deadlines import Override
from rudaux.domain.grades import CanvasSubmission
from rudaux.domain.modes import HIDDEN_NAMES
from rudaux.domain.roster import Student
from rudaux.errors import CanvasFailure, RequestRefused


@dataclass(frozen=True)
class Progress:
    """A background job of Canvas's; `message` says why if it failed."""

    id: int
    state: str
    message: str


@dataclass(frozen=True)
class Ticket:
    """Where to upload a file, and the form fields to send unchanged before it."""

    url: str
    fields: Mapping[str, str]
    file_field: str


def course(data: object) -> CanvasCourse:
    """Read a course; if the token's owner gave it a nickname, its name is in `original_name`."""
    row = _row(data)
    over = row.get("workflow_state") == "completed" or _flag(row, "concluded")
    name = _text(row, "original_name") or _text(row, "name")
    return CanvasCourse(
        _whole(row, "id"),
        name,
        _text(row, "time_zone"),
        _text(_row(row.get("term") or {}), "name"),
        concluded=over,
        limited=limited(_rows(row, "enrollments")),
    )


def courses(rows: Iterable[object]) -> tuple[CanvasCourse, ...]:
    """Read listed courses, without those closed by their dates: Canvas shows only their ids."""
    return tuple(course(row) for row in rows if not _row(row).get("access_restricted_by_date"))


def account_id(data: object) -> int:
    """Read which account a course belongs to."""
    return _whole(_row(data), "account_id")


def ids(rows: Iterable[object]) -> tuple[int, ...]:
    """Read the ids of listed things."""
    return tuple(_whole(_row(r), "id") for r in rows)


def students(rows: Iterable[object]) -> tuple[Student, ...]:
    """Merge enrollments (one row per section) into students, ordered as listed.

    Type and state are checked again: somebody who is not a current student must never be graded.
    """
    merged: dict[str, Student] = {}
    for row in map(_row, rows):
        if _there(row, "type") != "StudentEnrollment":
            continue
        if _there(row, "enrollment_state") not in {"active", "invited"}:
            continue
        one = _student(row)
        before = merged.get(one.id)
        sections = one.section_ids | (before.section_ids if before else frozenset())
        waits = one.invited and (before is None or before.invited)
        login = one.login if before is None or before.login is None else before.login
        merged[one.id] = replace(
            before or one,
            section_ids=sections,
            invited=waits,
            login=login,
            joined_at=min(
                _dates(one.joined_at, before.joined_at if before else None), default=None
            ),
            changed_at=max(
                _dates(one.changed_at, before.changed_at if before else None), default=None
            ),
        )
    return tuple(merged.values())


def _dates(*dates: datetime | None) -> list[datetime]:
    return [date for date in dates if date is not None]


def _student(row: Row) -> Student:
    user = _row(row.get("user") or {})
    section = _maybe_whole(row, "course_section_id")
    student_id = str(_whole(row, "user_id"))
    return Student(
        id=student_id,
        name=_text(user, "name") or student_id,
        sortable_name=_text(user, "sortable_name"),
        email=_text(user, "email") or None,
        section_ids=frozenset() if section is None else frozenset({section}),
        canvas_id=student_id,
        login=_text(user, "login_id") if "login_id" in user else None,
        sis_id=_text(user, "sis_user_id") if "sis_user_id" in user else None,
        invited=row.get("enrollment_state") == "invited",
        joined_at=_moment(row, "created_at"),
        changed_at=_moment(row, "updated_at"),
    )


def emails(rows: Iterable[object]) -> Mapping[str, str]:
    """Read e-mail addresses by user id; the key is absent if the token may not see them."""
    found = map(_row, rows)
    return {str(_whole(row, "id")): _text(row, "email") for row in found if _text(row, "email")}


def tool(data: object) -> ExternalTool:
    """Read an external tool."""
    row = _row(data)
    return ExternalTool(
        _whole(row, "id"),
        _text(row, "name"),
        _text(row, "url") or None,
        _text(row, "domain") or None,
    )


def members(rows: Iterable[object]) -> frozenset[str]:
    """Read a group's members: those who accepted."""
    found = [_row(r) for r in rows]
    return frozenset(
        str(_whole(row, "user_id")) for row in found if _there(row, "workflow_state") == "accepted"
    )


def assignment(data: object) -> CanvasAssignment:
    """Read an assignment; without permission `has_overrides` is absent, and None here."""
    row = _row(data)
    by_tool = "external_tool" in _rows(row, "submission_types")
    tag = _row(row.get("external_tool_tag_attributes") or {}) if by_tool else {}
    # Canvas answers with this spelling even if it was sent the other one.
    by_id = tag.get("content_type") in {"ContextExternalTool", "context_external_tool"}
    return CanvasAssignment(
        id=_whole(row, "id"),
        name=_text(row, "name"),
        points=_number(row, "points_possible"),
        due_at=_moment(row, "due_at"),
        unlock_at=_moment(row, "unlock_at"),
        lock_at=_moment(row, "lock_at"),
        published=row.get("published") is True or row.get("workflow_state") == "published",
        launch_url=_text(tag, "url") or None,
        tool_id=_maybe_whole(tag, "content_id") if by_id else None,
        has_overrides=_flag(row, "has_overrides"),
        only_visible_to_overrides=row.get("only_visible_to_overrides") is True,
        post_manually=row.get("post_manually") is True,
        grades_groups=row.get("group_category_id") is not None
        and row.get("grade_group_students_individually") is not True,
        created_at=_moment(row, "created_at"),
        grading_type=_text(row, "grading_type") or "points",
        closed=_flag(row, "in_closed_grading_period"),
        moderated=_flag(row, "moderated_grading"),
        anonymous=_flag(row, "anonymous_grading"),
    )


def overrides(rows: Iterable[object]) -> tuple[Override, ...]:
    """Read overrides; raise if one does not say whom it is for."""
    found = [_row(r) for r in rows]
    for row in found:
        if all(row.get(key) is None for key in (*_FOR_SOME, "course_id")):
            number = _whole(row, "id")
            raise CanvasFailure(
                f"Canvas does not say whom the due date override {number} is for: look at the "
                "assignment's dates in Canvas, and check whether the token's owner may see all of "
                "its students"
            )
    return tuple(map(override, found))


_FOR_SOME = ("student_ids", "group_id", "course_section_id", "noop_id")


def override(data: object) -> Override:
    """Read an override; the key `due_at` is there only if the due date is overridden."""
    row = _row(data)
    narrower = any(row.get(k) is not None for k in _FOR_SOME)
    return Override(
        id=_whole(row, "id"),
        due_at=_moment(row, "due_at"),
        overrides_due="due_at" in row,
        student_ids=frozenset(str(s) for s in _rows(row, "student_ids")),
        section_id=_maybe_whole(row, "course_section_id"),
        group_id=_maybe_whole(row, "group_id"),
        whole_course=row.get("course_id") is not None and not narrower,
        title=_text(row, "title"),
        unlock_at=_moment(row, "unlock_at"),
        overrides_unlock="unlock_at" in row,
        lock_at=_moment(row, "lock_at"),
        overrides_lock="lock_at" in row,
    )


def submissions(rows: Iterable[object]) -> Iterator[CanvasSubmission]:
    """Read submissions; raise `RequestRefused` if Canvas hides whose they are."""
    for row in map(_row, rows):
        if row.get("user_id") is None:
            raise RequestRefused(HIDDEN_NAMES)
        _there(row, "excused")
        if "entered_score" not in row:
            _there(row, "score")
        yield submission(row)


def submission(data: object) -> CanvasSubmission:
    """Read a submission; `entered_score` is the score before Canvas's late policy deducts."""
    row = _row(data)
    entered = _number(row, "entered_score")
    if "entered_score" not in row and (score := _number(row, "score")) is not None:
        entered = score + (_number(row, "points_deducted") or 0)
    return CanvasSubmission(
        student_id=str(_whole(row, "user_id")),
        entered=entered,
        excused=row.get("excused") is True,
        graded_at=_moment(row, "graded_at"),
        attached=tuple(_attached(row)),
        posted_at=_text(row, "posted_at") or None,
    )


def late_deductions(data: object) -> bool:
    """Read whether a late policy deducts points from late submissions."""
    policy = _row(_row(data).get("late_policy"))
    share = _number(policy, "late_submission_deduction") or 0
    return policy.get("late_submission_deduction_enabled") is True and share > 0


def _attached(row: Row) -> Iterator[str]:
    for comment in map(_row, _rows(row, "submission_comments")):
        for file in map(_row, _rows(comment, "attachments")):
            yield _text(file, "display_name") or _text(file, "filename")


def progress(data: object) -> Progress:
    """Read a job's progress."""
    row = _row(data)
    return Progress(_whole(row, "id"), _text(row, "workflow_state"), _text(row, "message"))


def ticket(data: object) -> Ticket:
    """Read where a file goes."""
    row = _row(data)
    fields = _row(row.get("upload_params") or {})
    url = _text(row, "upload_url")
    if not url:
        raise _unusable("upload_url", row.get("upload_url"))
    texts = {key: "" if value is None else str(value) for key, value in fields.items()}
    return Ticket(url, texts, _text(row, "file_param") or "file")


def file_id(data: object) -> int | None:
    """Read the id of an uploaded file, or None if this is not one."""
    number = data.get("id") if isinstance(data, Mapping) else None
    if isinstance(number, str) and number.isdecimal():
        return int(number)
    return number if isinstance(number, int) else None


def file_is_ready(data: object) -> bool:
    """Return whether a file is uploaded; older installations do not send `upload_status`."""
    row = _row(data)
    return row.get("upload_status", "success") == "success" and bool(_text(row, "url"))


def attached_ids(data: object) -> frozenset[int]:
    """Read the ids of all files attached to a submission's comments.

    https://github.com/instructure/canvas-lms/blob/master/app/models/submission_comment.rb
    """
    comments = map(_row, _rows(_row(data), "submission_comments"))
    found = [_maybe_whole(_row(f), "id") for c in comments for f in _rows(c, "attachments")]
    return frozenset(number for number in found if number is not None)
