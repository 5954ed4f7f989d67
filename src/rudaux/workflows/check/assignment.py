"""An assignment before its release: its solution and release are graded like a student's work."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rudaux.config import AssignmentSettings, find_assignment, read_memory
from rudaux.domain.checks import Check, Checked
from rudaux.domain.execution import Broken, Execution, Job
from rudaux.domain.rehearsal import Attempt, Rehearsal
from rudaux.domain.soundness import Limits, Wanted, judge
from rudaux.domain.watching import Watched, observed, watching
from rudaux.errors import ConfigError, ExecutorFailure, NeedsPersonError
from rudaux.ports import Context, Stage
from rudaux.workflows.assignments import launch_path
from rudaux.workflows.check.look import broken

ATTEMPTS = 3
"""How often the solution is handed in: a test that differs between them is flaky."""
RULES = "1"
"""Change this with the rules, so that findings of older rules no longer count."""
_WATCHED, _UNTOUCHED = "watched", "untouched"


def check_assignment(ctx: Context, name: str, again: bool = False) -> Checked:
    """Return what is sound about an assignment and what is not; lock the course meanwhile.

    The findings are remembered until the source, image or limits change. Raises `ExecutorFailure`
    if nothing can be run.
    """
    return (None if again else recall(ctx, name)) or rehearse(ctx, name)


def recall(ctx: Context, name: str) -> Checked | None:
    """Return what was found last, if nothing has changed since; raises as `check_assignment`."""
    before = ctx.ledger.checked(name)
    if before is None:
        return None
    try:
        settings = find_assignment(ctx.config, name)
        launch_path(ctx, settings)  # what the launch link opens may be gone meanwhile
        digest = _digest(ctx, settings)
    except ConfigError:
        return None
    return before if digest and before.digest == digest else None


def rehearse(ctx: Context, name: str) -> Checked:
    """Run solution and release, whatever was found before; raises as `check_assignment`."""
    settings = find_assignment(ctx.config, name)
    try:
        kernels = ctx.grader.kernels(name)
        launch_path(ctx, settings)  # what the launch link opens must be there
        digest = _digest(ctx, settings)
        ctx.executor.check(kernels)
        found = _named(name, judge(_rehearse(ctx, name), _limits(ctx), _wanted(ctx, settings)))
    except (ConfigError, NeedsPersonError) as error:
        wrong = replace(broken("source", error), ours=True)
        return Checked("", ctx.now(), _named(name, (wrong,)))
    checked = Checked(digest, ctx.now(), found)
    ctx.ledger.record_checked(name, checked)
    return checked


def unchecked(name: str, error: ExecutorFailure) -> Check:
    """Return a check that says why nothing was run, and what to do about it."""
    found = broken("executor", error)
    return replace(found, system=name, text=f"nothing was checked: {found.text}")


def _rehearse(ctx: Context, name: str) -> Rehearsal:
    leaks = _leaks(ctx, name)
    watched, attempts = Watched(), dict[str, Attempt]()
    with ctx.grader.rehearsal(name) as stage:
        for execution in _executions(ctx, stage):
            who = execution.job.student_id
            if who == _WATCHED:
                watched = observed(execution)
            else:
                attempts[who] = stage.grade(execution)
    untouched = attempts.pop(_UNTOUCHED)
    return Rehearsal(tuple(attempts[who] for who in sorted(attempts)), untouched, watched, leaks)


def _executions(ctx: Context, stage: Stage) -> Iterator[Execution]:
    """Yield all executions; one that failed on our side is tried once more."""
    again = []
    for execution in ctx.executor.run(_jobs(stage)):
        if execution.verdict == "failed":
            again.append(execution.job)
        else:
            yield execution
    for job in again:
        for execution in ctx.executor.run([job]):
            if execution.verdict == "failed":
                raise ExecutorFailure(f"A submission could not be run: {execution.reason}.")
            yield execution


def _jobs(stage: Stage) -> Iterator[Job]:
    for number in range(ATTEMPTS):
        yield _whole(stage.hand_in("solution", f"solution-{number}"))
    yield _whole(stage.hand_in("release", _UNTOUCHED))
    yield watching(_whole(stage.hand_in("solution", _WATCHED)))


def _whole(job: Job | Broken) -> Job:
    if isinstance(job, Broken):
        raise ConfigError(f"it cannot be graded: {job.reason}")
    return job


def _leaks(ctx: Context, name: str) -> tuple[str, ...]:
    into = ctx.config.private / "scratch" / "check"
    try:
        return ctx.grader.build_release(name, into).leaks
    finally:
        shutil.rmtree(into, ignore_errors=True)


def _limits(ctx: Context) -> Limits:
    settings = ctx.config.grading
    return Limits(
        settings.cell_timeout,
        settings.timeout,
        read_memory(settings.memory),
        settings.network,
    )


def _wanted(ctx: Context, settings: AssignmentSettings) -> Wanted:
    private = {ctx.config.folder, ctx.config.jupyterhub.storage_path, Path.home()}
    return Wanted(settings.name, settings.points, tuple(sorted(map(str, private))))


def _digest(ctx: Context, settings: AssignmentSettings) -> str:
    """Digest what the findings hang on (source, image, limits, points); empty: not known."""
    meets = ctx.executor.environment(ctx.grader.kernels(settings.name))
    if not meets:
        return ""
    parts = (
        RULES,
        ctx.grader.source_digest(settings.name),
        meets,
        repr(replace(ctx.config.grading, jobs=0)),
        str(settings.points),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _named(name: str, checks: tuple[Check, ...]) -> tuple[Check, ...]:
    return tuple(replace(check, system=name) for check in checks)
