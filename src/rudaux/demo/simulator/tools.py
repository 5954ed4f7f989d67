"""External tools of a course, an account or a group."""

from __future__ import annotations

from typing import Any

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.entities import Level, Tool
from rudaux.demo.simulator.paging import page_of
from rudaux.demo.simulator.params import truthy


def list_tools(call: Call) -> Reply:
    """GET /(courses|accounts|groups)/:id/external_tools"""
    level, context = _context(call)
    places = {(level, context)}
    if truthy(call.params.get("include_parents")):
        places |= _parents(call, level)
    rows = [
        t for t in call.world.tools.values() if (t.level, t.context_id) in places and not t.deleted
    ]
    return page_of(call, rows, tool_json)


def get_account(call: Call) -> Reply:
    """GET /accounts/:id"""
    _, account = _context(call)
    return Reply({"id": account, "name": "Account", "workflow_state": "active"})


def _context(call: Call) -> tuple[Level, int]:
    call.need(call.switches.may_read_tools)
    if "course" in call.path_params:
        call.course()
        return "course", call.world.course.id
    if "group" in call.path_params:
        return "group", call.group().id
    account = call.world.course.account_id
    if str(call.path_params["account"]) not in {str(account), "self"}:
        raise refusals.not_found()
    return "account", account


def _parents(call: Call, level: Level) -> set[tuple[Level, int]]:
    above: set[tuple[Level, int]] = {("account", call.world.course.account_id)}
    if level == "group":
        above.add(("course", call.world.course.id))
    return above


def tool_json(tool: Tool) -> dict[str, Any]:
    """Return a tool without its shared secret."""
    return {
        "id": tool.id,
        "name": tool.name,
        "url": tool.url,
        "domain": tool.domain,
    }
