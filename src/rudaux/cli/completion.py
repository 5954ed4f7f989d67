"""Shell completion of assignment names; quick, and silent whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import typer


def complete_assignment(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give the configured assignment names that begin so, not those that are on the line."""
    from rudaux.config import assignment_names, find_course_folder

    try:
        given = ctx.params.get("folder")
        folder = Path(given) if given else find_course_folder(Path.cwd())
        taken = ctx.params.get("names") or []
        names = assignment_names(folder)
    except Exception:  # a shell in mid-line is no place for an error
        return []
    return [n for n in names if n.startswith(incomplete) and n not in taken]
