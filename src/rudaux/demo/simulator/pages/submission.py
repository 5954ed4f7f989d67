"""One student's submission as a grader sees it: score, comments and attached feedback."""

from __future__ import annotations

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.pages.marks import marks_of, people_of, said_in
from rudaux.demo.simulator.pages.render import page


def submission(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id/submissions/:user_id"""
    row, world = call.assignment(), call.world
    mark = marks_of(call, row).get(number(call.path_params["user"]))
    if mark is None:
        raise refusals.not_found()
    order = [person.id for person in people_of(call) if person.id in marks_of(call, row)]
    at = order.index(mark.student.id) if mark.student.id in order else None
    before, after = (None, None) if at is None else (order[at - 1 : at], order[at + 1 : at + 2])
    return page(
        call,
        "submission.html.jinja",
        mark=mark,
        grader=world.users.get(mark.row.grader_id or -1),
        said=said_in(call, mark.row),
        before=world.users[before[0]] if before else None,
        after=world.users[after[0]] if after else None,
    )
