"""One run of `rudaux grade`, over one or more assignments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from rudaux.cli.describe.deadlines import late_lines
from rudaux.cli.describe.plans import sync_rows
from rudaux.cli.describe.push import heading, not_yet
from rudaux.cli.describe.words import UNGRADED
from rudaux.cli.init import may_sync, take_roster
from rudaux.cli.pushing import Pushing, lead_to_canvas, make_feedback, open_ends, push_grades
from rudaux.cli.report import report_before_push
from rudaux.cli.returning import Returning
from rudaux.cli.session import tell_uncopied
from rudaux.cli.steadiness import clear_logs, trust_clock
from rudaux.cli.summary import finish, graded_summary
from rudaux.cli.unattended import Facts
from rudaux.domain.messages import counted
from rudaux.errors import (
    NeedsPersonError,
    NotFound,
    PermissionRefused,
    RequestRefused,
    RudauxError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rudaux.cli.view import View
    from rudaux.config import AssignmentSettings
    from rudaux.domain.collection import Lookup
    from rudaux.domain.extensions import Change
    from rudaux.domain.outcome import Outcome
    from rudaux.ports import Context
    from rudaux.workflows.standings import Standings
    from rudaux.workflows.sync import SyncPlan

STOPS_ONE = (NeedsPersonError, NotFound, PermissionRefused, RequestRefused)
"""What stops the push of one assignment; a Canvas that is down, or a bad token, stops the run."""


def make_sure(ctx: Context, view: View, manual: bool, dry_run: bool) -> None:
    """Say when a run that nobody watches began, and stop here if it could not do its work."""
    from rudaux.workflows.access import require_open

    if not view.attended:
        now = ctx.now().astimezone(ctx.config.course.timezone)
        view.notice(f"{now:%a %-d %b %Y %H:%M %Z} · rudaux grade")
    if not manual:
        require_open(ctx)
    trust_clock(ctx, view)
    if not view.attended:
        clear_logs(ctx, view, dry_run)
    if not dry_run:
        ctx.executor.check()
        for notice in ctx.executor.notices:
            view.notice(notice)
        tell_uncopied(ctx, view)


def sync_first(ctx: Context, view: View, accept_roster: bool, dry_run: bool) -> SyncPlan | None:
    """Bring roster and assignments up to date; return None if a person refuses the roster."""
    from rudaux.workflows import sync

    plan = sync.plan(ctx)
    if len(plan) or plan.roster.shrunk:
        view.rows(sync_rows(plan))
    if dry_run:
        return plan
    if not may_sync(view, plan.roster, accept_roster):
        return None
    if len(plan):
        view.follow("Roster", sync.apply(ctx, plan), len(plan))
    else:
        take_roster(ctx, view, plan)
    return plan


@dataclass(frozen=True)
class Again:
    """Whose work a person wants graded again; nobody named: whatever is open."""

    students: list[str] | None = None
    only: Literal["failed", "held"] | None = None
    accept_doubts: bool = False

    def chosen(self, ctx: Context, standings: Standings) -> frozenset[str] | None:
        """Return their ids, None for whatever is open; raises `UsageError` for an unknown one."""
        from rudaux.workflows.students import the_student

        known = {s.id for s in standings.students}
        wanted = set()
        for given in self.students or ():
            wanted.add(the_student(standings.students, given).id)
        if self.only is None:
            return frozenset(wanted) if wanted else None
        records = ctx.ledger.records(standings.settings.name)
        found = {sid for sid, record in records.items() if record.kind == self.only}
        return frozenset(found & (wanted or known))


@dataclass
class Job:
    """One run over one or more assignments; what stops one does not stop the others."""

    ctx: Context
    view: View
    manual: bool
    again: Again
    pushing: Pushing
    dry_run: bool
    facts: Facts = field(default_factory=Facts)
    extensions: tuple[Change, ...] = ()
    outcomes: list[Outcome] = field(default_factory=list)
    left: list[Outcome] = field(default_factory=list)
    stopped: list[RudauxError] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @cached_property
    def returning(self) -> Returning:
        """What goes back to homes in this run."""
        return Returning(self.ctx, self.view, self.dry_run)

    def run_all(self, wanted: Sequence[AssignmentSettings] | None) -> None:
        """Grade what is wanted, or else all that is due until none of it is left unfinished."""
        from rudaux.workflows.grade import unfinished

        done: set[str] = set()
        # A deadline may pass while another assignment is graded: look again.
        while settings := (wanted or unfinished(self.ctx, done)):
            done |= {a.name for a in settings}
            for assignment in settings:
                self.run(assignment)
            if wanted or self.dry_run:
                break
        if not done:
            self.view.notice("There is nothing to grade: whatever is due is finished.")
        if not wanted:
            self.outcomes += self.returning.rest()

    def run(self, settings: AssignmentSettings) -> None:
        """Grade one assignment as far as it goes without a person."""
        from rudaux.workflows import autograde
        from rudaux.workflows.standings import read_standings, reread

        self.names.append(settings.name)
        standings = read_standings(self.ctx, settings)
        lead_to_canvas(self.ctx, self.view, standings)
        self.view.line(f"{heading(standings, self.ctx.config.course.timezone)}\n", "bold")
        chosen = self.again.chosen(self.ctx, standings)
        early = [s.state == "not_due" and not s.due for s in standings.by_student]
        if chosen is None and early and all(early):
            self.view.line(f"  {not_yet(standings, self.ctx.config.course.timezone)}")
            self._note(standings, standings)
            return
        if self.dry_run:
            self._preview(standings, chosen)
            return
        before = standings
        with autograde.preparing(self.ctx, settings.name):
            standings = self._collect_and_autograde(standings, chosen)
        if self.manual or settings.manual:
            self.view.notice(f"\n  Next: {_by_hand(standings)}`rudaux submit {settings.name}`.")
            self.left += open_ends(standings, hand_marking=True)
            self._note(before, standings)
            return
        self.view.notice("")
        self.outcomes += make_feedback(self.ctx, self.view, standings)
        report_before_push(self.ctx, self.view, standings)
        try:
            told = frozenset(o.reason for o in open_ends(standings))
            pushing = replace(self.pushing, told=told)
            self.outcomes += push_grades(self.ctx, self.view, standings, pushing)
        except STOPS_ONE as error:
            self.stopped.append(error)
            self._note(before, standings, str(error))
        after = reread(self.ctx, standings)
        self.outcomes += self.returning.run(after)
        self.left += open_ends(after)
        if settings.name not in {d.assignment for d in self.facts.digests}:
            self._note(before, after)

    def _note(self, before: Standings, after: Standings, stopped: str = "") -> None:
        """Take note of what is to be told of an assignment, where nobody watches."""
        from rudaux.workflows.digest import digest

        if not self.view.watched:
            self.facts.digests.append(digest(self.ctx, before, after, stopped))

    def finish(self) -> None:
        """End with what a person must look at."""
        self.facts.through = not self.dry_run
        if self.stopped:
            asked = [e for e in self.stopped if isinstance(e, NeedsPersonError)]
            raise type([*asked, *self.stopped][0])("\n".join(str(e) for e in self.stopped))
        name = self.names[0] if len(self.names) == 1 else "NAME"
        again = f"`rudaux status {name}` lists them all; fix that, and run the same command again."
        finish(self.outcomes, again, self.left)

    def _collect_and_autograde(
        self, standings: Standings, chosen: frozenset[str] | None
    ) -> Standings:
        """Return where everybody stands now, once that is summed up."""
        from rudaux.workflows import autograde, collect
        from rudaux.workflows.standings import reread

        ctx, view = self.ctx, self.view
        collecting = collect.plan(ctx, standings, chosen)
        source = _from(collecting.snapshots)
        view.follow("  Collect", collect.apply(ctx, collecting), len(collecting), source)
        self._tell_late_edits(standings, {line.student.id for line in collecting.lines})
        doubts = self.again.accept_doubts
        grading = autograde.plan(ctx, reread(ctx, standings), chosen, doubts)
        steps, by_hand = autograde.apply(ctx, grading), self.manual or standings.settings.manual
        where = ctx.executor.where
        outcomes = view.follow("  Autograde", steps, len(grading), where, UNGRADED)
        after = reread(ctx, standings)
        told = {(o.item, o.reason) for o in outcomes}
        others = [x for x in open_ends(after, by_hand) if (x.item, x.reason) not in told]
        missing = sum(s.state == "missing" and not s.asks for s in after.by_student)
        view.notice("")
        view.summary(graded_summary([*outcomes, *others], by_hand, missing))
        return after

    def _tell_late_edits(self, standings: Standings, looked_at: set[str]) -> None:
        edits = self.ctx.ledger.late_edits(standings.settings.name)
        new = {sid: found for sid, found in edits.items() if sid in looked_at}
        held = self.ctx.config.grading.late_edits == "hold"
        fate = ", and held for you" if held else ", and taken as they are"
        for line in late_lines(new, standings.students, fate):
            self.view.notice(f"  {line}")

    def _preview(self, standings: Standings, chosen: frozenset[str] | None) -> None:
        from rudaux.workflows import autograde, collect
        from rudaux.workflows.standings import reread

        changes = (c for c in self.extensions if c.assignment == standings.settings.name)
        deadlines = standings.deadlines.after(changes)
        standings = reread(self.ctx, replace(standings, deadlines=deadlines))
        collecting = collect.plan(self.ctx, standings, chosen)
        for line in collecting.lines:
            self.view.line(f"  {line.student.name}: {_found(line.found)}")
        grading = autograde.plan(self.ctx, standings, chosen)
        self.view.line(f"\n  {len(collecting)} to collect, {len(grading)} collected and to grade")
        if not (self.manual or standings.settings.manual):
            self.returning.run(standings)


def _by_hand(standings: Standings) -> str:
    """Return how many submissions a person has yet to mark, if any, before the next command."""
    waiting = sum(s.state == "needs_manual" for s in standings.by_student)
    if not waiting:
        return "no submission waits for marks by hand, so run "
    what = counted(waiting, "submission")
    return f"mark {what} by hand in formgrader, then run "


def _found(found: Lookup) -> str:
    return getattr(found, "reason", "") or f"to be collected from {getattr(found, 'folder', '')}"


def _from(snapshots: tuple[str, ...]) -> str:
    if not snapshots:
        return ""
    more = f" and {len(snapshots) - 1} more" if len(snapshots) > 1 else ""
    return f"from snapshot {snapshots[0]}{more}"
