"""Feedback and solutions -> students' homes, for courses whose students look there."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rudaux.domain.artifacts import FeedbackFile, is_report_of
from rudaux.domain.collection import Absent
from rudaux.domain.messages import counted
from rudaux.domain.outcome import Outcome
from rudaux.domain.returning import (
    Page,
    Placement,
    Receivers,
    Seat,
    page_name,
    place,
    solution_receivers,
)
from rudaux.errors import RequestRefused, StorageFailure
from rudaux.ports import Context
from rudaux.workflows import sync
from rudaux.workflows.access import submissions
from rudaux.workflows.standings import Standings

FEEDBACK, SOLUTIONS = "feedback", "solutions"


@dataclass(frozen=True)
class ReturnLine:
    """One student's pages that are not in their home yet, or why none can go there."""

    student_id: str
    pages: tuple[Placement, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class ReturnPlan:
    """What `apply` writes into homes; `notes` say what waits, and what for."""

    assignment: str
    lines: tuple[ReturnLine, ...]
    names: Mapping[str, str]
    solution: tuple[FeedbackFile, ...] = ()
    notes: tuple[str, ...] = ()
    foreign: bool = False
    """Whether some files will belong to the account that runs rudaux, not to the home's owner."""

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many homes get each page, by change ("new" or "changed") and path."""
        pages = (p for line in self.lines for p in line.pages)
        return Counter((p.change, f"{p.page.folder}/{p.page.name}") for p in pages)


def wanted(ctx: Context) -> bool:
    """Return whether rudaux.toml asks for anything to go back."""
    return ctx.config.returning.feedback or ctx.config.returning.solutions


def plan(
    ctx: Context, standings: Standings, feedback: bool = True, ahead: bool = False
) -> ReturnPlan:
    """Compare homes with what should be there; reads only. Raises `StorageFailure` without storage.

    Feedback goes back once its grade is in Canvas and the student may see it there; with `ahead`,
    as if every grade were pushed already.
    """
    name, settings = standings.settings.name, ctx.config.returning
    names = {s.id: s.name for s in standings.students}
    if not wanted(ctx):
        return ReturnPlan(name, (), names)
    ctx.storage.check()
    returns = settings.feedback and feedback
    shown, notes = _shown(ctx, standings, ahead) if returns else (frozenset[str](), "")
    receivers, solution, why = _solution(ctx, standings)
    lines, foreign = [], False
    for student in standings.students:
        pages = _feedback_pages(ctx, name, student.id) if student.id in shown else []
        if student.id in receivers.students:
            folder = f"{SOLUTIONS}/{name}"
            pages += [Page(folder, f.name, _digest(f.content)) for f in solution]
        if pages and (found := _line(ctx, student.id, pages)):
            line, owned = found
            lines.append(line)
            foreign = foreign or not owned
    return ReturnPlan(
        name, tuple(lines), names, solution, tuple(n for n in (notes, why) if n), foreign
    )


def apply(ctx: Context, plan: ReturnPlan) -> Iterator[Outcome]:
    """Write the pages, one outcome per student; if one home cannot be written, the others go on."""
    for line in plan.lines:
        name = plan.names[line.student_id]
        if line.refused:
            yield Outcome(name, "failed", line.refused)
            continue
        try:
            yield Outcome(name, reason=_write(ctx, plan, line))
        except StorageFailure as refused:
            yield Outcome(name, "failed", f"not returned: {refused}")


def solutions_due(ctx: Context, standings: Standings) -> bool:
    """Return whether somebody is still to get the solution of an otherwise finished assignment.

    Homes that the ledger says have it are not looked at.
    """
    if not ctx.config.returning.solutions:
        return False
    there = ctx.ledger.returned(f"{SOLUTIONS}/{standings.settings.name}/")
    return bool(_receivers(ctx, standings).students - there)


def _shown(ctx: Context, standings: Standings, ahead: bool) -> tuple[frozenset[str], str]:
    """Return who can see their grade in Canvas, and a note about those who cannot yet."""
    ready = {"graded", "pushed"} if ahead else {"pushed"}
    graded = {s.student_id for s in standings.by_student if s.state in ready}
    assignment, name = standings.canvas, standings.settings.name
    if not graded or assignment is None:
        return frozenset(), ""
    try:
        rows = [row for row in submissions(ctx, assignment) if row.student_id in graded]
    except RequestRefused as refused:
        return frozenset(), f"feedback is not returned to homes: {refused}"
    by_hand = assignment.post_manually is True
    hidden = {row.student_id for row in rows if row.hidden or (by_hand and not row.posted_at)}
    note = (
        f"feedback for {counted(len(hidden), 'student')} waits, because their grades are hidden in "
        f"Canvas: run `rudaux canvas post {name}`, then `rudaux submit {name}`"
    )
    return frozenset(row.student_id for row in rows) - hidden, note if hidden else ""


def _feedback_pages(ctx: Context, assignment: str, student_id: str) -> list[Page]:
    files = ctx.grader.feedback_files(assignment, student_id)
    return [
        Page(
            f"{FEEDBACK}/{assignment}",
            page_name(f.name, assignment, student_id),
            _digest(f.content),
        )
        for f in files
        if is_report_of(f.content, assignment, student_id)
    ]


def _solution(
    ctx: Context, standings: Standings
) -> tuple[Receivers, tuple[FeedbackFile, ...], str]:
    """Return who gets which solution pages, and a note if nobody or not everybody does."""
    nobody = Receivers(frozenset())
    if not ctx.config.returning.solutions:
        return nobody, (), ""
    receivers = _receivers(ctx, standings)
    if not receivers.students:
        return receivers, (), f"the solution waits: {receivers.why}"
    made = ctx.grader.solution(standings.settings.name)
    if made.leaks:
        more = f" ({len(made.leaks)} such places)" if len(made.leaks) > 1 else ""
        return nobody, (), f"the solution is not given out: {made.leaks[0]}{more}"
    return receivers, made.pages, ""


def _receivers(ctx: Context, standings: Standings) -> Receivers:
    settings, name = ctx.config.returning, standings.settings.name
    handed_in = ctx.gradebook.submissions(name)
    taken = {sid: c.at for sid, c in ctx.ledger.collected(name).items()}
    proofs = ctx.ledger.records(name)
    # Work that was missing at the deadline may be collected then.
    late_until = standings.settings.late_until
    seats = []
    for standing in standings.by_student:
        sid = standing.student_id
        deadline, at = standings.deadlines.own.get(sid), taken.get(sid)
        there = sid in handed_in and standing.state != "not_due"
        if there:
            looked = at is None or deadline is None or at >= deadline
        else:
            last = max((d for d in (deadline, late_until) if d is not None), default=None)
            proof = proofs.get(sid)
            looked = (
                proof is not None and proof.kind == "missing" and (last is None or proof.at >= last)
            )
        seats.append(Seat(sid, sid in handed_in, standing.due and looked))
    unseen = len(sync.compare(ctx, standings.students).unseen)
    return solution_receivers(
        seats, settings.solution_share, settings.solution_not_before, ctx.now(), unseen
    )


def _line(ctx: Context, student_id: str, pages: Sequence[Page]) -> tuple[ReturnLine, bool] | None:
    """Return what one home lacks, and whether its owner will own it; None: it lacks nothing."""
    ours = ctx.ledger.written(student_id)
    placed, owned = [], True
    try:
        for folder in dict.fromkeys(page.folder for page in pages):
            mine = [page for page in pages if page.folder == folder]
            there = ctx.storage.pages(student_id, folder, [n for page in mine for n in page.names])
            if isinstance(there, Absent):
                return None
            owned = owned and there.owned
            for page in mine:
                found = place(page, there, ours)
                if found is None:
                    text = f"not returned: their own files take every name for {page.name}"
                    return ReturnLine(student_id, refused=text), True
                if found.change != "same":
                    placed.append(found)
    except StorageFailure as refused:
        return ReturnLine(student_id, refused=f"not returned: {refused}"), True
    return (ReturnLine(student_id, tuple(placed)), owned) if placed else None


def _write(ctx: Context, plan: ReturnPlan, line: ReturnLine) -> str:
    """Write one student's pages; return what is unusual about them."""
    sid = line.student_id
    reports = {
        page_name(f.name, plan.assignment, sid): f.content
        for f in ctx.grader.feedback_files(plan.assignment, sid)
    }
    solved = {f.name: f.content for f in plan.solution}
    told = []
    for one in line.pages:
        page, path = one.page, f"{one.page.folder}/{one.name}"
        of_solution = page.folder.startswith(f"{SOLUTIONS}/")
        content = (solved if of_solution else reports).get(page.name, b"")
        if _digest(content) != page.digest:
            raise StorageFailure("their report has just changed; run this again to return it")
        ours = ctx.ledger.written(sid).get(path, frozenset())
        ctx.ledger.record_written(sid, path, page.digest)
        if not ctx.storage.put_page(sid, page.folder, one.name, content, ours):
            raise StorageFailure(f"they made {path} themselves just now; run this again")
        ctx.ledger.record_written(sid, path, page.digest, done=True)
        if one.beside:
            told.append(f"they have a {one.beside} of their own, so the page is {one.name}")
    return "; ".join(told)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
