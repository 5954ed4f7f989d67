"""Post policies, and posting grades: only GraphQL can, which says 200 whatever went wrong.

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
    """Set whether grades stay hidden until they are posted; what is there stays as it is."""
    how = "by hand" if manually else "automatically"
    return _mutation(
        _SET,
        {"id": str(assignment_id), "manually": manually},
        f"have the grades of assignment {assignment_id} posted {how}",
    )


def post(assignment_id: int) -> Call:
    """Show students the grades there are; without `gradedOnly` Canvas posts ungraded work too."""
    task = f"post the grades of assignment {assignment_id}"
    return _mutation(_POST, {"id": str(assignment_id)}, task)


def _mutation(query: str, variables: Mapping[str, str | bool], task: str) -> Call:
    return Call("POST", "/api/graphql", task, body={"query": query, "variables": variables})


def check_policy(answer: object, manually: bool, task: str) -> None:
    """Raise `CanvasFailure` unless Canvas shows the policy as it was asked for."""
    policy = _object(_payload(answer, "setAssignmentPostPolicy", task), "postPolicy")
    if policy.get("postManually") is not manually:
        raise CanvasFailure(
            f"Canvas was asked to {task} and did not: look at the assignment's grade posting "
            "policy in Canvas"
        )


def progress(answer: object, task: str) -> Progress:
    """Read the job that posts."""
    job = _object(_payload(answer, "postAssignmentGrades", task), "progress")
    number = str(job.get("_id", ""))
    if not number.isdecimal():
        raise CanvasFailure(f"Canvas did not say how far it is when asked to {task}")
    return Progress(int(number), str(job.get("state", "")), "")


def _payload(answer: object, mutation: str, task: str) -> Mapping[str, object]:
    """Give what a mutation answered; errors stand beside `data`, or inside it."""
    whole = answer if isinstance(answer, Mapping) else {}
    payload = _object(_object(whole, "data"), mutation)
    said = "; ".join([*_messages(whole), *_messages(payload)])
    if "not found" in said:
        # Canvas says the same of what is hidden from the token's owner.
        raise PermissionRefused(
            f"Canvas refused to {task} ({said}): the owner of this access token may not manage "
            "grades in the course, or the assignment was deleted"
        )
    if said or not payload:
        raise CanvasFailure(f"Canvas refused to {task}{f' ({said})' if said else ''}")
    return payload


def _object(row: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = row.get(key)
    return value if isinstance(value, Mapping) else {}


def _messages(row: Mapping[str, object]) -> Iterator[str]:
    errors = row.get("errors")
    for error in errors if isinstance(errors, list) else ():
        yield str(error.get("message", "")) if isinstance(error, Mapping) else str(error)
