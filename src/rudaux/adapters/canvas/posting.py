"""Post policies, and posting grades: only GraphQL can, which answers 200 even for errors.

https://canvas.instructure.com/doc/api/file.graphql.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rudaux.adapters.canvas.decode import Progress
from rudaux.adapters.canvas.protocol import Call
from rudaux.errors import CanvasFailure, PermissionRefused

_SET = (
    "mutation($id: ID!, $manually: Boolean!) { setAssignmentPostPolicy("
    "input: {assignmentId: $id, postManually: $manually}) "
    "{ postPolicy { postManually } errors { attribute message } } }"
)
_POST = (
    "mutation($id: ID!) { postAssignmentGrades(input: {assignmentId: $id, gradedOnly: true}) "
    "{ progress { _id state } errors { attribute message } } }"
)


def set_policy(assignment_id: int, manually: bool) -> Call:
    """Set whether new grades stay hidden until they are posted; earlier ones do not change."""
    how = "by hand" if manually else "automatically"
    return _mutation(
        _SET,
        {"id": str(assignment_id), "manually": manually},
        f"have the grades of assignment {assignment_id} posted {how}",
    )


def post(assignment_id: int) -> Call:
    """Post the grades that exist; without `gradedOnly` Canvas would post ungraded work too."""
    task = f"post the grades of assignment {assignment_id}"
    return _mutation(_POST, {"id": str(assignment_id)}, task)


def _mutation(query: str, variables: Mapping[str, str | bool], task: str) -> Call:
    return Call("POST", "/api/graphql", task, body={"query": query, "variables": variables})


def check_policy(answer: object, manually: bool, task: str) -> None:
    """Raise `CanvasFailure` unless Canvas shows the policy as it was asked for."""
    policy = _object(_payload(answer, "setAssignmentPostPolicy", task), "postPolicy")
    if policy.get("postManually") is not manually:
        raise CanvasFailure(
            f"Canvas was asked to {task} but did not: check the assignment's grade posting policy "
            "in Canvas"
        )


def progress(answer: object, task: str) -> Progress:
    """Read the job that posts."""
    job = _object(_payload(answer, "postAssignmentGrades", task), "progress")
    number = str(job.get("_id", ""))
    if not number.isdecimal():
        raise CanvasFailure(
            f"Canvas was asked to {task} and did not say whether it started: look at the grades in "
            "Canvas, then run this again"
        )
    return Progress(int(number), str(job.get("state", "")), "")


def _payload(answer: object, mutation: str, task: str) -> Mapping[str, object]:
    """Return a mutation's payload, or raise; errors are next to `data`, or inside it."""
    whole = answer if isinstance(answer, Mapping) else {}
    payload = _object(_object(whole, "data"), mutation)
    said = "; ".join([*_messages(whole), *_messages(payload)])
    if "not found" in said:
        # Canvas says the same about anything the token's owner may not see.
        raise PermissionRefused(
            f"Canvas refused to {task} ({said}): the owner of this access token may not manage "
            "grades in the course, or the assignment was deleted"
        )
    if said or not payload:
        raise CanvasFailure(
            f"Canvas refused to {task}{f' ({said})' if said else ''}: try it in Canvas itself"
        )
    return payload


def _object(row: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = row.get(key)
    return value if isinstance(value, Mapping) else {}


def _messages(row: Mapping[str, object]) -> Iterator[str]:
    errors = row.get("errors")
    for error in errors if isinstance(errors, list) else ():
        yield str(error.get("message", "")) if isinstance(error, Mapping) else str(error)
