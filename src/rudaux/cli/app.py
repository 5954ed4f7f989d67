"""The `rudaux` command: its subcommands in order, and the one table from error to exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from itertools import takewhile
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from rudaux import __version__
from rudaux.cli.completion import mend_scripts
from rudaux.cli.manual import SUMMARIES
from rudaux.cli.options import Folder, NoPrompt
from rudaux.errors import RudauxError, SystemFailure, UsageError

COMMANDS = {
    "grade": "rudaux.cli.grade:grade",
    "submit": "rudaux.cli.submit:submit",
    "status": "rudaux.cli.status:status",
    "report": "rudaux.cli.report:report",
    "explain": "rudaux.cli.explain:explain",
    "regrade": "rudaux.cli.regrade:regrade",
    "new": "rudaux.cli.new:new",
    "check": "rudaux.cli.check:check",
    "init": "rudaux.cli.init:init",
    "demo": "rudaux.cli.demo:demo",
    "canvas": "rudaux.cli.canvas:app",
    "git": "rudaux.cli.git:app",
    "gradebook": "rudaux.cli.gradebook:app",
    "schedule": "rudaux.cli.schedule:app",
    "snapshot": "rudaux.cli.snapshot:snapshot",
    "notify": "rudaux.cli.notify:notify",
}
"""Where each command is, in the order of the help; imported when it is asked for."""

_VALUED, _FLAGS = {"--dir"}, {"--no-prompt", "--auto", "-a"}
INTERRUPTED = 130
_THE_MACHINES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
_OWNERS = frozenset({errno.EACCES, errno.EPERM})


class _Drawn:
    """Anything whose help `cli.help` draws."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        from rudaux.cli.help import page

        formatter.write(page(self, ctx))


class Command(_Drawn, TyperCommand):
    """A command of rudaux."""


class CommandGroup(_Drawn, TyperGroup):
    """A group whose shared options may also stand before the command's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move leading shared options behind the command's name; nothing else asked: help."""
        args = moved_behind(args)
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            raise typer.Exit
        if ctx.resilient_parsing or not args[0].startswith("-"):
            _leave_values(self, ctx)  # a name stands first: the group's own options have none
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find the command; a shell completion gets it without conversion of values."""
        command = self.find_command(ctx, cmd_name)
        if command is not None and ctx.resilient_parsing:
            _leave_values(command, ctx)
        elif command is not None:
            _convert_plainly(command, ctx)
        return command

    def find_command(self, ctx: Any, name: str) -> Any:
        """Find the command among those registered."""
        return super().get_command(ctx, name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; raises `UsageError` that names the nearest one."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            near = get_close_matches(args[0], known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
            raise UsageError(f'there is no command "{args[0]}" in {ctx.command_path}. {hint}')
        return super().resolve_command(ctx, args)


class RudauxGroup(CommandGroup):
    """The whole program: loads commands on demand, and turns errors into a sentence and a code.

    This happens in `main`, which the test runner calls as well as the console script.
    """

    _naming = False
    """Whether names are listed for a shell, which needs no more of a command than its line."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order of the help."""
        return list(COMMANDS)

    def find_command(self, ctx: Any, name: str) -> Any:
        """Import one command; return None if there is no such command."""
        if self._naming:
            return TyperCommand(name, short_help=SUMMARIES[name])
        return load_command(name) if name in COMMANDS else None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Answer --version at once: Typer would import pydantic to convert the other options."""
        options = set(takewhile(lambda word: word.startswith("-"), args))
        if "--version" in options:
            _tell_version(bool(options & {"-v", "--verbose"}))
            raise typer.Exit
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Return the names of commands that begin so, and import none of them."""
        self._naming = True
        return super().shell_complete(ctx, incomplete)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run and exit; a bug still shows its traceback and exits with 1."""
        _complete_without_rich()
        extra["standalone_mode"] = False  # else the parser would print its errors in its own words
        if "-completion" in " ".join(sys.argv[1:2]):
            mend_scripts()
        try:
            code = super().main(*args, **extra)
            if code == INTERRUPTED:
                raise KeyboardInterrupt
        except RudauxError as error:
            code = _tell(str(error), error.exit_code)
        except OSError as error:
            if error.errno not in _THE_MACHINES:
                raise
            text = f"{error.filename or 'a file'} cannot be used: {error.strerror}"
            if error.errno == errno.ENOSPC and not error.filename:
                text += " (`df -h . .rudaux /tmp` shows which disk is full)"
            remedy = "check who owns it" if error.errno in _OWNERS else "fix that"
            code = _tell(f"{text}; {remedy} and run this again.", SystemFailure.exit_code)
        except typer.TyperException as error:
            code = _tell(_usage_sentence(error), error.exit_code)
        except (KeyboardInterrupt, typer.Abort):
            code = _tell("interrupted; running the same command again goes on.", INTERRUPTED)
        sys.exit(code or 0)


def load_command(name: str) -> Any:
    """Import the command or group of commands called `name`."""
    module, _, attribute = COMMANDS[name].partition(":")
    target = getattr(importlib.import_module(module), attribute)
    holder = typer.Typer(rich_markup_mode=None)
    if isinstance(target, typer.Typer):
        for inner in target.registered_commands:
            inner.cls = Command
        holder.add_typer(target, name=name, cls=CommandGroup, no_args_is_help=False)
    else:
        holder.command(name, cls=Command)(target)
    return get_group(holder).commands[name]


def _complete_without_rich() -> None:
    """Give zsh and fish our lines as they are; Typer would import Rich to look for markup."""
    if "_RUDAUX_COMPLETE" in os.environ:
        with suppress(ImportError):
            import typer._completion_classes as shells

            shells._sanitize_help_text = lambda text: text


def _leave_values(command: Any, ctx: Any) -> None:
    """Take values as they were typed: Typer imports pydantic to convert even a missing one."""
    for parameter in command.get_params(ctx):
        parameter.process_value = lambda ctx, value: value


def _convert_plainly(command: Any, ctx: Any) -> None:
    """Convert what a command takes most, and what was not given, without pydantic.

    Typer imports it for any value at all, which takes a quarter of a second.
    """
    for parameter in command.get_params(ctx):
        parameter.process_value = partial(_plain, parameter, parameter.process_value)


def _plain(parameter: Any, convert: Callable[[Any, Any], Any], ctx: Any, value: Any) -> Any:
    # Not part of Typer's public interface: without it, Typer's own conversion is as good.
    kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if value is None and not parameter.required:
        value = () if parameter.multiple or parameter.nargs == -1 else None
    elif isinstance(value, str) and kind in {str, Path}:
        value = kind(value)
    else:
        return convert(ctx, value)
    return parameter.callback(ctx, parameter, value) if parameter.callback else value


def moved_behind(args: Sequence[str]) -> list[str]:
    """Move leading shared options: `--dir D grade x` -> `grade --dir D x`.

    What stands after the name comes later on the line, and so wins.
    """
    rest, moved = list(args), []
    while rest:
        name = rest[0].partition("=")[0]
        size = 1 if rest[0] in _FLAGS or (name in _VALUED and "=" in rest[0]) else 2
        if name not in _FLAGS | _VALUED or len(rest) < size:
            break
        moved += rest[:size]
        rest = rest[size:]
    if not rest or rest[0].startswith("-"):
        return rest
    return [rest[0], *moved, *rest[1:]]


def _tell(message: str, code: int) -> int:
    from rudaux.cli.view import printable
    from rudaux.cli.width import wrapped

    for line in message.splitlines():
        text = f"rudaux: {printable(line)}"
        if sys.stderr is not None and sys.stderr.isatty():
            text = wrapped(text, get_terminal_size().columns, hang=8)
        typer.echo(text, err=True)
    return code


def _tell_version(whole: bool) -> None:
    lines = [f"rudaux {__version__}"]
    if whole:
        from rudaux.cli.versions import version_lines

        lines = version_lines()
    typer.echo("\n".join(lines))


def _usage_sentence(error: typer.TyperException) -> str:
    """Write the parser's complaint in our words, and name the help that would settle it."""
    said = error.format_message().replace("Value error, ", "")  # pydantic's, since Typer 0.29
    text = " ".join(said.split()).rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "rudaux"
    return f"{text[:1].lower()}{text[1:]}; `{path} --help` lists what there is."


app = typer.Typer(
    cls=RudauxGroup,
    name="rudaux",
    help="Run a course on Canvas, JupyterHub, nbgrader and nbgitpuller.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # a pretty traceback may show a token among the locals
)


@app.callback()
def _rudaux(
    folder: Folder = None,
    no_prompt: NoPrompt = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="With --version: of all parts.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Run a course on Canvas, JupyterHub, nbgrader and nbgitpuller."""
