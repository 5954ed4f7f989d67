"""What `rudaux grade`, `submit` and `regrade` share: show a push, ask, and write it to Canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rudaux.cli.ask import Question
from rudaux.cli.describe.plans import Row
from rudaux.cli.describe.push import grade, push_counts, push_groups, push_rows
from rudaux.cli.links import assignment_links, student_links
from rudaux.domain.alarms import ABOUT_ZEROS
from rudaux.domain.grades import NOT_GRADED
from rudaux.domain.messages import counted, listed
from rudaux.domain.outcome import Outcome
from rudaux.errors import NeedsPersonError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from decimal import Decimal

    from rudaux.cli.view import View
    from rudaux.domain.alarms import Alarm
    from rudaux.domain.grades import PushClass, PushLine
    from rudaux.ports import Context
    from rudaux.workflows.standings import Standings
    from rudaux.workflows.submit import SubmitPlan

_KEEP, _OURS, _EACH = "keep what Canvas has", "write ours over them", "decide one by one"
_SETTLED: frozenset[PushClass] = frozenset({"unchanged", "excused", "not_due"})
_LIST, _STOP = "show every student first", "push nothing"


@dataclass(frozen=True)
class Pushing:
    """What the person who started it said about the push."""

    overwrite_edits: bool = False
    accept_zeros: bool = False
    accept_alarms: bool = False
    feedback: bool = True
    full: bool = False
    dry_run: bool = False
    as_json: bool = False
    told: frozenset[str] | None = None
    """Why submissions have no result, where the run has said so already, and who is missing."""


def lead_to_canvas(ctx: Context, view: View, standings: Standings) -> None:
    """Make links of the names of the assignment and its students, and of "formgrader"."""
    from rudaux.workflows.lists import formgrader_address

    there = standings.canvas.id if standings.canvas else None
    view.link(student_links(ctx.config, there, standings.students))
    view.link(assignment_links(ctx.config, {standings.settings.name: there}))
    view.link({"formgrader": formgrader_address(ctx.config)})


def make_feedback(ctx: Context, view: View, standings: Standings) -> list[Outcome]:
    """Write the HTML feedback of every graded submission; return who gets none."""
    from rudaux.workflows import feedback

    plan = feedback.plan(ctx, standings)
    if not len(plan):
        return []
    done = view.follow("  Feedback", feedback.apply(ctx, plan), len(plan))
    left = [outcome for outcome in done if not outcome.ok]
    view.troubles(left)
    if edited := [outcome.item for outcome in done if outcome.reason == feedback.EDITED]:
        view.notice(f"  Edited feedback is kept in .rudaux/kept/feedback: {listed(edited)}")
    return left


def push_grades(ctx: Context, view: View, standings: Standings, pushing: Pushing) -> list[Outcome]:
    """Show what a push would write, ask, write it, and list what did not take.

    Raises `NeedsPersonError` where it looks wrong and nobody is there to ask.
    """
    from rudaux.workflows import submit as workflow
    from rudaux.workflows.clock import require_clock

    how = (pushing.feedback, view.attended, pushing.accept_zeros)
    plan = workflow.plan(ctx, standings, pushing.overwrite_edits, *how)
    if not pushing.dry_run and not view.attended:
        require_clock(ctx)
    outcomes: list[Outcome] = []
    _show(view, plan, pushing)
    try:
        if not pushing.dry_run and not pushing.overwrite_edits:
            chosen = _choose_edits(view, plan)
            if chosen:
                plan = workflow.plan(ctx, standings, chosen, *how)
                view.line(f"  {push_counts(plan)}")
                again = [x for x in plan.lines if x.kind == "conflict" and x.student_id in chosen]
                for line in again:
                    kept = f"somebody has just edited it again, to {grade(line.old)}, so it is kept"
                    view.notice(f"  {plan.names[line.student_id]}: {kept}")
        if not pushing.dry_run and _agreed(view, plan, pushing):
            outcomes = _write(ctx, view, plan)
            asked = (line for line in plan.lines if line.asks)
            outcomes += [Outcome(plan.names[x.student_id], "held", x.why) for x in asked]
    except NeedsPersonError:
        if pushing.as_json:
            view.json(workflow.as_json(plan))
        raise
    if pushing.as_json:
        view.json(workflow.as_json(plan, outcomes))
    return outcomes


def _show(view: View, plan: SubmitPlan, pushing: Pushing) -> None:
    if pushing.as_json:
        return
    view.line(f"  {push_counts(plan)}")
    _list(view, plan, pushing.full, pushing.told)
    asked = () if pushing.dry_run else _unaccepted(plan, pushing)
    texts = [*plan.warnings, *(a.text for a in plan.alarms if a not in asked)]
    if not len(plan):  # what stands in Canvas already may have been given other points there
        texts = [alarm.text for alarm in plan.alarms if alarm.kind == "points"]
    shrunk = [plan.shrunk] if plan.shrunk else []
    if shrunk or texts:
        view.rows([Row("", "!", text) for text in (*shrunk, *texts)])
    if not len(plan) and not plan.counts["conflict"] and not pushing.dry_run:
        settled = all(line.kind in _SETTLED for line in plan.lines)
        view.line(
            "  Canvas is up to date: nothing to push." if settled else "  There is nothing to push."
        )


def _list(view: View, plan: SubmitPlan, full: bool, told: Collection[str] | None = None) -> None:
    rows, notes = push_rows(plan, full)
    groups = [] if full else push_groups(plan, told)
    if groups:
        view.line()
        view.summary(groups, result=True)
    if rows:
        view.line()
        view.table(("student", "Canvas", "now", "why"), rows, indent=2)
    for note in notes:
        view.line(f"  {note}")


def _choose_edits(view: View, plan: SubmitPlan) -> dict[str, Decimal | None]:
    """Ask whose grades, of those edited in Canvas, are to be replaced; unattended nobody's.

    Return the grades that were shown and may be replaced, by student.
    """
    edited = [line for line in plan.lines if line.kind == "conflict"]
    if not edited or not view.attended:
        return {}
    how = _EACH
    if len(edited) > 1:
        text = f"{len(edited)} grades were edited in Canvas:"
        how = view.choose(text, (_KEEP, _OURS, _EACH), _KEEP)
    if how == _EACH:
        edited = [line for line in edited if _replaced(view, plan, line)]
    return {} if how == _KEEP else {line.student_id: line.old for line in edited}


def _replaced(view: View, plan: SubmitPlan, line: PushLine) -> bool:
    keep, ours = f"keep Canvas's {grade(line.old)}", f"write our {grade(line.new)}"
    return view.choose(f"{plan.names[line.student_id]}:", (keep, ours), keep) == ours


def _agreed(view: View, plan: SubmitPlan, pushing: Pushing) -> bool:
    """Ask about everything that looks wrong, then about the push itself."""
    alarms = _unaccepted(plan, pushing)
    one_by_one, at_once = [(alarm,) for alarm in alarms], [alarms] if alarms else []
    for told in one_by_one if view.attended else at_once:
        if not view.ask(_about(plan, told)):
            break
    else:
        if not len(plan) or _go_on(view, plan):
            return True
    view.notice("  Nothing was pushed.")
    return False


def _unaccepted(plan: SubmitPlan, pushing: Pushing) -> tuple[Alarm, ...]:
    return plan.unaccepted(pushing.accept_zeros, pushing.accept_alarms)


def _about(plan: SubmitPlan, alarms: Sequence[Alarm]) -> Question:
    only_zeros = all(alarm.kind in ABOUT_ZEROS for alarm in alarms)
    text = f"{plan.settings.name}: {'; '.join(a.text for a in alarms)}. Push anyway?"
    flag = "--accept-zeros" if only_zeros else "--accept-alarms"
    return Question(text, "refuse", flag, default=False)


def _go_on(view: View, plan: SubmitPlan) -> bool:
    parts = [counted(len(plan.grades), "grade")] if plan.grades else []
    parts += [counted(len(plan.feedback), "feedback comment")] if plan.feedback else []
    what = " and ".join(parts)
    if not view.attended:
        return view.ask(Question(f"Push {what} to Canvas?", "yes"))
    go = f"push {what} to Canvas"
    answer = view.choose("What now?", (go, _LIST, _STOP), go)
    if answer == _LIST:
        _list(view, plan, full=True)
        return _go_on(view, plan)
    return answer == go


def _write(ctx: Context, view: View, plan: SubmitPlan) -> list[Outcome]:
    from rudaux.workflows import submit as workflow

    if not len(plan):
        return list(workflow.apply(ctx, plan))
    outcomes = view.follow("  Submit", workflow.apply(ctx, plan), len(plan))
    view.troubles(outcomes)
    return outcomes


def go_on(standings: Standings) -> str:
    """Return which commands list who is left after a push, and try again.

    A push grades nobody: who could not be collected or graded needs `rudaux grade`.
    """
    name = standings.settings.name
    ungraded = any(s.overdue or s.state in {"failed", "collected"} for s in standings.by_student)
    again = f"rudaux {'grade' if ungraded else 'submit'} {name}"
    return f"`rudaux status {name}` lists them all; `{again}` tries again."


def open_ends(standings: Standings, hand_marking: bool = False) -> list[Outcome]:
    """Return who waits for a person, and why; `hand_marking` is planned, and no surprise."""
    names = {s.id: s.name for s in standings.students}
    left = []
    for standing in standings.by_student:
        name = names[standing.student_id]
        waits = standing.state == "needs_manual" and not hand_marking
        if standing.state == "failed":
            left.append(Outcome(name, "failed", standing.reason))
        elif standing.state == "collected":
            left.append(Outcome(name, "held", NOT_GRADED))
        elif waits or standing.overdue:
            left.append(Outcome(name, "held", standing.reason))
    return left
