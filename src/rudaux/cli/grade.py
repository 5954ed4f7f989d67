"""`rudaux grade`: collect, autograde, feedback, submit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rudaux.cli.describe import sync_rows
from rudaux.cli.init import may_sync
from rudaux.cli.options import (
    AcceptRoster,
    AcceptZeros,
    DryRun,
    Folder,
    Manual,
    NoPrompt,
    OptionalName,
    OverwriteEdits,
)
from rudaux.cli.report import finish
from rudaux.cli.session import writing
from rudaux.cli.submit import make_feedback, open_ends, push_grades
from rudaux.cli.view import View
from rudaux.errors import NeedsPersonError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rudaux.config import AssignmentSettings
    from rudaux.domain.outcome import Outcome
    from rudaux.ports import Context

Students = Annotated[
    list[str] | None,
    typer.Option("--student", metavar="ID", help="Grade this student's submission again."),
]


def grade(
    name: OptionalName = None,
    manual: Manual = False,
    student: Students = None,
    overwrite_edits: OverwriteEdits = False,
    accept_zeros: AcceptZeros = False,
    accept_roster: AcceptRoster = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Collect, autograde, feedback, submit. Without NAME and with --auto: all that is due."""
    from rudaux.config import find_assignment
    from rudaux.workflows.grade import unfinished

    with writing(folder, no_prompt, f"grade {name or ''}".strip(), dry_run) as (ctx, view):
        if name is None and view.attended:
            raise UsageError("name the assignment to grade, or use --auto for all that is due.")
        wanted = [find_assignment(ctx.config, name)] if name else None
        if not _sync(ctx, view, accept_roster, dry_run):
            return
        job = _Job(ctx, view, manual, student, overwrite_edits, accept_zeros, dry_run)
        done: set[str] = set()
        # A deadline may pass while another assignment is graded: look again until none is left.
        while settings := (wanted or unfinished(ctx, done)):
            done |= {a.name for a in settings}
            for assignment in settings:
                job.run(assignment)
            if wanted or dry_run:
                break
        if not done:
            view.notice("Nothing is due that is not finished.")
        job.finish()


def _sync(ctx: Context, view: View, accept_roster: bool, dry_run: bool) -> bool:
    from rudaux.workflows import sync

    plan = sync.plan(ctx)
    if len(plan) or plan.roster.shrunk:
        view.rows(sync_rows(plan))
    if dry_run:
        return True
    if not may_sync(view, plan, accept_roster):
        return False
    if len(plan):
        view.follow("Roster", sync.apply(ctx, plan), len(plan))
    return True


class _Job:
    """One run over one or more assignments; a question about one does not stop the others."""

    def __init__(
        self,
        ctx: Context,
        view: View,
        manual: bool,
        students: list[str] | None,
        overwrite_edits: bool,
        accept_zeros: bool,
        dry_run: bool,
    ) -> None:
        self.ctx, self.view, self.manual, self.students = ctx, view, manual, students
        self.overwrite_edits, self.accept_zeros = overwrite_edits, accept_zeros
        self.dry_run = dry_run
        self.outcomes: list[Outcome] = []
        self.unanswered: list[NeedsPersonError] = []

    def run(self, settings: AssignmentSettings) -> None:
        """Grade one assignment as far as it goes without a person."""
        self.view.line(settings.name, "bold")
        if self.dry_run:
            self._preview(settings)
            return
        self._collect_and_autograde(settings)
        if self.manual or settings.manual:
            self.view.notice(
                f"  Autograded. Mark {settings.name} by hand in nbgrader's formgrader, then run "
                f"`rudaux submit {settings.name}`."
            )
            self._tell(open_ends(self.ctx, settings, hand_marking=True))
            return
        make_feedback(self.ctx, self.view, settings)
        try:
            pushed = push_grades(
                self.ctx, self.view, settings, self.overwrite_edits, self.accept_zeros
            )
        except NeedsPersonError as error:
            self.unanswered.append(error)
            pushed = []
        self._tell([*open_ends(self.ctx, settings), *(o for o in pushed if not o.ok)])

    def finish(self) -> None:
        """End with what a person must look at."""
        if self.unanswered:
            raise NeedsPersonError("\n".join(str(e) for e in self.unanswered))
        finish(self.outcomes, "see above; `rudaux status NAME` lists them, running again goes on.")

    def _collect_and_autograde(self, settings: AssignmentSettings) -> None:
        from rudaux.workflows import autograde, collect
        from rudaux.workflows.standings import read_standings

        ctx, view = self.ctx, self.view
        collecting = collect.plan(ctx, read_standings(ctx, settings), self.students)
        label = f"  Collect{_from(collecting.snapshots)}"
        view.follow(label, collect.apply(ctx, collecting), len(collecting))
        grading = autograde.plan(ctx, read_standings(ctx, settings), self.students)
        view.follow("  Autograde", autograde.apply(ctx, grading), len(grading))

    def _preview(self, settings: AssignmentSettings) -> None:
        from rudaux.workflows import autograde, collect
        from rudaux.workflows.standings import read_standings

        standings = read_standings(self.ctx, settings)
        collecting = collect.plan(self.ctx, standings, self.students)
        for line in collecting.lines:
            found = line.found
            reason = getattr(found, "reason", "") or f"{getattr(found, 'folder', '')}"
            self.view.line(f"  {type(found).__name__.lower():<10} {line.student.name}: {reason}")
        grading = autograde.plan(self.ctx, standings, self.students)
        self.view.line(f"  {len(collecting)} to look up, {len(grading)} collected and not graded")

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        self.view.troubles(outcomes)
        self.outcomes += outcomes


def _from(snapshots: tuple[str, ...]) -> str:
    if not snapshots:
        return ""
    more = f" and {len(snapshots) - 1} more" if len(snapshots) > 1 else ""
    return f" (snapshot {snapshots[0]}{more})"
