"""`rudaux regrade`: grade the class again after a test was fixed, and show whose score moves."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rudaux.cli.ask import Question
from rudaux.cli.describe.regrade import moved_rows, regrade_counts, regrade_rows
from rudaux.cli.describe.words import UNGRADED
from rudaux.cli.options import (
    AcceptAlarms,
    AcceptZeros,
    DryRun,
    Folder,
    Full,
    Json,
    Name,
    NoFeedback,
    NoPrompt,
    OverwriteEdits,
)
from rudaux.cli.pushing import Pushing, go_on, make_feedback, open_ends, push_grades
from rudaux.cli.session import reading, writing
from rudaux.cli.summary import finish
from rudaux.cli.view import View
from rudaux.errors import UsageError

if TYPE_CHECKING:
    from rudaux.domain.outcome import Outcome
    from rudaux.ports import Context
    from rudaux.workflows.regrade import Regrade, Wanted
    from rudaux.workflows.standings import Standings

Students = Annotated[
    list[str] | None,
    typer.Option("--student", metavar="ID", help="Regrade only this student; repeat it for more."),
]
Tests = Annotated[
    list[str] | None,
    typer.Option("--test", metavar="CELL", help="Take new marks for this test only."),
]
WhatIf = Annotated[bool, typer.Option("--what-if", help="Show whose score would change, and stop.")]
NeverLower = Annotated[
    bool, typer.Option("--never-lower", help="Keep the better of each test's old and new points.")
]
MayLower = Annotated[
    bool, typer.Option("--may-lower", help="Give up the points that --never-lower has kept so far.")
]
Credit = Annotated[
    list[str] | None,
    typer.Option(
        "--credit",
        metavar="CELL",
        help="Give everybody who handed in full points for this test.",
    ),
]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes", help="Take over the new results without asking; the push to Canvas still asks."
    ),
]
NoCredit = Annotated[
    list[str] | None,
    typer.Option("--no-credit", metavar="CELL", help="Take back what --credit gave."),
]


def regrade(
    name: Name,
    what_if: WhatIf = False,
    student: Students = None,
    test: Tests = None,
    never_lower: NeverLower = False,
    may_lower: MayLower = False,
    credit: Credit = None,
    no_credit: NoCredit = None,
    yes: Yes = False,
    no_feedback: NoFeedback = False,
    overwrite_edits: OverwriteEdits = False,
    accept_zeros: AcceptZeros = False,
    accept_alarms: AcceptAlarms = False,
    full: Full = False,
    as_json: Json = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Grade again after you have fixed a test: show whose score changes, ask, and push."""
    from rudaux.workflows.regrade import Wanted

    what_if = what_if or dry_run
    _check(never_lower, may_lower, as_json, what_if)
    wanted = Wanted(
        frozenset(student or ()), tuple(test or ()), never_lower, may_lower,
        tuple(credit or ()), tuple(no_credit or ()),
    )  # fmt: skip
    pushing = Pushing(overwrite_edits, accept_zeros, accept_alarms, not no_feedback, full)
    with _opened(folder, no_prompt, name, what_if) as (ctx, view):
        _Job(ctx, view, wanted, pushing, what_if, yes, as_json).run(name)


def _check(never_lower: bool, may_lower: bool, as_json: bool, what_if: bool) -> None:
    if never_lower and may_lower:
        raise UsageError("--never-lower keeps points and --may-lower gives them up: choose one.")
    if as_json and not what_if:
        raise UsageError("--json needs --what-if, which changes nothing.")


@contextmanager
def _opened(
    folder: Path | None, no_prompt: bool, name: str, what_if: bool
) -> Iterator[tuple[Context, View]]:
    """Hold the course in either case: two gradings at once would end each other's containers."""
    if not what_if:
        with writing(folder, no_prompt, f"regrade {name}", name=name) as opened:
            yield opened
        return
    with (
        reading(folder, no_prompt, name=name) as (ctx, view),
        ctx.ledger.lock(f"regrade {name} --what-if"),
    ):
        yield ctx, view


@dataclass(frozen=True)
class _Job:
    """One regrade, from the first look to the push."""

    ctx: Context
    view: View
    wanted: Wanted
    pushing: Pushing
    what_if: bool
    yes: bool
    as_json: bool

    def run(self, name: str) -> None:
        """Grade beside the course, show, ask, take over, push."""
        from rudaux.config import find_assignment
        from rudaux.workflows.standings import read_standings, reread

        ctx, view = self.ctx, self.view
        settings = find_assignment(ctx.config, name)
        ctx.gradebook.check()
        standings = read_standings(ctx, settings)
        if not self._regrade(standings) or self.what_if:
            return
        standings = reread(ctx, standings)
        outcomes: list[Outcome] = []
        if self.pushing.feedback:
            outcomes += make_feedback(ctx, view, standings)
        outcomes += push_grades(ctx, view, standings, self.pushing)
        after = reread(ctx, standings)
        finish(outcomes, go_on(after), open_ends(after))

    def _regrade(self, standings: Standings) -> bool:
        """Return whether to go on to the push."""
        from rudaux.workflows import regrade as workflow

        ctx, view, name = self.ctx, self.view, standings.settings.name
        wanted = self._named(standings)
        with ctx.beside(name) as beside:
            plan = workflow.plan(ctx, beside, standings, wanted)
            if not len(plan):
                view.line(f"{name}: nothing has been graded yet; run `rudaux grade {name}` first.")
                return False
            steps = workflow.apply(beside, plan)
            view.follow("  Regrade", steps, len(plan), failed=UNGRADED)
            found = workflow.weigh(ctx, beside, standings, plan)
            self._show(found)
            if not found.changes or self.what_if:
                return True
            if not self._agreed(found):
                view.notice("  Nothing was changed.")
                return False
            workflow.take_over(ctx, beside, found)
        view.notice("  The gradebook has the new results; the old one is in .rudaux/backups.")
        return True

    def _named(self, standings: Standings) -> Wanted:
        from dataclasses import replace

        from rudaux.cli.grading import Again

        students = Again(list(self.wanted.students)).chosen(self.ctx, standings)
        return replace(self.wanted, students=students or frozenset())

    def _show(self, found: Regrade) -> None:
        from rudaux.workflows import regrade as workflow

        view = self.view
        if self.as_json:
            view.json(workflow.as_json(found))
            return
        view.rows(regrade_rows(found))
        view.line(f"  {regrade_counts(found)}")
        rows, more = moved_rows(found, self.pushing.full)
        if rows:
            view.table(("student", "now", "then", "why"), rows, indent=2)
        if more:
            view.line(f"  {more}")
        view.troubles(found.waiting)
        if not found.changes:
            view.line("  No score changes.")
        elif self.what_if:
            view.notice(f"  Nothing was changed. Next: `{self._for_good(found.assignment)}`.")

    def _for_good(self, name: str) -> str:
        """Return the command that does what --what-if has shown."""
        wanted, words = self.wanted, ["rudaux", "regrade", name]
        for option, values in (
            ("--student", sorted(wanted.students)),
            ("--test", wanted.tests),
            ("--credit", wanted.credit),
            ("--no-credit", wanted.no_credit),
        ):
            words += [word for value in values for word in (option, value)]
        words += ["--never-lower"] * wanted.never_lower + ["--may-lower"] * wanted.may_lower
        return shlex.join(words)

    def _agreed(self, found: Regrade) -> bool:
        counts = found.comparison
        text = f"Take over these results ({counts.up} up, {counts.down} down)?"
        return self.yes or self.view.ask(Question(text, "refuse", "--yes"))
