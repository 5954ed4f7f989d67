"""Gradebook -> Canvas: scores by a three-way comparison, and feedback once per content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, get_args

from rudaux.config import AssignmentSettings
from rudaux.domain.alarms import ABOUT_ZEROS, Alarm
from rudaux.domain.artifacts import FeedbackComment, is_report_of
from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.grades import (
    CanvasSubmission,
    Push,
    PushClass,
    PushLine,
    Undone,
    decide_push,
    fixed_point,
    same_score,
    score_text,
)
from rudaux.domain.history import confirmed, last_scores, unconfirmed, undone
from rudaux.domain.modes import CLOSED_FOR_THEM, NOT_SEEN, course_remarks
from rudaux.domain.outcome import Outcome
from rudaux.errors import CanvasFailure, NotFound
from rudaux.ports import Context
from rudaux.workflows import gradebook, sync
from rudaux.workflows.access import closed_for, require, require_open
from rudaux.workflows.access import submissions as submissions_of
from rudaux.workflows.push.about_tests import warnings_about_tests
from rudaux.workflows.push.alarms import find_alarms, find_warnings
from rudaux.workflows.push.grades import write_grades
from rudaux.workflows.push.marks import keep_for_lost_marks, remember_marks
from rudaux.workflows.standings import Standings


@dataclass(frozen=True)
class FeedbackLine:
    """File names for one student's next comment; `again`: an earlier one had older feedback."""

    student_id: str
    names: tuple[str, ...]
    again: bool


@dataclass(frozen=True)
class SubmitPlan:
    """What a push writes, in one line per student.

    `alarms` say why it looks wrong as a whole, `warnings` what a person should know before they
    agree. `last` is the score that the ledger has for each student, `unconfirmed` what an earlier
    run wrote but did not read back; `read_at` is when Canvas was read.
    """

    settings: AssignmentSettings
    assignment_id: int
    lines: tuple[PushLine, ...]
    feedback: tuple[FeedbackLine, ...]
    names: Mapping[str, str]
    last: Mapping[str, Decimal]
    unconfirmed: Mapping[str, Push]
    read_at: datetime
    alarms: tuple[Alarm, ...] = ()
    warnings: tuple[str, ...] = ()
    shrunk: str = ""
    """Why the roster behind this is suspicious; empty if it is not."""

    def __len__(self) -> int:
        return len(self.grades) + len(self.feedback)

    @property
    def grades(self) -> tuple[PushLine, ...]:
        """The lines that change a grade in Canvas."""
        return tuple(line for line in self.lines if line.writes)

    @property
    def counts(self) -> Mapping[PushClass, int]:
        """Students per class."""
        return Counter(line.kind for line in self.lines)

    def unaccepted(self, zeros: bool = False, all_alarms: bool = False) -> tuple[Alarm, ...]:
        """Return the alarms to ask about, if those about `zeros` (or all) are accepted already.

        If no grade would be written, there is nothing to ask.
        """
        if all_alarms or not self.grades:
            return ()
        return tuple(a for a in self.alarms if not (zeros and a.kind in ABOUT_ZEROS))


def plan(
    ctx: Context,
    standings: Standings,
    overwrite_edits: bool | Collection[str] = False,
    feedback: bool = True,
    attended: bool = False,
    accept_zeros: bool = False,
) -> SubmitPlan:
    """Compare gradebook, ledger and Canvas, student by student; writes nothing.

    `overwrite_edits` is for everybody, or for the students with these ids; a mapping also gives the
    score that each agreed to have replaced, and no other one is. Without a person (`attended`)
    nothing is pushed again that an undo took back. Students who joined after the deadline get a 0
    only with `accept_zeros`.

    Raises `NotFound` where the assignment is not in Canvas, `RequestRefused` where Canvas takes no
    grades for it now, and `PermissionRefused` where it takes none in the whole course.
    """
    course, settings, assignment = require_open(ctx), standings.settings, _gradable(standings)
    since = assignment.created_at
    pushes = ctx.ledger.push_records(settings.name, since=since)
    read_at = ctx.now()
    canvas = {s.student_id: s for s in submissions_of(ctx, assignment)}
    open_pushes = unconfirmed(pushes, {sid: row.entered for sid, row in canvas.items()})
    shown = confirmed(pushes, open_pushes)
    zone = ctx.config.course.timezone
    lines = _decide(standings, shown, canvas, overwrite_edits, attended, zone, accept_zeros)
    lines = _open_ones(ctx, assignment, lines)
    agreed = attended or overwrite_edits is True
    lines = keep_for_lost_marks(ctx, settings.name, lines, shown, agreed)
    submissions = ctx.gradebook.submissions(settings.name)
    roster = sync.compare(ctx, standings.students)
    unseen = {s.id: s.name for s in roster.unseen if s.id in submissions}
    alarms = find_alarms(ctx, standings, lines, last_scores(shown), submissions, assignment)
    warnings = (*course_remarks(course), *find_warnings(ctx, assignment, submissions))
    if any(line.writes for line in lines):
        warnings += warnings_about_tests(ctx, standings, alarms)
    return SubmitPlan(
        settings,
        assignment.id,
        (*lines, *(PushLine(sid, "not_gradable", why=NOT_SEEN) for sid in unseen)),
        _feedback(ctx, settings.name, since, lines, canvas) if feedback else (),
        {s.id: s.name for s in standings.students} | unseen,
        last_scores(pushes),
        open_pushes,
        read_at,
        alarms,
        warnings,
        roster.shrunk,
    )


def _decide(
    standings: Standings,
    pushes: Sequence[Push],
    canvas: Mapping[str, CanvasSubmission],
    overwrite_edits: bool | Collection[str],
    attended: bool,
    zone: tzinfo,
    accept_zeros: bool,
) -> tuple[PushLine, ...]:
    """Decide what happens to each student's grade; `pushes` are those that Canvas took."""
    ours = last_scores(pushes)
    undos = {sid: Undone(p.old, p.run, attended) for sid, p in undone(pushes).items()}
    lines = tuple(
        decide_push(
            standing,
            standings.targets[standing.student_id],
            ours.get(standing.student_id),
            canvas.get(standing.student_id),
            _asked(overwrite_edits, canvas.get(standing.student_id)),
            undos.get(standing.student_id),
            zone,
            accept_zeros,
        )
        for standing in standings.by_student
    )
    if lines and all(line.kind == "not_gradable" for line in lines):
        raise CanvasFailure(
            f"Canvas lists none of the students for {standings.settings.name}: check there whom it "
            "is assigned to."
        )
    return lines


def _gradable(standings: Standings) -> CanvasAssignment:
    name, assignment = standings.settings.name, standings.canvas
    if assignment is None:
        raise NotFound(f"Canvas has no assignment named {name}: run `rudaux canvas push` first.")
    require("grade", assignment, open_for_some=True)
    return assignment


def _open_ones(
    ctx: Context, assignment: CanvasAssignment, lines: tuple[PushLine, ...]
) -> tuple[PushLine, ...]:
    """Leave students in a closed grading period alone; raise `RequestRefused` if nobody is left."""
    writes = {line.student_id for line in lines if line.writes}
    shut = closed_for(ctx, assignment, writes)
    if shut and shut == writes:
        require("grade", assignment)
    return tuple(
        replace(x, kind="not_gradable", why=CLOSED_FOR_THEM) if x.student_id in shut else x
        for x in lines
    )


def _asked(overwrite_edits: bool | Collection[str], row: CanvasSubmission | None) -> bool:
    if isinstance(overwrite_edits, bool) or row is None:
        return overwrite_edits is True
    if row.student_id not in overwrite_edits or not isinstance(overwrite_edits, Mapping):
        return row.student_id in overwrite_edits
    return same_score(overwrite_edits[row.student_id], row.entered)


_GRADED: frozenset[PushClass] = frozenset({"unchanged", "new", "changed"})


def _feedback(
    ctx: Context,
    assignment: str,
    since: datetime | None,
    lines: Sequence[PushLine],
    canvas: Mapping[str, CanvasSubmission],
) -> tuple[FeedbackLine, ...]:
    """Choose files not sent yet, going by the ledger and by the comments in Canvas.

    Only their names are kept: the files of a large course together would not fit into memory.
    """
    sent: dict[str, set[str]] = {}
    for one in ctx.ledger.feedback_records(assignment):
        if since is None or one.at >= since:
            sent.setdefault(one.student_id, set()).add(one.name)
    chosen = []
    for line in lines:
        if line.kind not in _GRADED:
            continue
        attached = {*canvas[line.student_id].attached, *sent.get(line.student_id, ())}
        names = [f.name for f in ctx.grader.feedback_files(assignment, line.student_id)]
        new = tuple(name for name in names if name not in attached)
        if new:
            again = any(name.startswith(f"{assignment}-{line.student_id}-") for name in attached)
            chosen.append(FeedbackLine(line.student_id, new, again))
    return tuple(chosen)


def apply(ctx: Context, plan: SubmitPlan) -> Iterator[Outcome]:
    """Write, read back, record; one outcome per grade and per comment.

    A grade that does not read back as written is a failure, and the next run tries it again; a
    student whose grade was not written gets no feedback either.
    """
    if plan.grades:
        gradebook.keep(ctx)  # what is pushed, marks by hand included, can be put back
        gradebook.remember_cells(ctx, plan.settings.name)
    _adopt(ctx, plan)
    behind = set()
    for written in write_grades(
        ctx, plan.settings.name, plan.assignment_id, plan.grades, plan.read_at
    ):
        if written.result != "done":
            behind.add(written.student_id)
        yield Outcome(plan.names[written.student_id], written.result, written.reason)
    shown = (x.student_id for x in plan.lines if x.writes or x.kind == "unchanged")
    remember_marks(ctx, plan.settings.name, (sid for sid in shown if sid not in behind))
    yield from _attach(ctx, plan, [x for x in plan.feedback if x.student_id not in behind])


def _adopt(ctx: Context, plan: SubmitPlan) -> None:
    """Record scores that Canvas has already, to recover from a lost ledger or a killed run."""
    at, name = ctx.now(), plan.settings.name
    cut_short = {s: p for s, p in plan.unconfirmed.items() if p.read_back is None}
    ctx.ledger.settle_pushes(replace(p, read_back=p.new, at=at) for p in cut_short.values())
    stale = [
        line
        for line in plan.lines
        if line.kind == "unchanged"
        and line.student_id not in cut_short
        and not same_score(plan.last.get(line.student_id), line.new)
    ]
    ctx.ledger.record_pushes(
        Push(name, x.student_id, x.old, x.new, x.old, at, adopted=True) for x in stale
    )


def _attach(ctx: Context, plan: SubmitPlan, lines: Sequence[FeedbackLine]) -> Iterator[Outcome]:
    if not lines:
        return
    name, by_student = plan.settings.name, {line.student_id: line for line in lines}
    unfit: dict[str, str] = {}
    comments = _comments(ctx, name, lines, unfit)
    for student, refusal in ctx.canvas.attach_all(plan.assignment_id, comments):
        if refusal is not None:
            unfit[student] = str(refusal)
            continue
        ctx.ledger.record_feedback(name, student, by_student[student].names)
        yield Outcome(plan.names[student], reason="feedback attached")
    for student, why in unfit.items():
        yield Outcome(plan.names[student], "failed", f"feedback not attached: {why}")


def _comments(
    ctx: Context, name: str, lines: Sequence[FeedbackLine], unfit: dict[str, str]
) -> Iterator[FeedbackComment]:
    """Read each student's files just before they are sent; `unfit` says why some are not."""
    for line in lines:
        student = line.student_id
        files = [f for f in ctx.grader.feedback_files(name, student) if f.name in line.names]
        if len(files) < len(line.names):
            unfit[student] = "the report has just changed; run this again to send it"
        elif not all(is_report_of(f.content, name, student) for f in files):
            unfit[student] = (
                "the report in their folder does not say that it is theirs; run "
                f"`rudaux submit {name}` to make it again"
            )
        else:
            text = f"Feedback on {name}."
            if line.again:
                text = f"New feedback on {name}: it replaces the earlier file."
            yield FeedbackComment(student, tuple(files), text)


def as_json(plan: SubmitPlan, outcomes: Sequence[Outcome] = ()) -> dict[str, Any]:
    """Return the document of `rudaux submit NAME --json`.

    `{"assignment", "canvas_id", "points", "counts", "lines", "alarms", "warnings", "feedback",
    "outcomes"}`: every class is in `counts`; a line is `{"student_id", "name", "class", "canvas",
    "now", "why"}`; scores are decimals as text ("8.5"), never with an exponent, null where there is
    none; `outcomes` says what was done, and is empty after a dry run.
    """
    return {
        "assignment": plan.settings.name,
        "canvas_id": plan.assignment_id,
        "points": fixed_point(plan.settings.points),
        "counts": {kind: plan.counts[kind] for kind in get_args(PushClass)},
        "lines": [
            {
                "student_id": line.student_id,
                "name": plan.names[line.student_id],
                "class": line.kind,
                "canvas": score_text(line.old),
                "now": score_text(line.new),
                "why": line.why,
            }
            for line in plan.lines
        ],
        "alarms": [{"kind": alarm.kind, "text": alarm.text} for alarm in plan.alarms],
        "warnings": [*([plan.shrunk] if plan.shrunk else []), *plan.warnings],
        "feedback": len(plan.feedback),
        "outcomes": [{"student": x.item, "result": x.result, "reason": x.reason} for x in outcomes],
    }
