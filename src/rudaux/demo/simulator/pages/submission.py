"""One student's submission as a grader sees it: score, comments and attached feedback."""

from __future__ import annotations

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.pages.marks import marks_of, people_of, said_in
from rudaux.demo.simulator.pages.render import page


def submission(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id/submissions/:user_id"""
    marks = marks_of(call, call.assignment())
    mark = marks.get(number(call.path_params["user"]))
    if mark is None:
        raise refusals.not_found()
    order = [person for person in people_of(call) if person.id in marks]
    at = order.index(mark.student) if mark.student in order else -1
    return page(
        call,
        "submission.html.jinja",
        mark=mark,
        grader=call.world.users.get(mark.row.grader_id or -1),
        said=said_in(call, mark.row),
        before=order[at - 1] if at > 0 else None,
        after=order[at + 1] if 0 <= at < len(order) - 1 else None,
    )
