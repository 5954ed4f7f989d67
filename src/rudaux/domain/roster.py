"""Students: who counts, and what a changed roster means for the gradebook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

SHRINK_LIMIT = 0.20


@dataclass(frozen=True)
class Student:
    """A student of the Canvas course; `id` is the Canvas user id, also their home's name."""

    id: str
    name: str
    sortable_name: str = ""
    email: str | None = None
    section_ids: frozenset[int] = frozenset()

    @property
    def first_name(self) -> str:
        """The part after the comma of "Last, First"; empty for a single name."""
        return self.sortable_name.partition(",")[2].strip()

    @property
    def last_name(self) -> str:
        """The part before the comma of "Last, First", or the whole name."""
        return self.sortable_name.partition(",")[0].strip() or self.name


@dataclass(frozen=True)
class GradebookStudent:
    """A student as nbgrader's gradebook knows them; `submissions` counts recorded ones."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    submissions: int = 0


@dataclass(frozen=True)
class GradebookContents:
    """How much a gradebook, or a backup of it, holds."""

    students: int
    assignments: int
    submissions: int


@dataclass(frozen=True)
class RosterChange:
    """What a sync would do to the gradebook's students."""

    joined: tuple[Student, ...] = ()
    renamed: tuple[Student, ...] = ()
    removed: tuple[GradebookStudent, ...] = ()
    kept: tuple[GradebookStudent, ...] = ()
    """Dropped from Canvas but with work: it and their grades stay."""
    returned: tuple[Student, ...] = ()
    """Known to have left, and back: were they to vanish again, it would be noticed again."""
    shrunk: str = ""
    """Why this roster is suspicious; empty if it is not, or if a person said that it is right."""

    def __len__(self) -> int:
        return len(self.joined) + len(self.renamed) + len(self.removed) + len(self.returned)


def compare_rosters(
    canvas: Iterable[Student],
    gradebook: Iterable[GradebookStudent],
    known_dropped: Collection[str] = (),
    remove_dropped: bool = False,
    accepted_size: int | None = None,
    with_work: Collection[str] = (),
) -> RosterChange:
    """Decide what a sync does; a student with recorded submissions goes only if asked for.

    `known_dropped` are students whose leaving was agreed to, `accepted_size` is how many the last
    roster had that was agreed to; None where there was none. Those in `with_work` have handed in
    something that the gradebook does not know of.
    """
    now = {s.id: s for s in canvas}
    before = {s.id: s for s in gradebook}
    gone = [s for s in before.values() if s.id not in now]
    worked = {s.id for s in gone if s.submissions or s.id in with_work}
    removed = tuple(s for s in gone if remove_dropped or s.id not in worked)
    return RosterChange(
        joined=tuple(s for s in now.values() if s.id not in before),
        renamed=tuple(s for s in now.values() if s.id in before and _differs(s, before[s.id])),
        removed=removed,
        kept=tuple(s for s in gone if s not in removed),
        returned=tuple(s for s in now.values() if s.id in before and s.id in known_dropped),
        shrunk=_suspicion(now, before, known_dropped, accepted_size),
    )


def _differs(canvas: Student, gradebook: GradebookStudent) -> bool:
    """Whether Canvas knows better; what it hides (an e-mail without the right) is no difference."""
    theirs = (canvas.first_name, canvas.last_name, canvas.email or gradebook.email or "")
    ours = (gradebook.first_name or "", gradebook.last_name or "", gradebook.email or "")
    return theirs != ours


def _suspicion(
    now: Mapping[str, Student],
    before: Mapping[str, GradebookStudent],
    dropped: Collection[str],
    accepted_size: int | None,
) -> str:
    known = set(before) - set(dropped)
    gone = len(known - set(now))
    if not now:
        agreed = not known and accepted_size == 0
        return "" if agreed else "Canvas lists no students at all"
    if known and gone > SHRINK_LIMIT * len(known):
        return f"{gone} of {len(known)} students are gone from Canvas"
    return ""
