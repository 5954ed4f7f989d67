"""`rudaux init`: set up or update the course."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rudaux.cli.ask import Question
from rudaux.cli.describe.deadlines import override_rows, undated_rows
from rudaux.cli.describe.plans import Row, edit_text, init_rows, moved_texts
from rudaux.cli.options import AcceptRoster, DryRun, Folder, NoCheck, NoPrompt, Overwrite
from rudaux.cli.session import open_context, writing
from rudaux.cli.summary import finish
from rudaux.cli.view import View
from rudaux.domain.messages import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rudaux.domain.roster import RosterChange, Student
    from rudaux.ports import Context
    from rudaux.workflows.assignments import AssignmentsPlan
    from rudaux.workflows.init import InitPlan
    from rudaux.workflows.release import ReleasePlan
    from rudaux.workflows.sync import SyncPlan


def init(
    overwrite: Overwrite = False,
    accept_roster: AcceptRoster = False,
    no_check: NoCheck = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Set up or update the course; run it as often as you like."""
    from rudaux.workflows import assignments, overrides, release
    from rudaux.workflows import init as workflow

    with writing(folder, no_prompt, "init", dry_run) as (ctx, view):
        ctx = up_to_date(ctx, view, dry_run)
        if not may_replace_leftover(ctx, view, overwrite):
            return
        if view.attended:
            view.notice("Comparing the course with Canvas and both repositories ...")
        with release.workspace(ctx) as clone:
            plan = workflow.plan(ctx, clone)
            if not dry_run and may_move(ctx, view, plan.assignments):
                plan = workflow.plan(ctx, clone, replace_dates=True)
            plan = replace(plan, release=may_undo(ctx, view, plan.release, dry_run))
            _show(ctx, view, plan)
            if dry_run or not may_sync(view, plan.sync.roster, accept_roster):
                return
            if not len(plan):
                list(overrides.apply(ctx, plan.overrides))  # what is known of who joined
                list(assignments.apply(ctx, plan.assignments))  # which dates are rudaux's
                take_roster(ctx, view, plan.sync)
                finish([*release.apply(ctx, plan.release)], undecided(view, "init"))
                return
            may = no_check or may_release(ctx, view, plan.release)
            if not may or not view.ask(Question(f"Apply {counted(len(plan), 'change')}?", "yes")):
                view.notice("Nothing was changed.")
                return
            outcomes = view.follow("Apply", workflow.apply(ctx, plan), len(plan))
        view.troubles(outcomes)
        again = undecided(view, "init") if plan.release.held else "`rudaux init` tries again."
        finish(outcomes, again)
        view.notice("Done. `rudaux status` shows where everything stands.")


def _show(ctx: Context, view: View, plan: InitPlan) -> None:
    config = ctx.config
    host = config.canvas.url.partition("://")[2]
    view.line(
        f"{plan.course.name} · {host}/courses/{plan.course.id} · "
        f"{len(plan.sync.students)} students · due dates in {config.course.timezone.key}\n"
    )
    rows = init_rows(plan, config, ctx.crontab.timezone())
    if plan.zone:
        rows.append(Row("Time zone", "!", f"{plan.zone.text}; {plan.zone.remedy}"))
    view.rows([*rows, *override_rows(plan.overrides, config), *undated_rows(plan.overrides)])
    left = plan.sync.roster.shrunk or plan.release.held or plan.assignments.moved
    if not len(plan) and not left:
        view.line("Everything is up to date: nothing to change.")


def may_move(ctx: Context, view: View, plan: AssignmentsPlan) -> bool:
    """Ask whether to write over dates that a person set in Canvas; unattended they stay."""
    told = [text for line in plan.moved for text in moved_texts(line, ctx.config)]
    if not told or not view.attended:
        return False
    text = f"{listed(told)}. Write what rudaux.toml says to Canvas?"
    return view.ask(Question(text, "no", default=False))


def undecided(view: View, command: str) -> str:
    """Return what to do about a release that is held for what a person changed."""
    if view.attended:
        return f"`rudaux {command}` asks again."
    return f"`rudaux {command}` on a terminal asks what to do."


def may_undo(ctx: Context, view: View, plan: ReleasePlan, dry_run: bool) -> ReleasePlan:
    """Ask whether a release may undo what persons committed; unattended it does not."""
    edits = [edit for line in plan.held for edit in line.edited]
    if not edits or dry_run or not view.attended:
        return plan
    told = listed([edit_text(edit, ctx.config) for edit in edits], 10)
    text = f"{told}. Put the released version in its place (git's history keeps the other one)?"
    return replace(plan, replace_edits=view.ask(Question(text, "no", default=False)))


def may_release(ctx: Context, view: View, plan: ReleasePlan) -> bool:
    """Rehearse what goes out for the first time, show what was found, and ask."""
    from rudaux.domain.checks import Check
    from rudaux.domain.soundness import fails_itself, summary
    from rudaux.errors import ExecutorFailure
    from rudaux.workflows.check import recall, rehearse, unchecked
    from rudaux.workflows.release import first_releases

    for name in first_releases(plan):
        try:
            known = recall(ctx, name)
            if not known:
                view.notice(f"Checking {name} before its first release ...")
            found = (known or rehearse(ctx, name)).checks
        except ExecutorFailure as error:
            view.checks([unchecked(name, error)])
            continue
        amiss = [c for c in found if c.result != "ok"]
        view.checks(amiss or [Check("sound", "ok", summary(found), system=name)])
        if amiss and not view.ask(_anyway(name, fails_itself(found))):
            return False
    return True


def _anyway(name: str, fails: bool) -> Question:
    if fails:
        text = f"The solution of {name} fails its own tests. Release it anyway?"
        return Question(text, "refuse", "--no-check", default=False)
    return Question(f"Something about {name} needs a look. Release it anyway?", "yes")


def up_to_date(ctx: Context, view: View, dry_run: bool = False) -> Context:
    """Check that the checkout is usable and clean, pull it, and read the configuration again."""
    from rudaux.errors import NeedsPersonError
    from rudaux.workflows import repository
    from rudaux.workflows.gradebook import require_whole

    dirty, work = repository.split(repository.ready(ctx).dirty)
    if work:
        view.notice(
            f"git does not ignore students' work and grades ({listed(work, 5)}): add "
            f"{' '.join(repository.WORK)} to {ctx.config.folder / '.gitignore'}, a line each. "
            "Leave what is committed already: taken out of git, it goes from every other checkout."
        )
    if dirty:
        text = f"The instructor repository has uncommitted changes ({listed(dirty, 5)})."
        if dry_run:
            view.notice(text)
        elif not view.ask(Question(f"{text} Go on anyway?", "yes")):
            raise NeedsPersonError("nothing was changed: commit or undo your changes first.")
    if dry_run:
        return ctx
    pulled = ctx.git.pull(ctx.config.folder)  # the configuration may be new, too
    if pulled:
        view.notice(f"Pulled the instructor repository: {pulled}.")
    now = open_context(ctx.config.folder, view)
    require_whole(now)  # what was pulled may name another gradebook
    return now


def may_replace_leftover(ctx: Context, view: View, overwrite: bool) -> bool:
    """Ask about a temporary folder of an earlier run; it is set aside, never deleted."""
    from rudaux.workflows import release

    left = release.leftover(ctx)
    if left is None or overwrite or not ctx.config.git.push:
        return True
    text = f"An earlier run left {left} behind. Move it to .rudaux/kept and go on?"
    return view.ask(Question(text, "yes"))


def may_sync(view: View, roster: RosterChange, accept_roster: bool) -> bool:
    """Ask before a roster is believed that lost many students, even where none would be removed."""
    if not roster.shrunk or accept_roster:
        return True
    text = f"{roster.shrunk}. Is that right?"
    if view.ask(Question(text, "refuse", "--accept-roster", default=False)):
        return True
    view.notice("Nothing was changed.")
    return False


def may_take_roster(
    ctx: Context, view: View, students: Sequence[Student], accept_roster: bool
) -> bool:
    """Ask as `may_sync` does, for a command that leaves the gradebook alone; remember a yes."""
    from rudaux.workflows import sync

    roster = sync.compare(ctx, students)
    if not may_sync(view, roster, accept_roster):
        return False
    if roster.shrunk:
        sync.accept(ctx, students, roster)
    return True


def take_roster(ctx: Context, view: View, plan: SyncPlan) -> None:
    """Remember that a roster without a change to the gradebook is right, if that was asked."""
    from rudaux.workflows import sync

    if plan.roster.shrunk:
        sync.accept(ctx, plan.students, plan.roster)
        view.notice("The roster was accepted as it is: nothing else to change.")
