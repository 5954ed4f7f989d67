"""Gradebook -> Canvas: scores by a three-way comparison, and feedback once per content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from rudaux.config import AssignmentSettings
from rudaux.domain.artifacts import FeedbackFile
from rudaux.domain.grades import (
    CanvasSubmission,
    Push,
    PushClass,
    PushLine,
    Undone,
    decide_push,
    same_score,
    zero_alarm,
)
from rudaux.domain.history import undone
from rudaux.domain.outcome import Outcome
from rudaux.errors import CanvasFailure, NotFound, PermissionRefused
from rudaux.ports import Context
from rudaux.workflows.posting import seen_at_once
from rudaux.workflows.standings import Standings


@dataclass(frozen=True)
class FeedbackLine:
    """Files for one student's next comment; `again`: an earlier comment had older feedback."""

    student_id: str
    files: tuple[FeedbackFile, ...]
    again: bool


@dataclass(frozen=True)
class SubmitPlan:
    """What a push writes; `alarm` says why it looks wrong as a whole (empty: it does not).

    `warning` says what a person should know before they agree.
    """

    settings: AssignmentSettings
    assignment_id: int
    lines: tuple[PushLine, ...]
    feedback: tuple[FeedbackLine, ...]
    names: Mapping[str, str]
    last: Mapping[str, Decimal]
    alarm: str = ""
    warning: str = ""

    def __len__(self) -> int:
        return sum(line.writes for line in self.lines) + len(self.feedback)

    @property
    def counts(self) -> Mapping[PushClass, int]:
        """Students per class."""
        return Counter(line.kind for line in self.lines)


def plan(
    ctx: Context,
    standings: Standings,
    overwrite_edits: bool = False,
    feedback: bool = True,
    attended: bool = False,
) -> SubmitPlan:
    """Compare gradebook, ledger and Canvas, student by student; writes nothing.

    Without a person (`attended`) nothing is pushed again that an undo took back.

    Raises `CanvasFailure` where the assignment is not in Canvas, or not published.
    """
    settings, assignment = standings.settings, standings.canvas
    if assignment is None:
        raise CanvasFailure(
            f"Canvas has no assignment named {settings.name}: run `rudaux canvas push` first."
        )
    if not assignment.published:
        raise CanvasFailure(
            f"{settings.name} is not published in Canvas, so that it takes no grades: publish it "
            "there, or run `rudaux canvas push`."
        )
    last = ctx.ledger.last_pushed(settings.name)
    undos = undone(ctx.ledger.push_records(settings.name))
    taken_back = {sid: Undone(undo.old, undo.run, attended) for sid, undo in undos.items()}
    canvas = {s.student_id: s for s in ctx.canvas.submissions(assignment.id)}
    lines = tuple(
        decide_push(
            standing,
            standings.targets[standing.student_id],
            last.get(standing.student_id),
            canvas.get(standing.student_id),
            overwrite_edits,
            taken_back.get(standing.student_id),
        )
        for standing in standings.by_student
    )
    return SubmitPlan(
        settings,
        assignment.id,
        lines,
        _feedback(ctx, settings.name, lines, canvas) if feedback else (),
        {s.id: s.name for s in standings.students},
        last,
        zero_alarm(standings.by_student, ctx.config.grading.zero_guard),
        seen_at_once(ctx.config, assignment),
    )


_GRADED: frozenset[PushClass] = frozenset({"unchanged", "new", "changed"})


def _feedback(
    ctx: Context,
    assignment: str,
    lines: tuple[PushLine, ...],
    canvas: Mapping[str, CanvasSubmission],
) -> tuple[FeedbackLine, ...]:
    """Choose what nobody sent yet: the ledger is one witness, the comments in Canvas the other."""
    sent = ctx.ledger.feedback_sent(assignment)
    chosen = []
    for line in lines:
        if line.kind not in _GRADED:
            continue
        attached = {a.name for a in canvas[line.student_id].comments}
        attached |= {name for student, name in sent if student == line.student_id}
        files = ctx.grader.feedback_files(assignment, line.student_id)
        new = tuple(f for f in files if f.name not in attached)
        if new:
            chosen.append(FeedbackLine(line.student_id, new, bool(attached)))
    return tuple(chosen)


def apply(ctx: Context, plan: SubmitPlan) -> Iterator[Outcome]:
    """Write, read back, record; one outcome per grade and per comment.

    A grade that does not read back as written is a failure, tried again by the next run.
    """
    _adopt(ctx, plan)
    writes = [line for line in plan.lines if line.writes and line.new is not None]
    if writes:
        yield from _push(ctx, plan, writes)
    for feedback in plan.feedback:
        yield _attach(ctx, plan, feedback)


def _push(ctx: Context, plan: SubmitPlan, writes: list[PushLine]) -> Iterator[Outcome]:
    scores = {line.student_id: line.new for line in writes if line.new is not None}
    message = ctx.canvas.push_grades(plan.assignment_id, scores)
    shown = {s.student_id: s.entered for s in ctx.canvas.submissions(plan.assignment_id)}
    at, name = ctx.now(), plan.settings.name
    ctx.ledger.record_pushes(
        Push(name, x.student_id, x.old, x.new, shown.get(x.student_id), at) for x in writes
    )
    for line in writes:
        student = plan.names[line.student_id]
        if same_score(shown.get(line.student_id), line.new):
            yield Outcome(student)
        else:
            why = message or f"Canvas shows {shown.get(line.student_id)}"
            yield Outcome(student, "failed", f"the grade {line.new} did not take: {why}")


def _adopt(ctx: Context, plan: SubmitPlan) -> None:
    """Record scores that Canvas has already, so that a lost ledger or a cut run heals itself."""
    known = [x for x in plan.lines if x.kind == "unchanged"]
    stale = [x for x in known if not same_score(plan.last.get(x.student_id), x.new)]
    at, name = ctx.now(), plan.settings.name
    ctx.ledger.record_pushes(
        Push(name, x.student_id, x.old, x.new, x.old, at, adopted=True) for x in stale
    )


def _attach(ctx: Context, plan: SubmitPlan, line: FeedbackLine) -> Outcome:
    student, name = plan.names[line.student_id], plan.settings.name
    text = f"Feedback on {name}."
    if line.again:
        text = f"New feedback on {name}: it replaces the earlier file."
    try:
        ctx.canvas.attach_feedback(plan.assignment_id, line.student_id, line.files, text)
    except (NotFound, PermissionRefused) as error:
        return Outcome(student, "failed", f"feedback not attached: {error}")
    ctx.ledger.record_feedback(name, line.student_id, [f.name for f in line.files])
    return Outcome(student, reason="feedback attached")
