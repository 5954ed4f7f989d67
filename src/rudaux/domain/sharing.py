"""Who marks what by hand: divided evenly by weight, the same again when nothing has changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

By = Literal["submission", "question"]


@dataclass(frozen=True, order=True)
class Piece:
    """What one person marks: a whole submission, or a student's answer to one question.

    A question is "notebook/cell"; "" is the whole submission.
    """

    student_id: str
    question: str = ""


@dataclass(frozen=True)
class Grader:
    """Somebody who marks by hand; with weight 0 they keep what they have and get nothing new."""

    name: str
    weight: float = 1.0
    barred: frozenset[str] = frozenset()
    """Ids of the students whom they may not mark."""


@dataclass(frozen=True)
class OpenMark:
    """An answer that waits for a mark by hand; `page` is formgrader's id for its notebook."""

    student_id: str
    notebook: str
    cell: str
    points: float
    page: str

    @property
    def question(self) -> str:
        """The question that it answers."""
        return f"{self.notebook}/{self.cell}"

    def piece(self, by: By) -> Piece:
        """Return the piece that it is part of."""
        return Piece(self.student_id, self.question if by == "question" else "")


@dataclass(frozen=True)
class Progress:
    """How far one grader has got, in pieces."""

    grader: str
    total: int
    left: int

    @property
    def done(self) -> int:
        """How many are marked."""
        return self.total - self.left


@dataclass(frozen=True)
class Division:
    """Who has each waiting piece, and the pieces that nobody may mark."""

    whose: Mapping[Piece, str]
    nobody: tuple[Piece, ...] = ()


@dataclass
class _Loads:
    """How much each grader has left while the pieces are dealt out."""

    graders: Sequence[Grader]
    left: Counter[str] = field(default_factory=Counter)

    def may(self, student_id: str) -> list[Grader]:
        """Return who may get a piece of this student's."""
        return [g for g in self.graders if g.weight > 0 and student_id not in g.barred]

    def least(self, graders: Iterable[Grader], pieces: int = 1) -> Grader:
        """Return who would have the least to do, for their weight, with this many more pieces."""
        return min(graders, key=lambda g: (self.left[g.name] + pieces) / g.weight)


def divide(
    waiting: Iterable[Piece], graders: Sequence[Grader], known: Mapping[Piece, str]
) -> Division:
    """Divide the waiting pieces; whoever has a piece and may still mark it keeps it.

    `known` says who was given what, marked pieces included. A new submission goes to whoever has
    the least left; all answers to a question go to one person, except from students they may not
    mark.
    """
    by_name = {g.name: g for g in graders}
    pieces = sorted(set(waiting))
    whose = {
        p: name
        for p in pieces
        if (g := by_name.get(name := known.get(p, ""))) and p.student_id not in g.barred
    }
    loads = _Loads(graders, Counter(whose.values()))
    open_pieces = [p for p in pieces if p not in whose]
    holders = _holders(open_pieces, loads, by_name, known)
    nobody = []
    # Pieces that the fewest may mark come first: the others can still even it out.
    for piece in sorted(open_pieces, key=lambda p: (len(loads.may(p.student_id)), p)):
        may = loads.may(piece.student_id)
        holder = holders.get(piece.question)
        if not may:
            nobody.append(piece)
            continue
        chosen = holder if holder in may else loads.least(may)
        whose[piece] = chosen.name
        if holder is None or chosen is not holder:
            loads.left[chosen.name] += 1
    return Division(whose, tuple(sorted(nobody)))


def _holders(
    pieces: Iterable[Piece],
    loads: _Loads,
    by_name: Mapping[str, Grader],
    known: Mapping[Piece, str],
) -> dict[str, Grader]:
    """Choose who marks each question, the largest first; whoever has started on it goes on."""
    sizes = Counter(p.question for p in pieces if p.question)
    before: dict[str, Counter[str]] = {}
    for piece, name in known.items():
        if name in by_name and by_name[name].weight > 0:
            before.setdefault(piece.question, Counter())[name] += 1
    found = {}
    able = [g for g in by_name.values() if g.weight > 0]
    for question, size in sorted(sizes.items(), key=lambda x: (x[0] not in before, -x[1], x[0])):
        if question in before:
            chosen = by_name[min(before[question].items(), key=lambda x: (-x[1], x[0]))[0]]
        elif able:
            chosen = loads.least(able, size)
        else:
            continue
        found[question] = chosen
        mine = (p for p in pieces if p.question == question)
        loads.left[chosen.name] += sum(p.student_id not in chosen.barred for p in mine)
    return found


def hand_over(
    waiting: Iterable[Piece], known: Mapping[Piece, str], from_name: str, to: Grader
) -> tuple[dict[Piece, str], tuple[Piece, ...]]:
    """Hand what waits with one grader to another, and return what the other may not mark."""
    theirs = sorted(p for p in set(waiting) if known.get(p) == from_name)
    barred = tuple(p for p in theirs if p.student_id in to.barred)
    return {p: to.name for p in theirs if p not in barred}, barred


def progress(
    known: Mapping[Piece, str], waiting: Collection[Piece], graders: Iterable[str] = ()
) -> tuple[Progress, ...]:
    """Count each grader's pieces: first the graders named, then anybody else who was given some."""
    total = Counter(known.values())
    left = Counter(known[p] for p in set(waiting) if p in known)
    names = dict.fromkeys([*graders, *sorted(total)])
    return tuple(Progress(name, total[name], left[name]) for name in names)
