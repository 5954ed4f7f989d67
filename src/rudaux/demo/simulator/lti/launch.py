"""A person who opens an assignment's external tool: what either kind of message says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from uuid import NAMESPACE_URL, uuid5

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.entities import Assignment, Tool, User


@dataclass(frozen=True)
class Launch:
    """Who opens what."""

    assignment: Assignment
    person: User
    tool: Tool
    instructor: bool

    @property
    def link(self) -> str:
        """The address that the assignment opens."""
        return self.assignment.tool.url if self.assignment.tool else ""


def launch_of(call: Call, assignment: Assignment, user_id: int) -> Launch:
    """Return the launch of a person of the course; the tool is found by its id."""
    world = call.world
    tag = assignment.tool
    tool = world.tools.get(tag.content_id or -1) if tag else None
    roles = {e.type for e in world.enrollments.values() if e.user_id == user_id}
    if tool is None or tool.deleted or not roles:
        raise refusals.not_found()
    return Launch(assignment, world.users[user_id], tool, "TeacherEnrollment" in roles)


def opaque(kind: str, number: int) -> str:
    """Return the 40 hexadecimal digits by which LTI 1.1 knows a person, a course or a link."""
    return hashlib.sha1(f"{kind}-{number}".encode(), usedforsecurity=False).hexdigest()


def lti_id(person: User) -> str:
    """Return the name that LTI 1.3 has for a person."""
    return str(uuid5(NAMESPACE_URL, f"user-{person.id}"))


def posting_page(action: str, values: Mapping[str, str]) -> Reply:
    """Return a page that sends a form by itself, as a browser that leaves Canvas gets it."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in values.items()
    )
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Opening</title></head>'
        f'<body><form method="post" action="{escape(action)}">{inputs}'
        "<noscript><button>Open</button></noscript></form>"
        "<script>document.forms[0].submit()</script></body></html>"
    )
    return Reply(body, media_type="text/html")
