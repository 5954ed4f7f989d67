"""nbgrader's gradebook: readable, of this nbgrader's schema, and who else has it open."""

from __future__ import annotations

from collections.abc import Iterator

from rudaux.domain.checks import Check
from rudaux.errors import GradebookFailure
from rudaux.workflows.check.look import Look, broken
from rudaux.workflows.gradebook import require_whole


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns the gradebook; one that is not there yet is not made."""
    ctx = look.ctx
    people = len(ctx.gradebook.students())
    text = f"{people} students, in the schema of the nbgrader that is installed here"
    yield Check("gradebook", "ok", text if people else "nobody is in it yet: `rudaux init`")
    try:
        require_whole(ctx)
    except GradebookFailure as error:
        yield broken("grades", error)
    if names := ctx.gradebook.holders():
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
        yield Check("open", "ok", f"{shown} {'has' if len(names) == 1 else 'have'} it open, too")
    if reason := ctx.gradebook.uncopied():
        text, _, remedy = reason.rstrip(".").partition(": ")
        yield Check("copies", "look", f"no copies can be made of it: {text}", remedy)
