"""Both repositories: fetched, and pushed to as a dry run."""

from __future__ import annotations

from collections.abc import Iterator

from rudaux.domain.checks import Check
from rudaux.errors import RudauxError
from rudaux.workflows.check.look import Look, broken


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns git; each remote is checked, whatever the other says."""
    ctx, settings, folder = look.ctx, look.ctx.config.git, look.ctx.config.folder
    try:
        ctx.git.check(folder)
        ctx.git.fetch(folder)
        if settings.push:
            ctx.git.may_push(folder)
        state = ctx.git.state(folder)
        text = f"{settings.instructor_repo} can be read{_and_written(settings.push)}"
        yield Check("instructors", "ok", text)
        if state.behind or state.dirty:
            what = ["commits to pull"] if state.behind else []
            what += ["uncommitted changes"] if state.dirty else []
            remedy = "commit your changes; `rudaux git pull` brings in the others'"
            yield Check("checkout", "look", f"{folder} has {' and '.join(what)}", remedy)
    except RudauxError as error:
        yield broken("instructors", error)
    try:
        look.around.reach(settings.student_repo)
        if settings.push:
            ctx.git.may_push(folder, settings.student_repo)
        text = f"{settings.student_repo} can be read{_and_written(settings.push)}"
        yield Check("students", "ok", text)
    except RudauxError as error:
        yield broken("students", error)


def _and_written(push: bool) -> str:
    return " and pushed to" if push else "; git.push = false, so nothing is pushed"
