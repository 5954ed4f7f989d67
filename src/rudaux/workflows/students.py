"""Whom a person means by `--student` or STUDENT: one rule for every command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from rudaux.domain.naming import find_students
from rudaux.domain.roster import Student
from rudaux.errors import UsageError
from rudaux.ports import Context

_MOST = 12


def everybody(ctx: Context, listed: Sequence[Student] | None = None) -> tuple[Student, ...]:
    """Return the students on the roster, and those who left it but are still in the gradebook.

    Pass the roster as `listed` if it was read already.
    """
    listed = ctx.canvas.students() if listed is None else listed
    known = {s.id for s in listed}
    return (*listed, *(s for s in recorded(ctx) if s.id not in known))


def recorded(ctx: Context) -> tuple[Student, ...]:
    """Return the students whom the gradebook knows, without asking Canvas."""
    return tuple(Student(p.id, p.name, email=p.email) for p in ctx.gradebook.students())


def the_student(students: Iterable[Student], given: str) -> Student:
    """Return the student whom a person means; raise `UsageError` unless exactly one matches."""
    people = tuple(students)
    found = find_students(people, given)
    if len(found) == 1:
        return found[0]
    if not found:
        known = {x.casefold(): x for s in people for x in (*s.name.split(), s.name, s.id)}
        near = get_close_matches(given.casefold(), known, n=1)
        ask = f"did you mean {known[near[0]]}?" if near else "`rudaux canvas students` lists them."
        raise UsageError(
            f'no student of this course has "{given}" as an id, a login, an e-mail address or a '
            f"part of their name: {ask}"
        )
    ordered = sorted(found, key=lambda s: (s.sortable_name or s.name, s.id))
    width = max(len(s.id) for s in ordered[:_MOST])
    lines = [f"  {s.id:<{width}}  {s.name}" for s in ordered[:_MOST]]
    if len(ordered) > _MOST:
        lines.append(f"  and {len(ordered) - _MOST} more")
    head = f'"{given}" matches {len(found)} students; give the id of the one you mean:'
    raise UsageError("\n".join([head, *lines]))
