"""Students: who counts, and what a changed roster means for the gradebook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

SHRINK_LIMIT = 0.20


@dataclass(frozen=True)
class Student:
    """A student of the Canvas course; `id` is what the gradebook and their home are called.

    The login and SIS id are None where the token may not see them, empty where there is none.
    """

    id: str
    name: str
    sortable_name: str = ""
    email: str | None = None
    section_ids: frozenset[int] = frozenset()
    canvas_id: str = field(default="", compare=False)
    login: str | None = field(default=None, compare=False)
    sis_id: str | None = field(default=None, compare=False)
    invited: bool = field(default=False, compare=False)
    """Not in the course yet: Canvas hides their login from everybody until they accept."""
    joined_at: datetime | None = field(default=None, compare=False)
    """When Canvas made the first of their enrollments (UTC); None: it does not say."""
    changed_at: datetime | None = field(default=None, compare=False)
    """When Canvas last changed one of them, for whatever reason."""

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

    @property
    def name(self) -> str:
        """First and last name, or the id where neither is known."""
        return f"{self.first_name or ''} {self.last_name or ''}".strip() or self.id


@dataclass(frozen=True)
class GradebookContents:
    """How much a gradebook, or a backup of it, holds."""

    students: int
    assignments: int
    submissions: int
    cells: int = 0
    """Rows that describe the cells of all assignments."""


@dataclass(frozen=True)
class RosterChange:
    """What a sync would do to the gradebook's students."""

    joined: tuple[Student, ...] = ()
    renamed: tuple[Student, ...] = ()
    removed: tuple[GradebookStudent, ...] = ()
    kept: tuple[GradebookStudent, ...] = ()
    """Dropped from Canvas but with work: their work and grades stay."""
    returned: tuple[Student, ...] = ()
    """Known to have left, and now back: if they leave again, it is noticed again."""
    unseen: tuple[GradebookStudent, ...] = ()
    """Not listed by Canvas, because the token sees only some sections: nothing is known of them."""
    shrunk: str = ""
    """Why this roster is suspicious; empty if it is not, or if a person accepted it."""

    def __len__(self) -> int:
        return len(self.joined) + len(self.renamed) + len(self.removed) + len(self.returned)


def compare_rosters(
    canvas: Iterable[Student],
    gradebook: Iterable[GradebookStudent],
    known_dropped: Collection[str] = (),
    remove_dropped: bool = False,
    accepted_size: int | None = None,
    limited: bool = False,
    with_work: Collection[str] = (),
) -> RosterChange:
    """Decide what a sync does; it removes a student with submissions only if asked to.

    `known_dropped` are students who a person agreed have left, `accepted_size` is the size of the
    last roster that was accepted, or None. `limited`: Canvas lists only some sections, so nobody is
    gone just because they are not listed. Students in `with_work` have handed in something that the
    gradebook does not have.
    """
    now = {s.id: s for s in canvas}
    before = {s.id: s for s in gradebook}
    unlisted = [s for s in before.values() if s.id not in now]
    gone = [] if limited else unlisted
    worked = {s.id for s in gone if s.submissions or s.id in with_work}
    removed = tuple(s for s in gone if remove_dropped or s.id not in worked)
    return RosterChange(
        joined=tuple(s for s in now.values() if s.id not in before),
        renamed=tuple(s for s in now.values() if s.id in before and _differs(s, before[s.id])),
        removed=removed,
        kept=tuple(s for s in gone if s not in removed),
        returned=tuple(s for s in now.values() if s.id in before and s.id in known_dropped),
        unseen=tuple(unlisted) if limited else (),
        shrunk=_suspicion(now, {} if limited else before, known_dropped, accepted_size),
    )


def others_perhaps(
    students: Collection[Student], gradebook: Iterable[GradebookStudent]
) -> Mapping[str, GradebookStudent]:
    """Return who left the course after handing in work and may be a student of it, by their id.

    Somebody whose two accounts Canvas has merged is listed under the other id, whose home is new.
    """
    here = {s.id for s in students}
    left: dict[str, GradebookStudent] = {}
    for one in gradebook:
        if one.submissions and one.id not in here:
            left |= {key.lower(): one for key in (one.name, one.email) if key}
    if not left:
        return {}
    keys = {s.id: (f"{s.first_name} {s.last_name}".strip(), s.email or "") for s in students}
    found = {
        sid: [left[k.lower()] for k in both if k.lower() in left] for sid, both in keys.items()
    }
    return {sid: those[-1] for sid, those in found.items() if those}


def _differs(canvas: Student, gradebook: GradebookStudent) -> bool:
    """Return whether Canvas has another name or e-mail; one that it hides is no difference."""
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
    if others := _under_other_ids(now, known):
        (student, other), *_ = others
        return (
            f"the gradebook has {len(others)} of these students under another id "
            f"({student.name}: {other}, now {student.id}), so they would be added a second time: "
            "jupyterhub.student_id in rudaux.toml is not what it was when they joined"
        )
    if not now:
        agreed = not known and accepted_size == 0
        return "" if agreed else "Canvas lists no students at all"
    if known and gone > SHRINK_LIMIT * len(known):
        return f"{gone} of {len(known)} students are gone from Canvas"
    return ""


def _under_other_ids(
    now: Mapping[str, Student], known: Collection[str]
) -> list[tuple[Student, str]]:
    """Find who is in the gradebook under another of their ids, which nobody else has now."""
    gone = {name.lower(): name for name in known if name not in now}
    found = []
    for student in (s for s in now.values() if s.id not in known):
        ids = (name.lower() for name in (student.canvas_id, student.login, student.sis_id) if name)
        found += [(student, gone[name]) for name in ids if name in gone][:1]
    return found
