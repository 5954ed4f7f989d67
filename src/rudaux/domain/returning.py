"""Pages for students' homes: where each goes, whose files stay, and when a solution is due."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rudaux.domain.messages import counted

PLACES = 5
"""How many names are tried for a page, if students have files of their own under some."""
Change = Literal["same", "new", "changed"]
_MARK = 12


@dataclass(frozen=True)
class Page:
    """A page on its way into a home; `folder` is relative to it, `digest` SHA-256 of its bytes."""

    folder: str
    name: str
    digest: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it may have, in order."""
        stem = self.name.removesuffix(".html")
        return (self.name, *(f"{stem} ({n}).html" for n in range(2, PLACES + 1)))


@dataclass(frozen=True)
class HomePages:
    """What a folder of a home has under the names asked for.

    A digest is "" if it is not a regular file. `owned`: what is written will belong to the home's
    owner; `leftovers` are the names and marks of pages whose writing was cut short.
    """

    digests: Mapping[str, str]
    owned: bool = True
    leftovers: frozenset[tuple[str, str]] = frozenset()


def part_name(name: str, digest: str, kind: Literal["part", "old"]) -> str:
    """Return what a page is called while it is written or replaced; it begins with a dot."""
    return f".{name}.{digest[:_MARK]}.rudaux-{kind}"


def leftover_of(entry: str) -> tuple[str, str] | None:
    """Return the page's name and the mark of its content, where `part_name` may have made this."""
    found = re.fullmatch(rf"\.(.+)\.([0-9a-f]{{{_MARK}}})\.rudaux-(?:part|old)", entry, re.DOTALL)
    return (found[1], found[2]) if found else None


def is_mark_of(mark: str, digests: Iterable[str]) -> bool:
    """Return whether a leftover's mark is that of one of these contents."""
    return mark in {digest[:_MARK] for digest in digests}


@dataclass(frozen=True)
class Placement:
    """Where a page goes, what it changes there, and which file of the student's is in its way."""

    page: Page
    name: str
    change: Change
    beside: str = ""


def place(page: Page, there: HomePages, ours: Mapping[str, frozenset[str]]) -> Placement | None:
    """Choose a name that replaces nothing of the student's; None if all names are taken.

    `ours` has the digests of what rudaux wrote, by path in the home.
    """
    digests = there.digests
    own = [
        name
        for name in page.names
        if digests.get(name) == page.digest
        or digests.get(name, "") in ours.get(f"{page.folder}/{name}", frozenset())
    ]
    name = next(iter(own), None) or next((n for n in page.names if n not in digests), None)
    if name is None:
        return None
    known = {*ours.get(f"{page.folder}/{name}", ()), page.digest}
    left = any(of == name and is_mark_of(mark, known) for of, mark in there.leftovers)
    same = digests.get(name) == page.digest and not left
    change: Change = "same" if same else "changed" if name in digests else "new"
    return Placement(page, name, change, page.name if name != page.name else "")


def page_name(file: str, assignment: str, student_id: str) -> str:
    """Return what a report is called in a home: its notebook's name alone."""
    found = re.fullmatch(
        re.escape(f"{assignment}-{student_id}-") + r"(.+)-[0-9a-f]{8}\.html", file, re.DOTALL
    )
    return f"{found[1] if found else assignment}.html"


@dataclass(frozen=True)
class Seat:
    """A student of the class: whether their work is in, and whether that is final.

    `settled`: their last deadline has passed, and their work is in or proven to be missing.
    """

    student_id: str
    handed_in: bool
    settled: bool


@dataclass(frozen=True)
class Receivers:
    """Who gets the solution now; `why` nobody does, or others do not yet."""

    students: frozenset[str]
    why: str = ""


def solution_receivers(
    seats: Sequence[Seat],
    share: float | None,
    not_before: datetime | None,
    now: datetime,
    unseen: int = 0,
) -> Receivers:
    """Decide who gets the solution: nobody until all work is settled, or a `share` of it is in.

    Whoever can still hand in gets none, even once the share is reached. `unseen` students are in
    the class, and nothing else is known about them.
    """
    open_ends = [s for s in seats if not s.settled]
    settled = frozenset(s.student_id for s in seats if s.settled)
    if not settled:
        why = "nobody's work is in yet" if seats else "there are no students"
        return Receivers(frozenset(), why)
    if not_before is not None and now < not_before:
        return Receivers(frozenset(), f"solution_not_before is {not_before:%-d %b %Y %H:%M}")
    waits = len(open_ends) + unseen
    if not waits:
        return Receivers(settled)
    text = f"{counted(waits, 'student')} can still hand in, or their work could not be collected"
    collected = sum(s.handed_in and s.settled for s in seats)
    size = len(seats) + unseen
    if share is None:
        return Receivers(frozenset(), text)
    if collected < share * size:
        less = f"{collected} of {size} collected is less than solution_share = {share:g}"
        return Receivers(frozenset(), f"{text}; {less}")
    return Receivers(settled, text)
