"""The `rudaux` command: its subcommands in order, and the one table from error to exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rudaux import __version__
from rudaux.cli import canvas, demo, git, grade, gradebook, init, new, schedule, status, submit
from rudaux.cli.options import Folder, NoPrompt
from rudaux.errors import RudauxError

_VALUED, _FLAGS = {"--dir"}, {"--no-prompt", "--auto", "-a"}


class RudauxGroup(TyperGroup):
    """Turns errors into a sentence and an exit code, under the test runner as well.

    Options shared by all commands may stand before the command's name: they are moved behind it.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move shared options that stand first to the end, where every command takes them."""
        return super().parse_args(ctx, moved_behind(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a bug still shows its traceback and exits with 1."""
        try:
            return super().invoke(ctx)
        except RudauxError as error:
            for line in str(error).splitlines():
                typer.echo(f"rudaux: {line}", err=True)
            raise typer.Exit(error.exit_code) from None
        except (KeyboardInterrupt, typer.Abort):
            typer.echo("rudaux: interrupted; running the same command again goes on.", err=True)
            raise typer.Exit(130) from None


def moved_behind(args: Sequence[str]) -> list[str]:
    """Move leading shared options behind the rest: `--dir D grade x` -> `grade x --dir D`."""
    rest, moved = list(args), []
    while rest:
        name = rest[0].partition("=")[0]
        size = 1 if name in _FLAGS or (name in _VALUED and "=" in rest[0]) else 2
        if name not in _FLAGS | _VALUED or len(rest) < size:
            break
        moved += rest[:size]
        rest = rest[size:]
    return [*rest, *moved] if rest else moved


app = typer.Typer(
    cls=RudauxGroup,
    name="rudaux",
    help="Run a course on Canvas, JupyterHub, nbgrader and nbgitpuller.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rudaux {__version__}")
        raise typer.Exit


@app.callback()
def _rudaux(
    folder: Folder = None,
    no_prompt: NoPrompt = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Run a course on Canvas, JupyterHub, nbgrader and nbgitpuller."""


app.command("init")(init.init)
app.command("grade")(grade.grade)
app.command("submit")(submit.submit)
app.command("status")(status.status)
app.command("new")(new.new)
app.command("demo")(demo.demo)
app.add_typer(canvas.app, name="canvas")
app.add_typer(git.app, name="git")
app.add_typer(gradebook.app, name="gradebook")
app.add_typer(schedule.app, name="schedule")
