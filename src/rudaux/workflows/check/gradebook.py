"""nbgrader's gradebook: is it readable, is its schema right, and who else has it open?"""

from __future__ import annotations

from collections.abc import Iterator

from rudaux.domain.checks import Check
from rudaux.domain.messages import counted, listed
from rudaux.errors import GradebookFailure
from rudaux.workflows.check.look import Look, broken
from rudaux.workflows.gradebook import require_whole


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns the gradebook; do not create one that is not there yet."""
    ctx = look.ctx
    people = len(ctx.gradebook.students())
    text = f"{counted(people, 'student')}; the schema is that of the installed nbgrader"
    yield Check("gradebook", "ok", text if people else "no students yet: run `rudaux init`")
    try:
        require_whole(ctx)
    except GradebookFailure as error:
        yield broken("grades", error)
    if names := ctx.gradebook.holders():
        verb = "has" if len(names) == 1 else "have"
        yield Check("open", "ok", f"{listed(names)} also {verb} it open")
    if reason := ctx.gradebook.uncopied():
        text, _, remedy = reason.rstrip(".").partition(": ")
        yield Check("copies", "look", f"it cannot be backed up: {text}", remedy)
