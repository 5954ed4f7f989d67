"""Marks by hand -> graders: a division that stays, and each grader's list of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from rudaux.config import AssignmentSettings
from rudaux.domain.messages import Message, counted
from rudaux.domain.outcome import Outcome
from rudaux.domain.sharing import By, Grader, OpenMark, Piece, Progress, divide, hand_over
from rudaux.domain.sharing import progress as count_progress
from rudaux.errors import UsageError
from rudaux.ports import Context
from rudaux.workflows.lists import MarkingList, list_file, make_lists, write_list


@dataclass(frozen=True)
class Share:
    """What one grader would get, in pieces: new ones, and all that they then have left."""

    grader: str
    new: int
    left: int
    taken: int = 0
    """Pieces that were theirs and go to somebody else."""


@dataclass(frozen=True)
class SharePlan:
    """Who marks what: `given` is new, `gone` is taken from somebody and given to nobody."""

    assignment: str
    by: By
    given: Mapping[Piece, str]
    gone: tuple[Piece, ...]
    shares: tuple[Share, ...]
    nobody: tuple[str, ...]
    """Names of students whose work no grader may mark."""
    barred: tuple[str, ...]
    """Names of students whose work is not handed over, because the other may not mark it."""
    waiting: int
    lists: tuple[MarkingList, ...]

    def __len__(self) -> int:
        return len(self.given) + len(self.gone) + len(self.lists)


@dataclass(frozen=True)
class Notice:
    """A message to one grader; their address may hold a secret."""

    grader: str
    address: str = field(repr=False)
    title: str
    body: str


def graders_of(ctx: Context, assignment: str) -> tuple[Grader, ...]:
    """Return who marks an assignment, in the order of rudaux.toml."""
    return tuple(
        Grader(g.name, g.weight, frozenset(g.except_))
        for g in ctx.config.graders
        if not g.assignments or any(fnmatchcase(assignment, glob) for glob in g.assignments)
    )


def plan(
    ctx: Context,
    settings: AssignmentSettings,
    by: By | None = None,
    anew: bool = False,
    hand: tuple[str, str] | None = None,
) -> SharePlan:
    """Divide what waits for marks, or hand what `hand[0]` has left to `hand[1]`; writes nothing.

    Graders keep what they have, unless everything is divided `anew`. Raises `UsageError` if nobody
    marks this assignment, or if it is divided in the other way already.
    """
    name, graders = settings.name, graders_of(ctx, settings.name)
    if not graders:
        raise UsageError(
            f"nobody in rudaux.toml marks {name}: add [[graders]] with a name, and with "
            "assignments if they mark only some."
        )
    known = ctx.ledger.division(name)
    marks = _open_marks(ctx, name)
    by = _chosen(name, by, anew, known, marks)
    waiting = {m.piece(by) for m in marks}
    given, gone, barred, nobody = _decide(waiting, graders, known, anew, hand, name)
    after = {p: who for p, who in known.items() if p not in gone} | given
    names = {s.id: s.name for s in ctx.gradebook.students()}
    return SharePlan(
        name,
        by,
        given,
        tuple(sorted(gone)),
        _shares(graders, known, after, waiting, given, gone),
        tuple(sorted({names.get(p.student_id, p.student_id) for p in nobody})),
        tuple(sorted({names.get(p.student_id, p.student_id) for p in barred})),
        len(waiting),
        make_lists(ctx, name, by, marks, after, [g.name for g in graders], names),
    )


def apply(ctx: Context, plan: SharePlan) -> Iterator[Outcome]:
    """Record the division, then write each list that is not up to date."""
    if plan.given or plan.gone:
        ctx.ledger.record_division(plan.assignment, plan.given, plan.gone)
    for one in plan.lists:
        kept = write_list(ctx, one)
        yield Outcome(
            one.grader, reason=f"the list that somebody had changed is kept in {kept}" * bool(kept)
        )


def tell(ctx: Context, plan: SharePlan) -> Iterator[Outcome]:
    """Send a message to each grader who got something new and has an address."""
    for notice in notices(ctx, plan):
        key = f"share:{plan.assignment}:{notice.grader}"
        message = Message("todo", key, notice.title, notice.body)
        sent = ctx.notifier_to(notice.address).send([message])
        if sent.reached:
            yield Outcome(notice.grader, reason="told")
        else:
            yield Outcome(notice.grader, "failed", "their message could not be sent")


def notices(ctx: Context, plan: SharePlan) -> tuple[Notice, ...]:
    """Write a message to each grader who got something new and has an address."""
    addresses = {g.name: g.notify for g in ctx.config.graders}
    unit = "answer" if plan.by == "question" else "submission"
    found = []
    for one in plan.shares:
        address = addresses.get(one.grader)
        if one.new and address:
            waits = f"{counted(one.left, unit)} of {plan.assignment}"
            verb = "waits" if one.left == 1 else "wait"
            file = list_file(ctx.config, plan.assignment, one.grader)
            found.append(
                Notice(
                    one.grader,
                    address,
                    f"{ctx.config.course.name}: {waits} to mark",
                    f"{one.grader}, {waits} {verb} for your marks ({one.new} new). Your list "
                    f"of links is {file.relative_to(ctx.config.folder)} in the course folder.",
                )
            )
    return tuple(found)


def progress(ctx: Context, assignment: str) -> tuple[Progress, ...]:
    """Return how far each grader has got; empty if nothing was given out."""
    known = ctx.ledger.division(assignment)
    if not known:
        return ()
    marks = _open_marks(ctx, assignment)
    waiting = {m.piece(by) for m in marks for by in _BOTH}
    there = ctx.gradebook.submissions(assignment)
    still = {p: who for p, who in known.items() if p.student_id in there}
    return count_progress(still, waiting, [g.name for g in graders_of(ctx, assignment)])


def marker_of(ctx: Context, assignment: str, student_id: str) -> Mapping[str, str]:
    """Return who was to mark a student's work, by question ("notebook/cell").

    The question "" stands for the whole submission; the result is empty if nobody was to.
    """
    known = ctx.ledger.division(assignment)
    return {p.question: who for p, who in sorted(known.items()) if p.student_id == student_id}


_BOTH: tuple[By, ...] = ("submission", "question")


def _open_marks(ctx: Context, name: str) -> tuple[OpenMark, ...]:
    """Read what waits for marks, of students who have not left."""
    gone = ctx.ledger.dropped()
    return tuple(m for m in ctx.gradebook.open_marks(name) if m.student_id not in gone)


def _chosen(
    name: str, by: By | None, anew: bool, known: Mapping[Piece, str], marks: Sequence[OpenMark]
) -> By:
    """Choose how to divide it: as before, unless it is divided anew."""
    before: By | None = None
    if known:
        waiting = {m.piece(kind) for m in marks for kind in _BOTH}
        of = [p for p in known if p in waiting] or list(known)
        before = "question" if any(p.question for p in of) else "submission"
    if by is None or by == before:
        return by or before or "submission"
    if before and not anew:
        raise UsageError(
            f"{name} is divided by {before} already: add --anew to divide all that still waits "
            f"by {by}."
        )
    return by


def _decide(
    waiting: set[Piece],
    graders: tuple[Grader, ...],
    known: Mapping[Piece, str],
    anew: bool,
    hand: tuple[str, str] | None,
    name: str,
) -> tuple[dict[Piece, str], set[Piece], tuple[Piece, ...], tuple[Piece, ...]]:
    """Return what is given to whom, what is dropped, and what the other, or all, may not mark.

    If a student's work waits as pieces of the other kind, the pieces known before are dropped.
    """
    if hand:
        from_name, to = _two(hand, graders, known, name)
        given, barred = hand_over(waiting, known, from_name, to)
        return given, set(), barred, ()
    students = {p.student_id for p in waiting}
    kind = {bool(p.question) for p in waiting}
    other = {p for p in known if p.student_id in students and bool(p.question) not in kind}
    kept = {p: who for p, who in known.items() if p not in waiting} if anew else known
    division = divide(waiting, graders, kept)
    changed = {p: who for p, who in division.whose.items() if known.get(p) != who}
    return changed, other | {p for p in division.nobody if p in known}, (), division.nobody


def _two(
    hand: tuple[str, str], graders: tuple[Grader, ...], known: Mapping[Piece, str], name: str
) -> tuple[str, Grader]:
    """Find the two people of a hand-over; raise `UsageError` for an unknown name."""
    by_name = {g.name.casefold(): g for g in graders}
    givers = {who.casefold(): who for who in known.values()} | {
        key: g.name for key, g in by_name.items()
    }
    from_name, to = givers.get(hand[0].casefold()), by_name.get(hand[1].casefold())
    if from_name is None or to is None:
        wrong = hand[0] if from_name is None else hand[1]
        names = ", ".join(g.name for g in graders)
        raise UsageError(f'nobody called "{wrong}" marks {name}: the graders are {names}.')
    return from_name, to


def _shares(
    graders: tuple[Grader, ...],
    known: Mapping[Piece, str],
    after: Mapping[Piece, str],
    waiting: set[Piece],
    given: Mapping[Piece, str],
    gone: set[Piece],
) -> tuple[Share, ...]:
    new = Counter(given.values())
    taken = Counter(known[p] for p in {*given, *gone} if p in known)
    left = Counter(after[p] for p in waiting if p in after)
    names = dict.fromkeys([*(g.name for g in graders), *sorted(taken)])
    return tuple(Share(n, new[n], left[n], taken[n]) for n in names)
