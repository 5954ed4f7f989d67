"""The gradebook: students by assignments."""

from __future__ import annotations

from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.pages.marks import columns_of, marks_of, people_of
from rudaux.demo.simulator.pages.render import page
from rudaux.demo.simulator.visibility import overrides_of


def home(call: Call) -> Reply:
    """GET /: to the gradebook."""
    return Reply("", 302, {"Location": f"/courses/{call.world.course.id}/gradebook"}, "text/html")


def gradebook(call: Call) -> Reply:
    """GET /courses/:id/gradebook: a score for each student and assignment, or why there is none."""
    call.course()
    columns = columns_of(call)
    return page(
        call,
        "gradebook.html.jinja",
        people=people_of(call),
        columns=columns,
        marks={a.id: marks_of(call, a) for a in columns},
        dates={a.id: len(overrides_of(call.world, a.id)) for a in columns},
    )
