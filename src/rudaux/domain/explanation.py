"""Where one student's grade comes from, from the deadline to what Canvas shows now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from rudaux.domain.collection import Collection
from rudaux.domain.deadlines import Override, deadline_of
from rudaux.domain.grades import CanvasSubmission, Push
from rudaux.domain.history import FeedbackSent, Graded, Run
from rudaux.domain.marks import SheetMark
from rudaux.domain.roster import Student
from rudaux.domain.submissions import GradebookSubmission, Standing

OverrideKind = Literal["student", "section", "group", "course"]
DeadlineFrom = OverrideKind | Literal["base", "configuration", "extension"]


@dataclass(frozen=True)
class Due:
    """A student's own deadline (aware; None: none), and the override that says so, if one does."""

    at: datetime | None
    override: Override | None = None

    @property
    def kind(self) -> OverrideKind | None:
        """For whom the override is."""
        override = self.override
        if override is None:
            return None
        if override.student_ids:
            return "student"
        if override.section_id is not None:
            return "section"
        return "course" if override.group_id is None else "group"


def due_from(
    student: Student,
    at: datetime | None,
    overrides: Iterable[Override],
    members: Mapping[int, frozenset[str]],
) -> Due:
    """Find the override that the deadline `at` is from: one of the student's own goes first."""
    base = datetime.min  # no override says this
    same = [
        o
        for o in overrides
        if o.due_at == at and deadline_of(student, base, (o,), members) is not base
    ]
    own = [o for o in same if student.id in o.student_ids]
    return Due(at, next(iter([*own, *same]), None))


@dataclass(frozen=True)
class Explanation:
    """What gradebook, ledger, collected files and Canvas say; None and empty mean not known.

    `maximum` and all marks are in nbgrader's points, `points` and `canvas_points` in Canvas's.
    `due` is None, and `listed` false, if Canvas no longer lists the student. `files` are those
    of the submitted folder, None if it is gone; `intact` tells whether they are what was
    collected. `errors` has the last error line of a failed test, by notebook file and grade id.
    `dated`: the assignment is in Canvas with a due date, else `base` is that of rudaux.toml.
    """

    student: Student
    assignment: str
    points: Decimal
    standing: Standing
    listed: bool = True
    due: Due | None = None
    base: datetime | None = None
    in_canvas: bool = True
    canvas_id: int | None = None
    dated: bool = True
    collection: Collection | None = None
    files: tuple[str, ...] | None = None
    intact: bool | None = None
    gradings: tuple[Graded, ...] = ()
    submission: GradebookSubmission | None = None
    marks: tuple[SheetMark, ...] = ()
    errors: Mapping[tuple[str, str], str] = field(default_factory=dict)
    maximum: Decimal | None = None
    canvas_points: Decimal | None = None
    pushes: tuple[Push, ...] = ()
    runs: Mapping[int, Run] = field(default_factory=dict)
    feedback: tuple[FeedbackSent, ...] = ()
    canvas: CanvasSubmission | None = None
    hidden: str = ""
    """Why Canvas does not say whose grades are whose; empty where it does."""
    promised: bool = False
    """Whether the deadline is an extension that rudaux gave and Canvas does not show yet."""
    markers: Mapping[str, str] = field(default_factory=dict)
    """Who was to mark it by hand, by question ("notebook/cell"; "" is all of it)."""
    deducts: bool = False
    """Whether Canvas itself takes points from late submissions, off the grade that was entered."""

    @property
    def deadline_from(self) -> DeadlineFrom | None:
        """Where the deadline comes from: such an override, Canvas's base date, rudaux.toml."""
        if self.due is None:
            return None
        if self.due.kind is not None:
            return self.due.kind
        if self.promised:
            return "extension"
        if self.due.at != self.base:
            return None
        return "base" if self.dated else "configuration"

    @property
    def late(self) -> timedelta | None:
        """How long after the deadline it was handed in; negative: before it."""
        at = self.submission.submitted_at if self.submission else None
        deadline = self.due.at if self.due else None
        return at - deadline if at and deadline else None

    @property
    def graded(self) -> bool:
        """Whether the gradebook has a grade, even one that still waits for a person."""
        return self.submission is not None and self.submission.autograded

    @property
    def earned(self) -> Decimal:
        """The sum of the marks, before a penalty for lateness."""
        return sum((m.points or Decimal(0) for m in self.marks), Decimal(0))

    @property
    def last_grading(self) -> Graded | None:
        """The run of the submission that its marks come from."""
        counted = [g for g in self.gradings if g.verdict != "failed"]
        return counted[-1] if counted and self.graded else None

    @property
    def repairs(self) -> tuple[str, ...] | None:
        """What was repaired before that run; None: not known."""
        return self.last_grading.repairs if self.last_grading else None

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is not known and why, one sentence each; nothing is guessed."""
        return tuple(self._gaps())

    def _gaps(self) -> Iterator[str]:
        if not self.listed:
            yield (
                "Canvas no longer lists them in this course, so their deadline and their grade in "
                "Canvas are not known."
            )
        elif self.deadline_from is None:
            yield "Their deadline differs from the assignment's, and no override says why."
        elif not self.in_canvas:
            yield f"{self.assignment} is not in Canvas, so Canvas has no grade for it."
        if self.hidden:
            yield f"Their grade in Canvas is not known: {self.hidden}."
        yield from self._gaps_of_work()
        if self.graded and self.last_grading is None:
            yield (
                "rudaux's ledger has no record of grading it, so it is not known when, by which "
                "run and after which repairs it was graded. Either nbgrader graded it without "
                "rudaux, or the ledger was lost."
            )
        shown = self.canvas.entered if self.canvas else None
        if shown is not None and not self.pushes:
            yield (
                "rudaux's ledger has no record of entering their grade in Canvas, so it is not "
                "known who did. Either it was a person, or the ledger was lost."
            )

    def _gaps_of_work(self) -> Iterator[str]:
        if self.submission is None:
            return
        if self.collection is None or not self.collection.digest:
            yield (
                "Either rudaux did not collect this work, or its ledger was lost: where it came "
                "from, and when, is not known."
            )
        elif self.collection.snapshot is None:
            yield (
                "There was no snapshot: the work was copied from their home as it was when it was "
                "collected. Whether it was the same at the deadline is not known."
            )
        if self.files is None:
            yield "Their files are gone from the submitted folder, so nobody can look at them."
        elif self.intact is False:
            yield (
                "The files in the submitted folder differ from what was collected: they are not "
                "what the student handed in."
            )
