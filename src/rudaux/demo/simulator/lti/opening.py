"""An assignment's page in a browser, and the click that opens its external tool."""

from __future__ import annotations

from html import escape

from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.entities import Assignment, User
from rudaux.demo.simulator.lti.launch import launch_of
from rudaux.demo.simulator.lti.v11 import signed_form
from rudaux.demo.simulator.lti.v13 import login_form
from rudaux.demo.simulator.pages import facts, page
from rudaux.demo.simulator.visibility import CURRENT, students


def assignment_page(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id: what it is, and a button that opens it as somebody."""
    row = call.assignment()
    course = call.world.course
    return page(
        row.name,
        f"<p><a href='/courses/{course.id}/gradebook'>{escape(course.name)}</a></p>"
        f"<h1>{escape(row.name)}</h1><p>{facts(call, row)}</p>{_button(call, row)}",
    )


def open_tool(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id/launch?user=ID: the signed message, on its way to the tool.

    A real Canvas knows who is there; here the page before asked.
    """
    launch = launch_of(call, call.assignment(), number(call.params.get("user")))
    return signed_form(call, launch) if launch.tool.version == "1.1" else login_form(launch)


def _button(call: Call, row: Assignment) -> str:
    if row.tool is None:
        return ""
    if not call.switches.tool_answers:
        return "<p>It opens on the hub, which is not running: <code>rudaux demo --hub</code>.</p>"
    world = call.world
    learners = sorted(
        (world.users[uid] for uid in students(world, CURRENT) if not world.users[uid].test),
        key=lambda u: u.sortable_name.lower(),
    )
    teachers = [e.user_id for e in world.enrollments.values() if e.type == "TeacherEnrollment"]
    return (
        f"<form action='{escape(call.path)}/launch' target='_blank'>"
        f"<label>Open as <select name='user'><optgroup label='Students'>{_options(learners)}"
        f"</optgroup><optgroup label='Instructors'>{_options([world.users[t] for t in teachers])}"
        f"</optgroup></select></label> <button>Load {escape(row.name)} in a new window</button>"
        "</form>"
    )


def _options(people: list[User]) -> str:
    return "".join(f"<option value='{p.id}'>{escape(p.name)} ({p.id})</option>" for p in people)
