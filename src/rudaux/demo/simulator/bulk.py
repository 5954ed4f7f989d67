"""Bulk grading and the Progress of asynchronous jobs.

https://canvas.instructure.com/doc/api/submissions.html#method.submissions_api.bulk_update
"""

from __future__ import annotations

from typing import Any

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.access import may_grade, seen
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.dates import shown
from rudaux.demo.simulator.entities import Progress
from rudaux.demo.simulator.grading import GradeError, add_comment, attachable, grade_row
from rudaux.demo.simulator.params import as_list, section_of, truthy
from rudaux.demo.simulator.visibility import GRADABLE, assigned

OPEN = {"queued", "running"}


def update_assignment_grades(call: Call) -> Reply:
    """POST /courses/:id/assignments/:id/submissions/update_grades"""
    assignment = call.assignment()
    call.need(may_grade(call))
    data = section_of(call.params, "grade_data")
    if not data:
        raise refusals.Refusal(400, {"error": "'grade_data' parameter required"})
    call.need(assignment.published)
    work = [
        {"assignment": assignment.id, "user": str(user), "data": section_of(data, user)}
        for user in data
    ]
    return Reply(progress_json(call, new_job(call, "submissions_update", work)))


def new_job(call: Call, tag: str, work: list[dict[str, Any]]) -> Progress:
    """Queue a job of the token's owner; return it."""
    job = Progress(call.world.next_id("progress"), tag, call.now, call.now, work=work)
    job.user_id = call.user_id
    call.world.progress[job.id] = job
    call.wrote()
    return job


def get_progress(call: Call) -> Reply:
    """GET /progress/:id: asking moves the course's oldest open job on, for they run one by one."""
    found = call.world.progress.get(number(call.path_params["progress"]))
    if found is None:
        raise refusals.not_found()
    tick(call)
    return Reply(progress_json(call, found))


def tick(call: Call) -> None:
    """Count one poll of the oldest open job: queued, then running, then done."""
    job = next((p for p in call.world.progress.values() if p.state in OPEN), None)
    if job is None:
        return
    job.polls += 1
    call.changed = True
    queued, running = call.switches.queued_polls, call.switches.running_polls
    if job.polls > queued + running:
        _advance(call, job, len(job.work))
    elif job.polls > queued:
        _advance(call, job, len(job.work) // 2)


def run_overdue(call: Call) -> None:
    """Finish jobs that are older than the switch `job_seconds`, asked about or not."""
    limit = call.switches.job_seconds
    if limit is None:
        return
    for job in call.world.progress.values():
        if job.state in OPEN and (call.now - job.created_at).total_seconds() >= limit:
            _advance(call, job, len(job.work))
            call.changed = True


def _advance(call: Call, job: Progress, upto: int) -> None:
    """Apply entries up to a position; a refused one ends the job, what was applied stays."""
    job.state, job.updated_at = "running", call.now
    crash = call.switches.crash_bulk_after
    here = gradable(call)
    while job.done < upto:
        try:
            if crash is not None and job.done >= crash:
                raise GradeError
            _apply(call, job, job.work[job.done], here)
        except GradeError:
            job.state, job.message = "failed", f"Unexpected error, ID: {1000 + job.id}"
            return
        job.done += 1
        job.completion = 100.0 * job.done / len(job.work)
    if upto == len(job.work):
        job.message = _complaint(job)
        job.state = "failed" if job.message else "completed"
        job.completion = job.completion if job.message else 100.0


def _complaint(job: Progress) -> str | None:
    if job.closed:
        ids = " ".join(str(i) for i in dict.fromkeys(job.closed))
        reason = "are either not published or deleted and can not be graded"
        return f"Some assignments {reason} '{ids}'"
    if job.missing:
        ids = ", ".join(f"'{i}'" for i in job.missing)
        return f"Couldn't find User(s) with API ids {ids}"
    return None


def _apply(call: Call, job: Progress, entry: dict[str, Any], here: set[int]) -> None:
    assignment = call.world.assignments[entry["assignment"]]
    if job.tag != "submissions_update":
        _post(call, entry)
        return
    if assignment.deleted or not assignment.published:
        job.closed.append(assignment.id)
        return
    uid = call.user_named(entry["user"])
    if uid is None or not assigned(call.world, assignment, {uid} & here):
        job.missing.append(entry["user"])
        return
    _grade(call, job, entry["data"], uid, assignment.id)


def gradable(call: Call) -> set[int]:
    """Return the students a grade may be entered for: current and inactive, not concluded."""
    return seen(call, GRADABLE)


def _grade(call: Call, job: Progress, data: dict[str, Any], uid: int, aid: int) -> None:
    """Grade as bulk does: a key that is there counts, even where it is null or false."""
    world, assignment = call.world, call.world.assignments[aid]
    row, author = world.submission(aid, uid), job.user_id or 0
    if "posted_grade" in data or "excuse" in data:
        grade, excuse = data.get("posted_grade"), truthy(data.get("excuse"))
        grade_row(world, assignment, row, grade, excuse, author, call.now, unless_unchanged=True)
    ids = [number(i) for i in as_list(data.get("file_ids"))]
    files = attachable(world, ids, author)  # others are dropped without a word
    text = str(data.get("text_comment") or "")
    if text or files:
        add_comment(world, assignment, row, text, files, author, call.now)


def _post(call: Call, entry: dict[str, Any]) -> None:
    row = call.world.submission(entry["assignment"], int(entry["user"]))
    row.posted_at = row.posted_at or call.now


def progress_json(call: Call, job: Progress) -> dict[str, Any]:
    """Return a job; `results` is left out while it is pending."""
    shape: dict[str, Any] = {
        "id": job.id,
        "context_id": call.world.course.id,
        "context_type": "Course",
        "user_id": None,
        "tag": job.tag,
        "completion": job.completion,
        "workflow_state": job.state,
        "created_at": shown(job.created_at),
        "updated_at": shown(job.updated_at),
        "message": job.message,
        "url": f"{call.base}/api/v1/progress/{job.id}",
    }
    if job.state not in OPEN:
        shape["results"] = job.results
    return shape
