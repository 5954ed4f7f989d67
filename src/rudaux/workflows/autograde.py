"""Collected submissions -> scores: sanitise here, execute in the executor, score here."""

from __future__ import annotations

import errno
from collections.abc import Collection as Ids
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain

from rudaux.domain.allowances import Cell
from rudaux.domain.collection import Collection, LateEdit, describe_edits
from rudaux.domain.execution import (
    NO_LONGER_PART,
    Broken,
    Execution,
    GradedFrom,
    Job,
    Suspicion,
    Waiting,
)
from rudaux.domain.messages import listed
from rudaux.domain.outcome import Outcome, SlowCell
from rudaux.domain.roster import Student
from rudaux.domain.statistics import MANY
from rudaux.domain.submissions import Record
from rudaux.errors import ExecutorFailure, NeedsPersonError, RudauxError
from rudaux.ports import Context
from rudaux.workflows import gradebook, provenance
from rudaux.workflows.standings import Standings


@contextmanager
def preparing(ctx: Context, assignment: str) -> Iterator[None]:
    """Start what runs submissions, so that it comes up while they are collected."""
    with ExitStack() as stack:
        with suppress(RudauxError):  # `apply` says what stands in the way, once there is work
            stack.enter_context(ctx.executor.prepare(ctx.grader.imports(assignment)))
        yield


@dataclass(frozen=True)
class AutogradePlan:
    """Whose submissions `apply` grades; `seconds_late` is after each student's own deadline.

    `accept_doubts`: a person has looked at these, and they are no longer held. With `only`, just
    these tests get new marks, none below the student's `floors`. A submission that is `certain` to
    get the same marks is not run, and what a person `accepted` about one stays accepted.
    """

    assignment: str
    students: tuple[Student, ...]
    seconds_late: Mapping[str, float]
    accept_doubts: bool = False
    only: frozenset[Cell] = frozenset()
    floors: Mapping[str, Mapping[Cell, Decimal]] = field(default_factory=dict)
    certain: Mapping[str, GradedFrom] = field(default_factory=dict)
    accepted: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.students)


def plan(
    ctx: Context,
    standings: Standings,
    only: Ids[str] | None = None,
    accept_doubts: bool = False,
) -> AutogradePlan:
    """Choose submissions that are collected and not graded, or failed; `only` regrades those."""
    name = standings.settings.name
    submissions = ctx.gradebook.submissions(name)
    state = {s.student_id: s.state for s in standings.by_student}
    chosen, late = [], {}
    for student in standings.students:
        submission = submissions.get(student.id)
        if submission is None:
            continue
        wanted = student.id in only if only is not None else state[student.id] in _OPEN
        if not wanted:
            continue
        chosen.append(student)
        deadline = standings.deadlines.own.get(student.id)
        if submission.submitted_at and deadline:
            past = (submission.submitted_at - deadline).total_seconds()
            late[student.id] = max(0.0, past)
    return AutogradePlan(name, tuple(chosen), late, accept_doubts)


_OPEN = {"collected", "failed"}
_ACCEPTED = "looked at and accepted: "


def apply(ctx: Context, plan: AutogradePlan) -> Iterator[Outcome]:
    """Grade, one outcome per student as each finishes; each result is saved as it arrives."""
    if not plan.students:
        return
    ctx.executor.check(ctx.grader.kernels(plan.assignment))
    ctx.grader.sweep()
    gradebook.keep(ctx)
    try:
        yield from _grade(ctx, plan)
    finally:
        ctx.grader.sweep()
    gradebook.keep(ctx)


def _grade(ctx: Context, plan: AutogradePlan) -> Iterator[Outcome]:
    if gradebook.record_source(ctx, plan.assignment):
        text = "tests changed: the gradebook was updated"
        yield Outcome(plan.assignment, reason=text, of_all=True)
    tests = ctx.grader.tests_digest(plan.assignment)
    names = {s.id: s.name for s in plan.students}
    broken: list[Outcome] = []
    again: list[Job] = []
    collected = ctx.ledger.collected(plan.assignment)
    edits = ctx.ledger.late_edits(plan.assignment)
    holds = ctx.config.grading.late_edits == "hold"
    allowed = provenance.Allowed.read(ctx, plan.assignment, plan.floors)
    repairs: list[frozenset[str]] = []

    def jobs() -> Iterator[Job]:
        for student in plan.students:
            try:
                job = ctx.grader.prepare(plan.assignment, student.id)
            except OSError as error:
                job = Broken(_of_this_machine(error))
                if error.errno in _FULL:
                    _failed(ctx, plan.assignment, student.id, student.name, job.reason)
                    raise ExecutorFailure(_stopped(job.reason)) from error
            if isinstance(job, Broken):
                broken.append(_failed(ctx, plan.assignment, student.id, student.name, job.reason))
            else:
                repairs.append(frozenset(job.repairs))
                job = _with_skipped(job, collected.get(student.id))
                job = _with_edits(job, edits.get(student.id, ()), holds)
                job = replace(job, only=plan.only, allowances=allowed.to(student.id))
                known = provenance.replay(ctx, job, plan.certain.get(student.id))
                if known is None:
                    yield job
                else:
                    broken.append(_score(ctx, plan, known, student.name, tests))

    imports, waiting = ctx.grader.imports(plan.assignment), jobs()
    first = next(waiting, None)  # if there is nothing to run, no executor is started
    for execution in ctx.executor.run(chain([first], waiting), imports) if first else ():
        if execution.verdict == "failed":
            again.append(execution.job)  # our own failure may be temporary
        else:
            yield _score(ctx, plan, execution, names[execution.job.student_id], tests)
        while broken:
            yield broken.pop(0)
    yield from broken
    for job in again:
        # Alone: a submission that brought others down with it must not do so twice.
        for execution in ctx.executor.run([job], imports):
            yield _score(ctx, plan, execution, names[job.student_id], tests)
    yield from _of_all(plan.assignment, repairs)


def _of_all(assignment: str, repairs: Sequence[frozenset[str]]) -> Iterator[Outcome]:
    """Report cells that all submissions have and the source has not: their answers are not seen."""
    if len(repairs) < MANY:
        return
    common = frozenset.intersection(*repairs)
    if gone := sorted(repair for repair in common if repair.endswith(NO_LONGER_PART)):
        text = (
            f"in all {len(repairs)} submissions, {listed(gone)}: if it has another name (grade_id) "
            "in the source by now, nobody's answer to it is seen; give it the old name back, then "
            f"run `rudaux regrade {assignment}`"
        )
        yield Outcome(assignment, reason=text, of_all=True)


def _score(
    ctx: Context, plan: AutogradePlan, execution: Execution, name: str, tests: str
) -> Outcome:
    job = execution.job
    if execution.replayed:
        ctx.ledger.record_replay(execution, tests)
    else:
        ctx.ledger.record_execution(execution, "" if execution.verdict == "failed" else tests)
    if execution.verdict == "failed":
        return _failed(ctx, plan.assignment, job.student_id, name, execution.reason)
    # Marks are written before their record: killed in between, they must not look settled.
    _failed(ctx, plan.assignment, job.student_id, name, provenance.CUT_SHORT)
    by_hand = provenance.entered_by_hand(ctx, job)
    try:
        reasons = ctx.grader.score(execution, plan.seconds_late.get(job.student_id, 0.0))
    except NeedsPersonError as error:
        return _failed(ctx, plan.assignment, job.student_id, name, str(error))
    except OSError as error:
        reason = _of_this_machine(error)
        if error.errno in _FULL:
            raise ExecutorFailure(_stopped(reason)) from error
        return _failed(ctx, plan.assignment, job.student_id, name, reason)
    suspicions = [reason for reason in reasons if isinstance(reason, Suspicion)]
    provenance.remember(ctx, execution, suspicions, by_hand)
    doubts = [*job.doubts, *suspicions]
    before = plan.accepted.get(job.student_id, "")
    unsettled = [d for d in doubts if not plan.accept_doubts and f"{_ACCEPTED}{d}" not in before]
    if unsettled:
        return _held(ctx, job, name, unsettled)
    settled = [f"{_ACCEPTED}{doubt}" for doubt in doubts]
    ended = [execution.reason] if execution.reason else []
    note = "; ".join([*job.repairs, *settled, *ended])
    extra = [note] if note else []
    reasons = tuple(reason for reason in reasons if reason not in doubts)
    record = Record("graded", "; ".join([*job.remarks, *extra]), ctx.now())
    ctx.ledger.record(plan.assignment, job.student_id, record)
    slowest, repaired = _slowest(execution), bool(job.repairs)
    if reasons:
        told = "; ".join([*reasons, *extra])
        waiting = tuple((r.notebook, r.cells) for r in reasons if isinstance(r, Waiting))
        others = [r for r in reasons if not isinstance(r, Waiting)]
        left = "; ".join([*others, *extra])
        return Outcome(name, "held", told, slowest, repaired, waiting, left)
    return Outcome(name, "done", note, slowest, repaired)


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Errors that would fail the next submission as well."""


def _of_this_machine(error: OSError) -> str:
    text = f"{error.filename or 'a file of rudaux'} cannot be used: {error.strerror or error}"
    return text if error.errno in _FULL else f"{text}; check who owns it"


def _stopped(reason: str) -> str:
    return (
        f"{reason}. Fix that and run this again: what is already graded stays, and nobody got a "
        "score because of it."
    )


def _slowest(execution: Execution) -> SlowCell | None:
    cells = (
        SlowCell(cell.seconds, notebook, cell.index + 1)
        for notebook, results in execution.cells.items()
        for cell in results
        if cell.seconds is not None
    )
    return max(cells, key=lambda cell: cell.seconds, default=None)


def _with_skipped(job: Job, collection: Collection | None) -> Job:
    """Add the files that were left behind to the repairs: they may explain a result."""
    if collection is None or not collection.skipped:
        return job
    left = tuple(f"{clause} (not collected)" for clause in collection.skipped)
    return replace(job, repairs=(*left, *job.repairs))


def _with_edits(job: Job, edits: Sequence[LateEdit], holds: bool) -> Job:
    """Report what was changed after the deadline; `holds`: a person must accept it."""
    if not edits:
        return job
    told = f"changed after the deadline: {describe_edits(edits)}"
    if holds:
        return replace(job, doubts=(*job.doubts, told))
    return replace(job, remarks=(*job.remarks, told))


def _held(ctx: Context, job: Job, name: str, doubts: list[str]) -> Outcome:
    where = ctx.grader.submitted_folder(job.assignment, job.student_id)
    reason = (
        f"{'; '.join(doubts)}: look at it in {where}, correct it there or in formgrader, then run "
        f"`rudaux grade {job.assignment} --student {job.student_id}` (with --accept-doubts if it "
        "is fine as it is)"
    )
    ctx.ledger.record(job.assignment, job.student_id, Record("held", reason, ctx.now()))
    return Outcome(name, "held", reason)


def _failed(ctx: Context, assignment: str, student_id: str, name: str, reason: str) -> Outcome:
    ctx.ledger.record(assignment, student_id, Record("failed", reason, ctx.now()))
    return Outcome(name, "failed", reason)
