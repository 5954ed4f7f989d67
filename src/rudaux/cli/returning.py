"""Pages back to students' homes: a step of `grade` and `submit`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rudaux.cli.describe.plans import Row
from rudaux.domain.messages import counted, listed

if TYPE_CHECKING:
    from rudaux.cli.view import View
    from rudaux.domain.outcome import Outcome
    from rudaux.ports import Context
    from rudaux.workflows.returning import ReturnPlan
    from rudaux.workflows.standings import Standings


@dataclass
class Returning:
    """What one run brings back to homes; `quiet` where standard output holds a document."""

    ctx: Context
    view: View
    dry_run: bool = False
    quiet: bool = False
    done: set[str] = field(default_factory=set)
    told: bool = False

    def run(self, standings: Standings, feedback: bool = True) -> list[Outcome]:
        """Show what one assignment's homes lack, and write it; a dry run stops after showing."""
        from rudaux.workflows import returning

        self.done.add(standings.settings.name)
        if not returning.wanted(self.ctx):
            return []
        plan = returning.plan(self.ctx, standings, feedback, ahead=self.dry_run)
        rows = return_rows(plan)
        if rows and not self.quiet:
            self.view.rows(rows)
        if self.dry_run or not len(plan):
            return []
        if plan.foreign and not self.told:
            self.told = True
            self.view.notice(f"  {_FOREIGN}")
        outcomes = self.view.follow("  Return", returning.apply(self.ctx, plan), len(plan))
        self.view.troubles(outcomes)
        self._tell_beside(outcomes)
        return [outcome for outcome in outcomes if not outcome.ok]

    def rest(self) -> list[Outcome]:
        """Bring back solutions of assignments that this run had nothing else to do for."""
        from rudaux.workflows import returning
        from rudaux.workflows.standings import read_standings

        ctx, left = self.ctx, []
        if not ctx.config.returning.solutions:
            return []
        students, existing = ctx.canvas.students(), ctx.canvas.assignments()
        for settings in ctx.config.assignments:
            if settings.name in self.done:
                continue
            standings = read_standings(ctx, settings, students, existing)
            if returning.solutions_due(ctx, standings):
                left += self.run(standings, feedback=False)
        return left

    def _tell_beside(self, outcomes: list[Outcome]) -> None:
        beside = [outcome.item for outcome in outcomes if outcome.ok and outcome.reason]
        if beside:
            reason = next(o.reason for o in outcomes if o.ok and o.reason)
            self.view.notice(f"  {listed(beside)}: {reason}")


_FOREIGN = (
    "rudaux does not run as root, so what it writes into students' homes belongs to its own "
    "account, and everybody who may enter a home can read it."
)


def return_rows(plan: ReturnPlan) -> list[Row]:
    """Return which pages go into how many homes, and what waits."""
    rows = []
    for (change, path), homes in sorted(plan.counts.items()):
        rows.append(Row("Return", "+" if change == "new" else "~", path, _homes(plan, homes, path)))
    refused = [plan.names[line.student_id] for line in plan.lines if line.refused]
    if refused:
        rows.append(Row("Return", "!", "not possible", listed(refused)))
    return rows + [Row("Return", "!", text) for text in plan.notes]


def _homes(plan: ReturnPlan, homes: int, path: str) -> str:
    whose = [
        plan.names[line.student_id]
        for line in plan.lines
        if any(f"{p.page.folder}/{p.page.name}" == path for p in line.pages)
    ]
    return (
        f"into {counted(homes, 'home')}: {listed(whose)}" if homes <= 3 else f"into {homes} homes"
    )
