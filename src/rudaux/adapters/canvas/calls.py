"""The Canvas endpoints that rudaux uses, one function each.

https://canvas.instructure.com/doc/api/all_resources.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from urllib.parse import quote

from rudaux.adapters.canvas.protocol import PER_PAGE, Call, Value
from rudaux.domain.canvas import AssignmentSpec
from rudaux.domain.grades import fixed_point
from rudaux.errors import RudauxError


def no_course(course_id: int) -> str:
    """Return the message for a course that does not exist."""
    return f"Canvas has no course {course_id} (or hides it from this token): check canvas.course_id"


def no_assignment(course_id: int, assignment_id: int) -> str:
    """Return the message for an assignment that does not exist."""
    return (
        f"Canvas has no assignment {assignment_id} in course {course_id}: it may have been "
        "deleted; `rudaux init` offers to create it again"
    )


def _listing(path: str, task: str, missing: str = "", **filters: Value) -> Call:
    """Ask for a list; filters go in the query, as `next` links drop those in a body."""
    return Call("GET", path, task, query={**filters, "per_page": PER_PAGE}, missing=missing)


def course(course_id: int) -> Call:
    """Ask for the course."""
    return Call(
        "GET",
        f"/courses/{course_id}",
        f"show course {course_id}",
        query={"include": ["concluded"]},
        missing=no_course(course_id),
    )


def permissions(course_id: int, name: str) -> Call:
    """Ask whether the token's owner has a permission; a concluded course takes most away.

    https://canvas.instructure.com/doc/api/courses.html#method.courses.permissions
    """
    task = f"say what may be done in course {course_id}"
    return Call("GET", f"/courses/{course_id}/permissions", task, query={"permissions": [name]})


def own_enrollments(course_id: int) -> Call:
    """Ask for the enrollments of the token's owner."""
    task = f"show your own enrollments in course {course_id}"
    return _listing(f"/courses/{course_id}/enrollments", task, user_id="self", state=["active"])


def assignment_groups(course_id: int) -> Call:
    """Ask for the assignments by group, the only place that has `grades_published`."""
    return _listing(
        f"/courses/{course_id}/assignment_groups",
        f"say which grades of course {course_id} are released",
        include=["assignments", "grades_published"],
        override_assignment_dates=False,
    )


def editable_dates(course_id: int, assignment_id: int) -> Call:
    """Ask which of an assignment's dates the token's owner may change."""
    task = f"say which dates of assignment {assignment_id} may be changed"
    return Call(
        "GET",
        _assignment_path(course_id, assignment_id),
        task,
        query={"include": ["all_dates", "can_edit"], "override_assignment_dates": False},
    )


def effective_due_dates(course_id: int, assignment_id: int) -> Call:
    """Ask for every student's own due date, and whether its grading period is closed.

    https://canvas.instructure.com/doc/api/courses.html#method.courses.effective_due_dates
    """
    return Call(
        "GET",
        f"/courses/{course_id}/effective_due_dates",
        f"show the effective due dates of assignment {assignment_id}",
        query={"assignment_ids": [assignment_id]},
    )


def own_courses() -> Call:
    """Ask for the courses, with their terms, in which the token's owner is a teacher."""
    return _listing("/courses", "list your courses", enrollment_type="teacher", include=["term"])


def enrollments(course_id: int) -> Call:
    """Ask for students' enrollments; without a state Canvas shows teachers inactive ones, too."""
    return _listing(
        f"/courses/{course_id}/enrollments",
        f"list the students of course {course_id}",
        no_course(course_id),
        type=["StudentEnrollment"],
        state=["active", "invited"],
    )


def student_users(course_id: int) -> Call:
    """Ask for the students as users, the only place that shows e-mail addresses."""
    return _listing(
        f"/courses/{course_id}/users",
        f"list the e-mail addresses of course {course_id}",
        no_course(course_id),
        enrollment_type=["student"],
        enrollment_state=["active", "invited"],
        include=["email"],
    )


def groups(course_id: int) -> Call:
    """Ask for the groups of the course."""
    task = f"list the groups of course {course_id}"
    return _listing(f"/courses/{course_id}/groups", task, no_course(course_id))


def tools(context: str, context_id: int) -> Call:
    """Ask for the external tools of `courses`, `accounts` or `groups`, parents' tools included.

    An institution's hub is installed in an account: a course lists it only with `include_parents`.
    """
    return _listing(
        f"/{context}/{context_id}/external_tools",
        f"list the external tools of {context.removesuffix('s')} {context_id}",
        include_parents=True,
    )


def memberships(group_id: int) -> Call:
    """Ask who is in a group."""
    return _listing(
        f"/groups/{group_id}/memberships",
        f"list the members of group {group_id}",
        f"Canvas has no group {group_id}, though an assignment has an override for it: look at the "
        "assignment's dates in Canvas",
        filter_states=["accepted"],
    )


def assignments(course_id: int) -> Call:
    """Ask for the assignments with their base dates; by default Canvas merges in overrides."""
    return _listing(
        f"/courses/{course_id}/assignments",
        f"list the assignments of course {course_id}",
        no_course(course_id),
        override_assignment_dates=False,
    )


def assignment(course_id: int, assignment_id: int) -> Call:
    """Ask for one assignment with its base dates."""
    return Call(
        "GET",
        _assignment_path(course_id, assignment_id),
        f"show assignment {assignment_id}",
        query={"override_assignment_dates": False},
        missing=no_assignment(course_id, assignment_id),
    )


def overrides(course_id: int, assignment_id: int) -> Call:
    """Ask for the overrides of an assignment."""
    return _listing(
        f"{_assignment_path(course_id, assignment_id)}/overrides",
        f"list the due date overrides of assignment {assignment_id}",
        no_assignment(course_id, assignment_id),
    )


def create_assignment(course_id: int, spec: AssignmentSpec) -> Call:
    """Create an assignment and publish it: despite its docs, Canvas does not unless told to."""
    body = {**_fields(spec), **_dates(spec), "grading_type": "points"}
    return Call(
        "POST",
        f"/courses/{course_id}/assignments",
        f'create assignment "{spec.name}"',
        body={"assignment": body},
        repeatable=False,
        missing=f'Canvas could not create assignment "{spec.name}": it has no course {course_id} '
        f"or no external tool {spec.tool_id}; check canvas.course_id and canvas.external_tool_name",
    )


def update_assignment(
    course_id: int, assignment_id: int, spec: AssignmentSpec, with_dates: bool
) -> Call:
    """Change an assignment; all three dates go together, as Canvas checks them against each other.

    What a person set besides (description, group, grading type) stays; without `with_dates` the
    base dates stay, too.
    """
    body = {**_fields(spec), **(_dates(spec) if with_dates else {})}
    return Call(
        "PUT",
        _assignment_path(course_id, assignment_id),
        f'update assignment "{spec.name}"',
        body={"assignment": body},
        missing=f'Canvas could not update assignment "{spec.name}": it has no assignment '
        f"{assignment_id} in course {course_id}, or no external tool {spec.tool_id}; run this "
        "again, and if that does not help check canvas.external_tool_name",
    )


def _fields(spec: AssignmentSpec) -> dict[str, Value]:
    tag: dict[str, Value] = {
        "url": spec.launch_url,
        "new_tab": True,
        "content_id": spec.tool_id,
        "content_type": "ContextExternalTool",
    }
    return {
        "name": spec.name,
        "points_possible": float(spec.points),
        "published": True,
        "submission_types": ["external_tool"],
        "external_tool_tag_attributes": tag,
    }


def _dates(spec: AssignmentSpec) -> dict[str, Value]:
    return {
        "due_at": utc(spec.due_at),
        "unlock_at": utc(spec.unlock_at),
        "lock_at": utc(spec.lock_at),
    }


def utc(moment: datetime | None) -> str | None:
    """Write an aware time in UTC: Canvas would read one without offset in a zone of its choice."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise RudauxError(f"the date {moment} has no time zone, so it cannot be sent to Canvas")
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def submissions(course_id: int, assignment_id: int) -> Call:
    """Ask for an assignment's submissions and their comments."""
    return _listing(
        f"{_assignment_path(course_id, assignment_id)}/submissions",
        f"list the grades of assignment {assignment_id}",
        no_assignment(course_id, assignment_id),
        include=["submission_comments"],
    )


def submission(course_id: int, assignment_id: int, student_id: str) -> Call:
    """Ask for one student's submission and its comments."""
    return Call(
        "GET",
        _submission_path(course_id, assignment_id, student_id),
        f"show the comments of student {student_id} on assignment {assignment_id}",
        query={"include": ["submission_comments"]},
        missing=_no_submission(assignment_id, student_id),
    )


def grade(course_id: int, assignment_id: int, scores: Mapping[str, Decimal]) -> Call:
    """Write scores in bulk, as fixed-point text: an exponent would silently clear the grade.

    This is idempotent, so a lost answer need not be looked up. A null or empty score would clear a
    grade.
    """
    for student_id, score in scores.items():
        if not score.is_finite():
            raise RudauxError(f"the score of student {student_id} is not a number: {score}")
    return Call(
        "POST",
        f"{_assignment_path(course_id, assignment_id)}/submissions/update_grades",
        f"write the grades of assignment {assignment_id}",
        body={"grade_data": {s: {"posted_grade": fixed_point(n)} for s, n in scores.items()}},
        missing=no_assignment(course_id, assignment_id),
    )


def grade_one(course_id: int, assignment_id: int, student_id: str, score: Decimal) -> Call:
    """Write one student's score; Canvas answers at once if it refuses.

    https://canvas.instructure.com/doc/api/submissions.html#method.submissions_api.update
    """
    return Call(
        "PUT",
        _submission_path(course_id, assignment_id, student_id),
        f"write this grade on assignment {assignment_id}",
        body={"submission": {"posted_grade": fixed_point(score)}},
        missing=_no_submission(assignment_id, student_id),
    )


def late_policy(course_id: int) -> Call:
    """Ask for the course's late policy; a 404 means that it has none."""
    return Call("GET", f"/courses/{course_id}/late_policy", "show the course's late policy")


def clear_grade(course_id: int, assignment_id: int, student_id: str) -> Call:
    """Clear a grade: an empty one does, while null would change nothing.

    https://canvas.instructure.com/doc/api/submissions.html#method.submissions_api.update
    """
    return Call(
        "PUT",
        _submission_path(course_id, assignment_id, student_id),
        f"clear the grade of student {student_id} on assignment {assignment_id}",
        body={"submission": {"posted_grade": ""}},
        missing=_no_submission(assignment_id, student_id),
    )


def progress(progress_id: int, task: str) -> Call:
    """Ask for a job's progress."""
    return Call("GET", f"/progress/{progress_id}", f"report on its job to {task}")


def announce_file(
    course_id: int, assignment_id: int, student_id: str, name: str, size: int, media_type: str
) -> Call:
    """Announce a file, an upload's first step; sent again it only leaves an unused slot behind.

    Only files from this endpoint can be attached to a comment.
    https://canvas.instructure.com/doc/api/file.file_uploads.html
    """
    return Call(
        "POST",
        f"{_submission_path(course_id, assignment_id, student_id)}/comments/files",
        f'take the file "{name}" for student {student_id}',
        body={"name": name, "size": size, "content_type": media_type},
        missing=_no_submission(assignment_id, student_id),
    )


def file(file_id: int) -> Call:
    """Ask for an uploaded file."""
    return Call("GET", f"/files/{file_id}", f"show file {file_id}")


def comment(
    course_id: int, assignment_id: int, student_id: str, text: str, file_ids: Sequence[int]
) -> Call:
    """Add a comment with files; not idempotent: sent twice, Canvas would show two comments."""
    return Call(
        "PUT",
        _submission_path(course_id, assignment_id, student_id),
        f"attach feedback for student {student_id} to assignment {assignment_id}",
        body={"comment": {"text_comment": text, "file_ids": list(file_ids)}},
        repeatable=False,
        missing=_no_submission(assignment_id, student_id),
    )


def _assignment_path(course_id: int, assignment_id: int) -> str:
    return f"/courses/{course_id}/assignments/{assignment_id}"


def _submission_path(course_id: int, assignment_id: int, student_id: str) -> str:
    student = quote(student_id, safe="")
    return f"{_assignment_path(course_id, assignment_id)}/submissions/{student}"


def _no_submission(assignment_id: int, student_id: str) -> str:
    return (
        f"Canvas shows no student {student_id} for assignment {assignment_id}: they may have left "
        "the course; `rudaux canvas students` lists who is in it"
    )
