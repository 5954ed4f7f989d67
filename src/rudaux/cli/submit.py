"""`rudaux submit`: feedback and grades to Canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rudaux.cli.ask import Question
from rudaux.cli.describe import Row, count, push_counts, push_rows
from rudaux.cli.options import (
    AcceptZeros,
    DryRun,
    Folder,
    Name,
    NoFeedback,
    NoPrompt,
    OverwriteEdits,
)
from rudaux.cli.report import finish
from rudaux.cli.session import writing
from rudaux.cli.view import View
from rudaux.domain.outcome import Outcome

if TYPE_CHECKING:
    from rudaux.ports import Context
    from rudaux.workflows.standings import Standings


def submit(
    name: Name,
    no_feedback: NoFeedback = False,
    overwrite_edits: OverwriteEdits = False,
    accept_zeros: AcceptZeros = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Feedback and grades to Canvas, after manual grading."""
    from rudaux.config import find_assignment
    from rudaux.workflows.standings import read_standings, reread

    with writing(folder, no_prompt, f"submit {name}", dry_run) as (ctx, view):
        settings = find_assignment(ctx.config, name)
        ctx.gradebook.check()
        standings = read_standings(ctx, settings)
        if not dry_run and not no_feedback:
            make_feedback(ctx, view, standings)
        outcomes = push_grades(
            ctx, view, standings, overwrite_edits, accept_zeros, not no_feedback, dry_run
        )
        if not dry_run:
            again = f"`rudaux submit {name}` goes on with them."
            finish([*open_ends(reread(ctx, standings)), *outcomes], f"see above; {again}")


def make_feedback(ctx: Context, view: View, standings: Standings) -> None:
    """Write the HTML feedback of every graded submission."""
    from rudaux.workflows import feedback

    plan = feedback.plan(ctx, standings)
    if len(plan):
        view.follow("  Feedback", feedback.apply(ctx, plan), len(plan))


def push_grades(
    ctx: Context,
    view: View,
    standings: Standings,
    overwrite_edits: bool = False,
    accept_zeros: bool = False,
    feedback: bool = True,
    dry_run: bool = False,
) -> list[Outcome]:
    """Show what a push would write, ask, write it, and list what did not take."""
    from rudaux.workflows import submit as workflow

    plan = workflow.plan(ctx, standings, overwrite_edits, feedback, view.attended)
    view.line(f"  {push_counts(plan)}")
    special = push_rows(plan)
    if special:
        view.table(("  student", "Canvas", "now", "why"), [(f"  {a}", *b) for a, *b in special])
    if plan.warning and len(plan):
        view.rows([Row("", "!", plan.warning)])
    if dry_run:
        return []
    if plan.alarm and len(plan) and not accept_zeros:
        text = f"{plan.settings.name}: {plan.alarm}. Push nevertheless?"
        if not view.ask(Question(text, "refuse", "--accept-zeros", default=False)):
            view.notice("  Nothing was pushed.")
            return []
    if not len(plan):
        view.line("  Canvas is up to date.")
        return list(workflow.apply(ctx, plan))
    grades = sum(line.writes for line in plan.lines)
    parts = [count(grades, "grade")] if grades else []
    parts += [count(len(plan.feedback), "feedback comment")] if plan.feedback else []
    text = f"Push {' and '.join(parts)} to Canvas?"
    if not view.ask(Question(text, "yes")):
        view.notice("  Nothing was pushed.")
        return []
    outcomes = view.follow("  Submit", workflow.apply(ctx, plan), len(plan))
    view.troubles(outcomes)
    return outcomes


def open_ends(standings: Standings, hand_marking: bool = False) -> list[Outcome]:
    """Give who waits for a person, and why; `hand_marking` is no surprise where it is planned."""
    names = {s.id: s.name for s in standings.students}
    left = []
    for standing in standings.by_student:
        name = names[standing.student_id]
        waits = standing.state == "needs_manual" and not hand_marking
        if standing.state == "failed":
            left.append(Outcome(name, "failed", standing.reason))
        elif waits or (standing.state == "not_due" and standing.due):
            left.append(Outcome(name, "held", standing.reason))
    return left
