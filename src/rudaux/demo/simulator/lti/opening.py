"""The click that opens an assignment's external tool."""

from __future__ import annotations

from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.lti.launch import launch_of
from rudaux.demo.simulator.lti.v11 import signed_form
from rudaux.demo.simulator.lti.v13 import login_form


def open_tool(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id/launch?user=ID: the signed message, on its way to the tool.

    A real Canvas knows who is there; here the page before asked.
    """
    launch = launch_of(call, call.assignment(), number(call.params.get("user")))
    return signed_form(call, launch) if launch.tool.version == "1.1" else login_form(launch)
