"""Whether students' code can be run: engine, image, kernels, rights."""

from __future__ import annotations

from collections.abc import Iterator

from rudaux.domain.checks import Check
from rudaux.errors import ConfigError, ExecutorFailure, NeedsPersonError
from rudaux.ports import Context
from rudaux.workflows.check.look import Look, broken


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns the executor; lock the course, because a trial would disturb a run."""
    ctx, settings = look.ctx, look.ctx.config.grading
    kernels: set[str] = set()
    for assignment in ctx.config.assignments:
        asked = _kernels(ctx, assignment.name)
        if isinstance(asked, Check):
            yield asked
        else:
            kernels |= asked
    try:
        with ctx.ledger.lock("check"):
            ctx.executor.check(frozenset(kernels))
    except NeedsPersonError as busy:
        text, _, remedy = str(busy).rpartition(": ")
        yield Check(settings.executor, "look", f"not tried, because {text}", remedy)
        return
    except ExecutorFailure as error:
        yield broken(settings.executor, error)
        return
    where = f" in {settings.image}" if settings.executor == "docker" else ""
    names = f", kernel{'s' * (len(kernels) > 1)} {', '.join(sorted(kernels))}" if kernels else ""
    where += f" {ctx.executor.where}".rstrip()
    yield Check(settings.executor, "ok", f"students' code can be run{where}{names}")
    for notice in ctx.executor.notices:
        yield Check("workers", "look", notice, "set it up like the others, or stop it")
    if settings.executor == "process":
        text = 'students\' code runs as you, and can read what you can (executor = "process")'
        remedy = 'set grading.executor = "docker" or "sandbox" unless you trust all of it'
        yield Check("isolation", "look", text, remedy)


def _kernels(ctx: Context, name: str) -> frozenset[str] | Check:
    try:
        return ctx.grader.kernels(name)
    except ConfigError as error:
        return broken(name, error, f"put the notebooks into source/{name}")
