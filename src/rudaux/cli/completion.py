"""Shell completion of assignment names and runs; quick, and silent whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import typer


def complete_assignment(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the configured assignment names that begin so, without those already on the line."""
    try:
        from rudaux.config import assignment_names

        names = assignment_names(Path(ctx.params.get("folder") or Path.cwd()))
        taken = ctx.params.get("names") or ()
        return [n for n in names if n.startswith(incomplete) and n not in taken]
    except Exception:  # a shell in the middle of a line is no place for an error
        return []


def complete_run(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the numbers of the runs that wrote grades, each with its command."""
    try:
        from rudaux.cli.session import open_context
        from rudaux.workflows.undo import undoable

        runs = undoable(open_context(ctx.params.get("folder")))
        return [(str(r.id), r.command) for r in runs if str(r.id).startswith(incomplete)]
    except Exception:  # a shell in the middle of a line is no place for an error
        return []
