"""`rudaux demo`: a practice course on this machine, Canvas included, run end to end."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from rudaux.cli.options import DryRun, Folder, NoPrompt
from rudaux.cli.view import View
from rudaux.errors import UsageError

_INTERRUPTED = 130


@dataclass(frozen=True)
class Terminal:
    """Tells the story on a screen; `waits`: somebody is there who reads it and goes on."""

    view: View
    waits: bool

    def line(self, text: str = "", style: str = "") -> None:
        """Print a sentence, broken between words."""
        self.view.line(text, style)

    def typed(self, text: str) -> None:
        """Print what a person types, on one line however narrow the screen is."""
        typer.echo(text)

    def pause(self, look: str = "") -> None:
        """Wait for Enter; the end of the input stops as Ctrl-C does."""
        if self.waits:
            if look:
                self.view.notice(f"\nLook at it in a browser: {look}")
            self.view.notice("\nPress Enter to go on, or Ctrl-C to stop here.", "dim")
            if not sys.stdin.readline():
                raise KeyboardInterrupt


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
        from rudaux.demo.run import need_new_folder, play, steps_left
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
    left = steps_left(target)
    if dry_run:
        what = "Would build, and run from init to status," if left else "Would start the Canvas of"
        what = "Would go on with" if there and left else what
        view.line(f"{what} the practice course in {target}; nothing else on this machine changes.")
        return
    teller = Terminal(view, view.attended and sys.stdout.isatty())
    if left:
        _tell(target, teller, hub)
    if view.attended:
        play(target, teller, hub)
    elif left:
        _come_back(target, teller)
    else:
        view.line(
            f"There is a practice course in {target} already; nothing was changed. To start its "
            f"Canvas, run `rudaux demo {quote(str(target))}` on a terminal, without --no-prompt. "
            "To build a fresh course, name a new folder."
        )


def _tell(target: Path, teller: Terminal, hub: bool) -> None:
    """Tell the story; raises `SystemExit` after Ctrl-C, having said how it goes on."""
    from rudaux.demo.run import run_course, steps_left
    from rudaux.demo.story import COUNT
    from rudaux.wiring import look_around

    try:
        # Practice code may run as you do, where this machine makes no boxes.
        run_course(target, teller, "sandbox" if look_around().sandbox() else "process")
    except KeyboardInterrupt:
        step = COUNT - steps_left(target) + 1
        notice, again = teller.view.notice, f"`rudaux demo {quote(str(target))}{' --hub' * hub}`"
        if (target / "canvas.json").exists():
            notice(f"\nStopped. {again} goes on with step {step} of {COUNT}.")
        else:
            notice(f"\nStopped before the course was whole. Remove {target}, then run {again}.")
        raise SystemExit(_INTERRUPTED) from None


def _come_back(target: Path, teller: Terminal) -> None:
    """Say how somebody on a terminal plays on."""
    from rudaux.demo.story import try_these

    teller.line("\nPlay on: this starts its Canvas again, on a terminal, until Ctrl-C:\n")
    teller.typed(f"  rudaux demo {quote(str(target))}")
    try_these(target, teller)
