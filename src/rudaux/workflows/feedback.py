"""Graded submissions -> HTML feedback in nbgrader's feedback folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from rudaux.domain.outcome import Outcome
from rudaux.domain.roster import Student
from rudaux.ports import Context
from rudaux.workflows.standings import Standings

EDITED = "an edited page was kept"


@dataclass(frozen=True)
class FeedbackPlan:
    """Whose feedback `apply` makes."""

    assignment: str
    students: tuple[Student, ...]

    def __len__(self) -> int:
        return len(self.students)


def plan(ctx: Context, standings: Standings) -> FeedbackPlan:
    """Choose every student whose submission is graded and does not wait for a person."""
    name = standings.settings.name
    submissions = ctx.gradebook.submissions(name)
    ready = {s.student_id for s in standings.by_student if s.state in {"graded", "pushed"}}
    chosen = tuple(s for s in standings.students if s.id in ready and s.id in submissions)
    return FeedbackPlan(name, chosen)


def apply(ctx: Context, plan: FeedbackPlan) -> Iterator[Outcome]:
    """Write the reports, one outcome per student; the same marks give the same files.

    If no report can be made of a notebook, everybody else's and the student's grade go on.
    """
    names = {student.id: student.name for student in plan.students}
    with closing(ctx.grader.feedback_of(plan.assignment, list(names))) as made:
        for student_id, why, edited in made:
            name = names[student_id]
            yield Outcome(name, "failed", why) if why else Outcome(name, reason=EDITED * edited)
