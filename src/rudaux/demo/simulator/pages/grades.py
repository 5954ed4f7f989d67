"""A student's own grades, as Canvas shows them: no score and no comment before they are posted."""

from __future__ import annotations

from dataclasses import dataclass

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.pages.marks import Mark, Said, columns_of, marks_of, said_in
from rudaux.demo.simulator.pages.render import page
from rudaux.demo.simulator.visibility import CURRENT, students


@dataclass(frozen=True)
class Line:
    """An assignment with what the student may know; `mark` is None before it is posted."""

    of: Mark
    mark: Mark | None
    hidden: bool
    said: list[Said]


def grades(call: Call) -> Reply:
    """GET /courses/:id/grades/:user_id: what this student sees of their own work."""
    call.course()
    uid = number(call.path_params["user"])
    if uid not in students(call.world, CURRENT):
        raise refusals.not_found()
    mine = [marks_of(call, a).get(uid) for a in columns_of(call) if a.published]
    lines = [_line(call, mark) for mark in mine if mark is not None]
    return page(call, "grades.html.jinja", student=call.world.users[uid], lines=lines)


def _line(call: Call, mark: Mark) -> Line:
    posted = mark.row.posted_at is not None
    hidden = not posted and (mark.hidden or mark.assignment.hides_grades)
    said = said_in(call, mark.row) if posted else []
    return Line(mark, mark if posted else None, hidden, said)
