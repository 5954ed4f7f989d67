"""When students see their grades: the assignments' post policy, and posting what is hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rudaux.config import AssignmentSettings, Config
from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.outcome import Outcome
from rudaux.errors import CanvasFailure
from rudaux.ports import Context
from rudaux.workflows.access import require, require_open, submissions
from rudaux.workflows.assignments import by_exact_name


@dataclass(frozen=True)
class PostPlan:
    """Students whose grade and comments are hidden now and would be shown, by id."""

    name: str
    assignment_id: int
    hidden: tuple[str, ...]
    names: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.hidden)


def plan(ctx: Context, settings: AssignmentSettings) -> PostPlan:
    """Find what is graded and hidden; raise `CanvasFailure` if Canvas lacks the assignment."""
    assignment = by_exact_name(ctx.canvas.assignments(), settings.name)
    if assignment is None:
        raise CanvasFailure(
            f"Canvas has no assignment named {settings.name}, so nothing can be posted: run "
            "`rudaux canvas push` first."
        )
    require_open(ctx)
    require("post", assignment)
    # Canvas lists the Test Student's submission as well.
    names = {s.id: s.name for s in ctx.canvas.students()}
    rows = submissions(ctx, assignment)
    hidden = tuple(s.student_id for s in rows if s.hidden and s.student_id in names)
    return PostPlan(settings.name, assignment.id, hidden, names)


def apply(ctx: Context, plan: PostPlan) -> Iterator[Outcome]:
    """Post what is graded, and check that students can see it; one outcome per student."""
    if not len(plan):
        return
    message = ctx.canvas.post_grades(plan.assignment_id)
    still = {s.student_id for s in ctx.canvas.submissions(plan.assignment_id) if s.hidden}
    for student in plan.hidden:
        if student in still:
            why = f" ({message})" if message else ""
            text = f"the grade is still hidden{why}: post it in Canvas's gradebook"
            yield Outcome(plan.names[student], "failed", text)
        else:
            yield Outcome(plan.names[student])


def seen_at_once(config: Config, assignment: CanvasAssignment) -> str:
    """Warn if a push would show what is meant to stay hidden; else return "".

    On such an assignment Canvas posts a grade as soon as it is entered, and any comment with it.
    """
    if config.canvas.posting != "manual" or assignment.post_manually:
        return ""
    return (
        'canvas.posting is "manual", but Canvas posts this assignment automatically: students see '
        "the grades and feedback at once; `rudaux canvas push` hides them until you post them"
    )
