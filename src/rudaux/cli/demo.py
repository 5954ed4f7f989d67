"""`rudaux demo`: a practice course on this machine, Canvas included, run end to end."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from rudaux.cli.options import DryRun, Folder, NoPrompt
from rudaux.cli.view import View
from rudaux.errors import UsageError


def demo(
    where: Annotated[
        Path,
        typer.Argument(metavar="[DIR]", help="A new folder, or that of an earlier demo."),
    ] = Path("rudaux-practice"),
    hub: Annotated[
        bool,
        typer.Option("--hub", help="Add a real JupyterHub, to open assignments in."),
    ] = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Build a practice course on this machine, Canvas included, and run it from start to end."""
    try:
        from rudaux.demo.run import need_new_folder, play, run_course
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the practice course needs {error.name}, which is not installed: run "
            "`python3 -m pip install 'rudaux[demo]'`."
        ) from error
    if hub:
        from rudaux.demo.hub import need_the_extra

        need_the_extra()
    view = View(no_prompt)
    target = ((folder or Path()) / where).expanduser().resolve()
    there = (target / "canvas.json").exists()
    if not there:
        need_new_folder(target)
    if dry_run:
        what = "Would start the Canvas of" if there else "Would build, and run from init to status,"
        view.line(f"{what} the practice course in {target}; nothing else on this machine changes.")
        return
    if not there:
        from rudaux.wiring import look_around

        # Practice code may run as you do, where this machine makes no boxes.
        run_course(target, view.line, "sandbox" if look_around().sandbox() else "process")
    if view.attended:
        play(target, view.line, hub)
    elif there:
        view.line(
            f"There is a practice course in {target} already; nothing was changed. To start its "
            f"Canvas, run `rudaux demo {quote(str(target))}` on a terminal, without --no-prompt. "
            "To build a fresh course, name a new folder."
        )
