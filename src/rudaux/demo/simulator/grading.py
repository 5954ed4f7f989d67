"""Grading one submission, comments, and what a grade means for a row.

https://canvas.instructure.com/doc/api/submissions.html#method.submissions_api.update
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.access import may_grade, seen
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.entities import Assignment, Comment, StoredFile, Submission
from rudaux.demo.simulator.params import as_list, section_of, truthy
from rudaux.demo.simulator.scores import interpret_grade, late_deduction, seconds_late
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.submissions import submission_json
from rudaux.demo.simulator.visibility import (
    GRADABLE,
    assigned,
    due_dates,
    in_closed_period,
    students,
)

BOTH = "Cannot simultaneously grade and excuse an assignment"
NOT_NOW = "Cannot grade this submission at this time"
CLOSED = f"{NOT_NOW}: This assignment is in a closed grading period for this student"
MODERATED = f"{NOT_NOW}: This assignment is currently being moderated"
ATTACHED = "See attached files."


class GradeError(Exception):
    """A grade that Canvas refuses (400 alone, the end of the job in bulk)."""


def put_submission(call: Call) -> Reply:
    """PUT /courses/:id/assignments/:id/submissions/:user_id: grade, late status, then comment."""
    assignment = call.assignment()
    call.need(may_grade(call))
    if "posted_grade" in section_of(call.params, "submission"):
        call.need(not assignment.under_moderation)
    uid = call.user_named(str(call.path_params["user"]))
    hidden = students(call.world, GRADABLE) - seen(call, GRADABLE)
    if uid is None or uid in hidden:
        raise refusals.not_found()
    if uid not in students(call.world, GRADABLE):
        raise refusals.Refusal(400, {"error": "Student is not enrolled in the course"})
    mine = assigned(call.world, assignment, {uid})
    call.need(bool(mine) and assignment.published)
    row = call.world.submission(assignment.id, uid)
    _grade_from(call, assignment, row, section_of(call.params, "submission"))
    _comment_from(call, assignment, row, section_of(call.params, "comment"))
    call.params["include"] = [*call.includes, "submission_comments"]
    dates = due_dates(call.world, assignment)
    shape = submission_json(call, assignment, row, dates)
    alone = {k: v for k, v in shape.items() if k != "submission_comments"}
    return Reply({**shape, "all_submissions": [alone]})


def _grade_from(
    call: Call, assignment: Assignment, row: Submission, fields: dict[str, Any]
) -> None:
    """Grade as the single PUT does: a null grade and a false excuse alone change nothing."""
    grade, excuse = fields.get("posted_grade"), truthy(fields.get("excuse"))
    try:
        if grade is not None or excuse:
            grade_row(call.world, assignment, row, grade, excuse, call.user_id, call.now)
            call.wrote()
    except GradeError as error:
        raise refusals.Refusal(400, {"error": str(error)}) from None


def _comment_from(
    call: Call, assignment: Assignment, row: Submission, fields: dict[str, Any]
) -> None:
    ids = [number(i) for i in as_list(fields.get("file_ids"))]
    files = attachable(call.world, ids, call.user_id)
    # The grade above stays, although this request is refused.
    call.need(len(files) == len(ids))
    if fields.get("text_comment") or files:
        text = str(fields.get("text_comment") or "")
        add_comment(call.world, assignment, row, text, files, call.user_id, call.now)
        call.wrote()


def grade_row(
    world: World,
    assignment: Assignment,
    row: Submission,
    grade: Any,
    excuse: bool,
    grader: int,
    now: datetime,
    unless_unchanged: bool = False,
) -> None:
    """Enter a grade (None and "" clear it) or excuse; raises GradeError."""
    if excuse and grade not in (None, ""):
        raise GradeError(BOTH)
    if assignment.under_moderation:
        raise GradeError(MODERATED)
    if in_closed_period(world, assignment, row.user_id) and not world.users[grader].admin:
        raise GradeError(CLOSED)
    score = None if excuse or grade in (None, "") else interpret_grade(assignment, grade)
    if unless_unchanged and score == row.entered_score and excuse == bool(row.excused):
        return
    row.entered_score, row.excused = score, excuse
    row.workflow_state, row.graded_at, row.grader_id = "graded", now, grader
    if score is None and not excuse:
        row.workflow_state = "submitted" if row.submitted_at else "unsubmitted"
        row.graded_at = row.grader_id = None
    if row.graded_at and not assignment.hides_grades:
        row.posted_at = row.posted_at or now
    apply_late_policy(world, assignment, row)


def apply_late_policy(world: World, assignment: Assignment, row: Submission) -> None:
    """Deduct for lateness, or score a missing submission, where the course says so."""
    policy = world.course.late_policy
    unscored = row.late_policy_status == "missing" and row.entered_score is None
    if unscored and policy and policy.missing_submission_deduction_enabled:
        share = 1 - policy.missing_submission_deduction / 100
        row.entered_score = (assignment.points_possible or 0.0) * share
        row.workflow_state = "graded"
    row.points_deducted = None
    if row.entered_score is not None:
        due = due_dates(world, assignment).get(row.user_id, assignment.due_at)
        late = seconds_late(row, due)
        row.points_deducted = late_deduction(policy, assignment, row.entered_score, late)


def attachable(world: World, ids: list[int], owner: int) -> list[StoredFile]:
    """Return the files that this person uploaded for a comment on an assignment."""
    found = [world.files[i] for i in ids if i in world.files]
    return [f for f in found if f.owner_id == owner and f.state == "done"]


def add_comment(
    world: World,
    assignment: Assignment,
    row: Submission,
    text: str,
    files: list[StoredFile],
    author: int,
    now: datetime,
) -> None:
    """Append a comment, never deduplicated; on an auto-post assignment it posts the grade too."""
    new = Comment(world.next_id("comment"), author, text or ATTACHED, now)
    new.file_ids = [f.id for f in files]
    row.comments.append(new)
    if not assignment.hides_grades:
        row.posted_at = row.posted_at or now
