"""Submissions as Canvas shows them, and the endpoints that read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.access import seen
from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.dates import shown
from rudaux.demo.simulator.entities import Assignment, Comment, StoredFile, Submission
from rudaux.demo.simulator.paging import page_of
from rudaux.demo.simulator.scores import score_to_grade, seconds_late
from rudaux.demo.simulator.visibility import CURRENT, GRADABLE, anonymized, assigned, due_dates

UNMISSABLE = {"external_tool", "on_paper", "none", "not_graded"}


def list_submissions(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id/submissions: current students who have the assignment."""
    assignment = call.assignment()
    call.need(call.switches.may_grade)
    listed = assigned(call.world, assignment, seen(call, CURRENT))
    rows = [call.world.submission(assignment.id, uid) for uid in sorted(listed)]
    dates = due_dates(call.world, assignment)

    def show(row: Submission) -> dict[str, Any]:
        return submission_json(call, assignment, row, dates)

    return page_of(call, rows, show)


def get_submission(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id/submissions/:user_id"""
    assignment = call.assignment()
    call.need(call.switches.may_grade)
    uid = call.user_named(str(call.path_params["user"]))
    if uid not in assigned(call.world, assignment, seen(call, GRADABLE)) or uid is None:
        raise refusals.not_found()
    row = call.world.submission(assignment.id, uid)
    return Reply(submission_json(call, assignment, row, due_dates(call.world, assignment)))


def submission_json(
    call: Call, assignment: Assignment, row: Submission, dates: dict[int, datetime | None]
) -> dict[str, Any]:
    """Return a submission; `score` is after Canvas's own late deduction, `entered_score` before."""
    world = call.world
    due = dates.get(row.user_id, assignment.due_at)
    late = seconds_late(row, due)
    entered = row.entered_score
    score = None if entered is None else entered - (row.points_deducted or 0.0)
    shape: dict[str, Any] = {
        "id": row.id,
        "user_id": row.user_id,
        "assignment_id": assignment.id,
        "score": score,
        "grade": score_to_grade(assignment, score),
        "entered_score": entered,
        "entered_grade": score_to_grade(assignment, entered),
        "excused": row.excused,
        "late": late > 0,
        "missing": missing(call, assignment, row, due),
        "late_policy_status": row.late_policy_status,
        "points_deducted": row.points_deducted,
        "seconds_late": late,
        "posted_at": shown(row.posted_at),
        "graded_at": shown(row.graded_at),
        "submitted_at": shown(row.submitted_at),
        "cached_due_date": shown(due),
        "grader_id": row.grader_id,
        "workflow_state": row.workflow_state,
    }
    if call.switches.anonymous_ids and anonymized(world, assignment):
        del shape["user_id"]
        shape["anonymous_id"] = f"anon{row.id}"
    if "submission_comments" in call.includes:
        shape["submission_comments"] = [comment_json(call, c, row) for c in row.comments]
    return shape


def missing(call: Call, assignment: Assignment, row: Submission, due: datetime | None) -> bool:
    """Return whether Canvas calls a submission missing, by hand or by its due date."""
    if row.excused or row.late_policy_status in {"late", "none", "extended"}:
        return False
    if row.late_policy_status == "missing":
        return True
    past = due is not None and due < call.now
    tracked = not set(assignment.submission_types) & UNMISSABLE
    return past and tracked and row.submitted_at is None and row.workflow_state != "graded"


def comment_json(call: Call, comment: Comment, row: Submission) -> dict[str, Any]:
    """Return a comment on a submission with its attachments."""
    author = call.world.users[comment.author_id]
    shape: dict[str, Any] = {
        "id": comment.id,
        "author_id": author.id,
        "comment": comment.text,
        "created_at": shown(comment.created_at),
    }
    files = [call.world.files[i] for i in comment.file_ids if i in call.world.files]
    if files:
        shape["attachments"] = [file_json(call, f) for f in files]
    return shape


def file_json(call: Call, file: StoredFile) -> dict[str, Any]:
    """Return a file; `url` downloads it without a token, by its verifier."""
    return {
        "id": file.id,
        "uuid": file.uuid,
        "display_name": file.name,
        "filename": file.name,
        "upload_status": "success" if file.state == "done" else "pending",
        "content-type": file.content_type,
        "url": f"{call.base}/files/{file.id}/download?download_frd=1&verifier={file.uuid}",
        "size": file.size,
        "created_at": shown(file.created_at),
        "updated_at": shown(file.created_at),
    }
