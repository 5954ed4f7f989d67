"""The course's late policy. https://canvas.instructure.com/doc/api/late_policy.html"""

from __future__ import annotations

from dataclasses import asdict, fields

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.access import may_grade
from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.entities import LatePolicy
from rudaux.demo.simulator.params import section_of, truthy


def get_late_policy(call: Call) -> Reply:
    """GET /courses/:id/late_policy: 404 where there is none."""
    call.course()
    call.need(call.switches.may_grade)
    if call.world.course.late_policy is None:
        raise refusals.not_found()
    return _shown(call, call.world.course.late_policy, 200)


def create_late_policy(call: Call) -> Reply:
    """POST /courses/:id/late_policy: 400 where there is one."""
    call.course()
    call.need(may_grade(call))
    if call.world.course.late_policy is not None:
        raise refusals.invalid("course_id", "has already been taken", "taken")
    call.world.course.late_policy = LatePolicy()
    _apply(call)
    return _shown(call, call.world.course.late_policy, 201)


def edit_late_policy(call: Call) -> Reply:
    """PATCH /courses/:id/late_policy: 204 without a body."""
    get_late_policy(call)
    _apply(call)
    return Reply(b"", 204)


def _apply(call: Call) -> None:
    sent = section_of(call.params, "late_policy")
    policy = call.world.course.late_policy
    for spec in fields(LatePolicy):
        if spec.name in sent:
            value = sent[spec.name]
            if spec.name.endswith("enabled"):
                value = truthy(value)
            elif spec.name != "late_submission_interval":
                value = float(value)
            setattr(policy, spec.name, value)
    call.wrote()


def _shown(call: Call, policy: LatePolicy, status: int) -> Reply:
    shape = {"id": 1, "course_id": call.world.course.id, **asdict(policy)}
    return Reply({"late_policy": shape}, status)
