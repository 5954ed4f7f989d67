"""More time for students in words: what is written, what is left to a person, who has what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rudaux.cli.describe.plans import Row
from rudaux.cli.describe.words import when
from rudaux.domain.collection import LateEdit, describe_edits
from rudaux.domain.messages import counted, listed

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from rudaux.config import Config
    from rudaux.domain.extensions import Change
    from rudaux.domain.roster import Student
    from rudaux.workflows.extensions import Extension
    from rudaux.workflows.overrides import OverridesPlan

SECTION = "Deadlines"
EXTENSION_HEADER = ("assignment", "due", "who", "override", "made by", "reason")


def override_rows(plan: OverridesPlan, config: Config) -> list[Row]:
    """Return what the rules change about deadlines, and what only a person may change."""
    rows = change_rows(plan.changes, config)
    if plan.unknown:
        text = f"Canvas does not say when {counted(plan.unknown, 'student')} joined"
        rows.append(Row(SECTION, "!", f"{text}, so they get no extra time for late registration"))
    return rows


def undated_rows(plan: OverridesPlan) -> list[Row]:
    """Return one line that names the assignments late registration can do nothing for."""
    if not plan.undated:
        return []
    some = listed(plan.undated)
    verb = "has" if len(plan.undated) == 1 else "have"
    text = f"{some} {verb} no unlock date, so nobody can have joined after it"
    return [Row(SECTION, " ", f"{text}: late registration does nothing there")]


def change_rows(changes: Iterable[Change], config: Config) -> list[Row]:
    """Return one row for all who get the same for the same reason."""
    zone = config.course.timezone
    groups: dict[tuple[str, str, str, datetime | None], list[Change]] = {}
    for change in changes:
        key = (change.assignment, change.action, change.left or change.purpose, change.due_at)
        groups.setdefault(key, []).append(change)
    return [_row(group, zone) for group in groups.values()]


def _row(group: Sequence[Change], zone: tzinfo) -> Row:
    first = group[0]
    who = listed([c.student.name for c in group])
    until = when(first.due_at.astimezone(zone)) if first.due_at else ""
    if first.left:
        ids = first.student.id if len(group) == 1 else "ID"
        text = (
            f"{who}: {first.left}; late registration gives until {until}. If that is right: "
            f"`rudaux canvas extend {first.assignment} --student {ids} --until "
            f"{first.due_at.astimezone(zone):%Y-%m-%d}`"
            if first.due_at
            else f"{who}: {first.left}"
        )
        return Row(SECTION, "!", first.assignment, text)
    if first.action == "remove":
        text = f"{who} left the course: the override that rudaux made is removed"
        return Row(SECTION, "-", first.assignment, text)
    was = ""
    if first.before and {c.before for c in group} == {first.before}:
        was = f"due {when(first.before.astimezone(zone))} -> "
    kind = "joined late" if first.purpose == "late registration" else "extension"
    text = f"{who} ({kind}): {was}{until}{_whose(first)}"
    return Row(SECTION, "+" if first.action == "create" else "~", first.assignment, text)


def _whose(change: Change) -> str:
    there = change.override
    if change.action == "split" and there is not None:
        others = len(there.student_ids | there.outside) - 1
        return f"; taken out of an override that stays as it is for {counted(others, 'other')}"
    if change.action == "lengthen" and there is not None and not there.title.startswith("rudaux:"):
        return f'; lengthens the override "{there.title}" in Canvas'
    return ""


def extension_rows(found: Sequence[Extension], zone: tzinfo) -> list[tuple[object, ...]]:
    """List who is due when, and which override says so."""
    rows: list[tuple[object, ...]] = []
    for one in sorted(found, key=lambda x: (x.assignment, str(x.override.due_at), x.target)):
        due = one.override.due_at
        who = listed([s.name for s in one.students])
        if one.target:
            who = f"{one.target}: {counted(len(one.students), 'student')}"
        made = f"rudaux ({one.purpose})" if one.purpose else "a person"
        moment = when(due.astimezone(zone)) if due else "no deadline"
        rows.append((one.assignment, moment, who, one.override.id, made, one.reason))
    return rows


def late_lines(
    edits: Mapping[str, Sequence[LateEdit]], students: Sequence[Student], fate: str = ""
) -> list[str]:
    """Return a line: who changed what after their deadline, by how much, and its `fate`."""
    there = [s for s in students if s.id in edits]
    if not there:
        return []
    shown = listed([f"{s.name} ({describe_edits(edits[s.id])})" for s in there])
    verb = "was" if len(there) == 1 else "were"
    text = f"{counted(len(there), 'submission')} {verb} changed after the deadline"
    return [f"{text}{fate}: {shown}"]
