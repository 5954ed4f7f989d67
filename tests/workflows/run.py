"""The main job on fakes, in the order the commands do it."""

from __future__ import annotations

from collections.abc import Collection

from rudaux.domain.outcome import Outcome
from rudaux.workflows import autograde, collect, feedback, init, release, submit
from rudaux.workflows.init import InitPlan
from rudaux.workflows.standings import Standings, read_standings
from rudaux.workflows.submit import SubmitPlan
from tests.fakes import FakeContext


def run_init(ctx: FakeContext) -> InitPlan:
    """Plan and apply an init; give the plan."""
    with release.workspace(ctx) as clone:
        plan = init.plan(ctx, clone)
        list(init.apply(ctx, plan))
    return plan


def standings(ctx: FakeContext, name: str = "homework_1") -> Standings:
    """Read where everybody stands."""
    settings = next(a for a in ctx.config.assignments if a.name == name)
    return read_standings(ctx, settings)


def states(ctx: FakeContext, name: str = "homework_1") -> dict[str, str]:
    """Give each student's state."""
    return {s.student_id: s.state for s in standings(ctx, name).by_student}


def run_collect(ctx: FakeContext, name: str = "homework_1") -> list[Outcome]:
    """Collect what is due."""
    return list(collect.apply(ctx, collect.plan(ctx, standings(ctx, name))))


def run_autograde(
    ctx: FakeContext,
    name: str = "homework_1",
    only: Collection[str] | None = None,
    accept_doubts: bool = False,
) -> list[Outcome]:
    """Autograde what was collected."""
    plan = autograde.plan(ctx, standings(ctx, name), only, accept_doubts)
    return list(autograde.apply(ctx, plan))


def run_grade(ctx: FakeContext, name: str = "homework_1") -> list[Outcome]:
    """Collect, autograde and make feedback."""
    outcomes = run_collect(ctx, name) + run_autograde(ctx, name)
    return outcomes + list(feedback.apply(ctx, feedback.plan(ctx, standings(ctx, name))))


def run_submit(
    ctx: FakeContext, name: str = "homework_1", overwrite_edits: bool = False
) -> tuple[SubmitPlan, list[Outcome]]:
    """Push grades and feedback; give the plan and what became of it."""
    plan = submit.plan(ctx, standings(ctx, name), overwrite_edits)
    return plan, list(submit.apply(ctx, plan))
