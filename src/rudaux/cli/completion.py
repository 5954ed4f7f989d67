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


_CALLS = {
    "bash": ("$1 )",),
    "zsh": ("%(prog_name)s)",),
    "fish": ('%(prog_name)s)"', '%(prog_name)s"'),
}
"""Where the scripts of Typer call rudaux, with what closes the call."""
_AT_ONCE = '\n[[ $funcstack[1] != _%(prog_name)s ]] || %(complete_func)s "$@"\n'


def mend_scripts() -> None:
    """Have the scripts that Typer installs answer zsh's first TAB, and never print an error.

    zsh takes the file for the function at first, and calls what it defines only from then on:
    https://zsh.sourceforge.io/Doc/Release/Functions.html#Autoloading-Functions
    """
    from typer import _completion_shared

    scripts: dict[str, str] = getattr(_completion_shared, "_completion_scripts", {})
    for shell, calls in _CALLS.items():
        for call in calls:
            name = call.rstrip(' )"')
            quiet = f"{name} 2>/dev/null{call.removeprefix(name)}"
            scripts[shell] = scripts.get(shell, "").replace(call, quiet)
    scripts["zsh"] += _AT_ONCE
