"""An assignment: for whom it is due when, what it opens, and a button that opens it as somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.entities import Assignment, Override
from rudaux.demo.simulator.pages.marks import marks_of, people_of
from rudaux.demo.simulator.pages.render import page
from rudaux.demo.simulator.visibility import overrides_of

_SHOWN_NAMES = 3


@dataclass(frozen=True)
class Dates:
    """A line of the due dates: for whom they are."""

    whom: str
    due: datetime | None
    opens: datetime | None
    closes: datetime | None


def assignment(call: Call) -> Reply:
    """GET /courses/:id/assignments/:id: its settings, its dates, and the way to its tool."""
    row, world = call.assignment(), call.world
    teachers = [e.user_id for e in world.enrollments.values() if e.type == "TeacherEnrollment"]
    tool = world.tools.get(row.tool.content_id or -1) if row.tool else None
    return page(
        call,
        "assignment.html.jinja",
        row=row,
        dates=_dates(call, row),
        marks=[m for m in marks_of(call, row).values() if not m.student.test],
        tool=tool,
        people=people_of(call),
        teachers=[world.users[t] for t in dict.fromkeys(teachers)],
    )


def _dates(call: Call, row: Assignment) -> list[Dates]:
    overrides = overrides_of(call.world, row.id)
    lines = [_line(call, row, o) for o in overrides]
    if not row.only_visible_to_overrides:
        whom = "Everyone else" if overrides else "Everyone"
        lines.append(Dates(whom, row.due_at, row.unlock_at, row.lock_at))
    return lines


def _line(call: Call, row: Assignment, override: Override) -> Dates:
    dates = override.dates
    return Dates(
        _whom(call, override),
        dates.get("due_at", row.due_at),
        dates.get("unlock_at", row.unlock_at),
        dates.get("lock_at", row.lock_at),
    )


def _whom(call: Call, override: Override) -> str:
    world = call.world
    if override.section_id is not None:
        section = world.sections.get(override.section_id)
        return f"Section {section.name}" if section else override.title
    if override.group_id is not None:
        group = world.groups.get(override.group_id)
        return f"Group {group.name}" if group else override.title
    names = [world.users[uid].name for uid in override.student_ids if uid in world.users]
    more = len(names) - _SHOWN_NAMES
    shown = ", ".join(names[:_SHOWN_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown or override.title
