"""GraphQL: the two mutations about posting grades."""

from __future__ import annotations

from typing import Any

from rudaux.demo.simulator import bulk
from rudaux.demo.simulator.access import may_grade, seen
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.entities import Assignment
from rudaux.demo.simulator.queries import Field, QueryError, parse, selected
from rudaux.demo.simulator.visibility import CURRENT, assigned


def execute(call: Call) -> Reply:
    """POST /api/graphql: what goes wrong comes with status 200, in `errors`."""
    try:
        fields = parse(str(call.params.get("query") or ""), call.params.get("variables") or {})
        data = {f.alias: selected(_resolve(call, f), f.fields) for f in fields}
    except QueryError as error:
        return Reply({"errors": [{"message": str(error)}]})
    return Reply({"data": data})


def _resolve(call: Call, field: Field) -> dict[str, Any]:
    given = field.arguments.get("input")
    given = given if isinstance(given, dict) else {}
    known = {
        "setAssignmentPostPolicy": _set_post_policy,
        "postAssignmentGrades": _post_grades,
    }
    if field.name not in known:
        raise QueryError(f"Field '{field.name}' doesn't exist on type 'Mutation'")
    assignment = call.world.assignments.get(number(given.get("assignmentId")))
    if assignment is None or assignment.deleted or not may_grade(call):
        raise QueryError("not found")
    return known[field.name](call, assignment, given)


def _set_post_policy(call: Call, assignment: Assignment, given: dict[str, Any]) -> dict[str, Any]:
    """Flip the flag only: neither posts nor hides what is there."""
    if not isinstance(given.get("postManually"), bool):
        raise QueryError(
            "Argument 'postManually' on InputObject is required. Expected type Boolean!"
        )
    if not given["postManually"] and assignment.anonymous_grading:
        raise QueryError("Anonymous assignments must be manually posted")
    if not given["postManually"] and assignment.under_moderation:
        raise QueryError("Moderated assignments must be manually posted until grades are released")
    assignment.post_manually = given["postManually"]
    call.wrote()
    policy = {"_id": str(assignment.id), "postManually": assignment.post_manually}
    return {"postPolicy": policy, "errors": None}


def _post_grades(call: Call, assignment: Assignment, given: dict[str, Any]) -> dict[str, Any]:
    """Queue the job; without `gradedOnly` ungraded submissions are posted too."""
    if assignment.under_moderation:
        message = "Assignments under moderation cannot be posted before grades are published"
        raise QueryError(message)
    if given.get("gradedOnly") and assignment.anonymous_grading:
        raise QueryError("Anonymous assignments cannot be posted by graded only")
    users = assigned(call.world, assignment, seen(call, CURRENT))
    if given.get("gradedOnly"):
        users = {u for u in users if call.world.submission(assignment.id, u).graded_at}
    work = [{"assignment": assignment.id, "user": str(u)} for u in sorted(users)]
    job = bulk.new_job(call, "post_assignment_grades", work)
    shape = {"_id": str(job.id), "id": f"progress-{job.id}", "state": job.state}
    return {"assignment": {"_id": str(assignment.id)}, "progress": shape, "errors": None}
