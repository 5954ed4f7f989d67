"""What a score becomes in Canvas, and whether it may be written there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from rudaux.domain.submissions import Standing

QUANTUM = Decimal("0.0001")

PushClass = Literal[
    "unchanged", "new", "changed", "missing", "conflict", "excused", "held", "not_gradable",
    "not_due",
]  # fmt: skip
WRITTEN: frozenset[PushClass] = frozenset({"new", "changed", "missing"})
NOT_YET = "not due yet"
NOT_GRADED = "collected, but not autograded yet: `rudaux grade` does that"


def canvas_score(score: Decimal, maximum: Decimal, points: Decimal) -> Decimal:
    """Scale an nbgrader score to Canvas points, to four decimals; a maximum of 0 gives 0."""
    if maximum <= 0:
        return Decimal(0).quantize(QUANTUM)
    return (score / maximum * points).quantize(QUANTUM, ROUND_HALF_UP)


def fixed_point(score: Decimal) -> str:
    """Write a score as Canvas parses it: an exponent would silently wipe the grade."""
    text = format(score.quantize(QUANTUM, ROUND_HALF_UP), "f").rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def score_text(score: Decimal | None) -> str | None:
    """Return a score as JSON documents have it; no grade is null."""
    return None if score is None else fixed_point(score)


def in_words(score: Decimal | None) -> str:
    """Return a score as sentences have it."""
    return score_text(score) or "no grade"


@dataclass(frozen=True)
class CanvasSubmission:
    """A student's grade in Canvas; `entered` is before Canvas's own late policy deducts.

    `attached`: the names of the files that are attached to its comments.
    """

    student_id: str
    entered: Decimal | None
    excused: bool = False
    graded_at: datetime | None = None
    attached: tuple[str, ...] = ()
    posted_at: str | None = None

    @property
    def hidden(self) -> bool:
        """Whether there is a grade that the student cannot see yet."""
        return self.posted_at is None and (self.entered is not None or self.excused)


@dataclass(frozen=True)
class PushLine:
    """What a push would do for one student: Canvas `old` becomes `new` where `kind` is written."""

    student_id: str
    kind: PushClass
    old: Decimal | None = None
    new: Decimal | None = None
    why: str = ""
    replaces_edit: bool = False
    asks: bool = False
    """Whether it is held back for a person to decide."""

    @property
    def writes(self) -> bool:
        """Whether this line changes a grade in Canvas."""
        return self.kind in WRITTEN


@dataclass(frozen=True)
class Undone:
    """The score that a person's undo took back; `again`: a person is there who will be asked."""

    score: Decimal | None
    run: int | None
    again: bool = False


def decide_push(
    standing: Standing,
    target: Decimal,
    last: Decimal | None,
    canvas: CanvasSubmission | None,
    overwrite_edits: bool = False,
    undone: Undone | None = None,
    zone: tzinfo = timezone.utc,
    accept_zeros: bool = False,
) -> PushLine:
    """Decide from gradebook now (`target`), what rudaux last pushed (`last`), and Canvas now.

    A value in Canvas that rudaux did not put there is a person's: it stays unless somebody asks to
    overwrite it. So does one that an undo restored, while the gradebook has what was undone. Who
    joined after the deadline gets a 0 only with `accept_zeros`. Days are those of `zone`.
    """
    sid = standing.student_id
    if canvas is None:
        return PushLine(sid, "not_gradable", why="Canvas does not list them for this assignment")
    if canvas.excused:
        return PushLine(sid, "excused", canvas.entered, why="excused in Canvas")
    if standing.state == "not_due":
        kind: PushClass = "held" if standing.due else "not_due"
        return PushLine(sid, kind, canvas.entered, why=standing.reason or NOT_YET)
    if standing.state in {"collected", "failed", "needs_manual"}:
        reason = standing.reason or NOT_GRADED
        return PushLine(sid, "held", canvas.entered, why=reason)
    line = _three_way(standing, target.quantize(QUANTUM), last, canvas, overwrite_edits, zone)
    if standing.asks and line.writes and not accept_zeros:
        return replace(line, kind="held", new=None, asks=True)
    theirs = not same_score(canvas.entered, last)
    if undone is None or theirs or not line.writes or not same_score(undone.score, target):
        return line
    if undone.again or overwrite_edits:
        return replace(line, kind="changed", why=f"undone by run {undone.run}, now pushed again")
    why = f"undone by run {undone.run}: kept (--overwrite-edits pushes it again)"
    return replace(line, kind="held", why=why)


def _three_way(
    standing: Standing,
    target: Decimal,
    last: Decimal | None,
    canvas: CanvasSubmission,
    overwrite_edits: bool,
    zone: tzinfo,
) -> PushLine:
    sid, now = standing.student_id, canvas.entered
    if same_score(now, target):
        return PushLine(sid, "unchanged", now, target)
    edited = not same_score(now, last)
    if edited and not overwrite_edits:
        return PushLine(sid, "conflict", now, target, _edited(canvas, last, zone))
    if standing.state == "missing":
        why = standing.reason or "nothing handed in"
        return PushLine(sid, "missing", now, target, why, edited)
    if last is None and now is None:
        return PushLine(sid, "new", now, target)
    why = "replaces an edit" if edited else "regraded"
    if now is not None and target < now:
        why += ", lower than before"
    return PushLine(sid, "changed", now, target, why, edited)


def _edited(canvas: CanvasSubmission, last: Decimal | None, zone: tzinfo) -> str:
    if canvas.entered is None:
        return "cleared in Canvas by someone else: kept (--overwrite-edits replaces it)"
    done = f"{'entered' if last is None else 'edited'} in Canvas{on_day(canvas, zone)}"
    return f"{done} by someone else: kept (--overwrite-edits replaces it)"


def on_day(canvas: CanvasSubmission, zone: tzinfo) -> str:
    """Return the day of the last grade in Canvas, as in " on 2026-10-03"; empty if unknown."""
    return f" on {canvas.graded_at.astimezone(zone):%Y-%m-%d}" if canvas.graded_at else ""


def same_score(one: Decimal | None, other: Decimal | None) -> bool:
    """Compare as Canvas stores them, to four decimals; no grade equals only no grade."""
    if one is None or other is None:
        return one is other
    return one.quantize(QUANTUM, ROUND_HALF_UP) == other.quantize(QUANTUM, ROUND_HALF_UP)


@dataclass(frozen=True)
class Push:
    """One grade written: Canvas had `old`, was given `new`, and then showed `read_back`.

    adopted: it was there already, and was only recorded; undoes: the run whose push this took
    back; the ledger fills in `run`.
    """

    assignment: str
    student_id: str
    old: Decimal | None
    new: Decimal | None
    read_back: Decimal | None
    at: datetime
    run: int | None = None
    adopted: bool = False
    undoes: int | None = None
