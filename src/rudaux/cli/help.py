"""The help page of a command: in colour on a terminal, plain text anywhere else."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from rudaux.cli.manual import EXAMPLES, GROUPS
from rudaux.cli.options import EVERYWHERE
from rudaux.cli.width import wrapped

if TYPE_CHECKING:
    from rich.text import Text

WIDEST = 100
"""Columns that are still easy to read."""
Term = tuple[str, str]
Section = tuple[str, Sequence[Term]]


def page(command: Any, ctx: Any) -> str:
    """Return the help of a command, as wide as the terminal."""
    from rich.console import Console

    drawn, terminal = io.StringIO(), sys.stdout is not None and sys.stdout.isatty()
    console = Console(file=drawn, force_terminal=terminal, highlight=False)
    text = _text(command, ctx, min(console.width, WIDEST))
    console.print(text, soft_wrap=True, end="")
    return drawn.getvalue()


def _text(command: Any, ctx: Any, width: int) -> Text:
    from rich.text import Text

    path = _path(ctx)
    text = Text()
    text.append("Usage: ", "bold")
    text.append(f"{wrapped(' '.join([*path, *_usage(command)]), width - 7, hang=7)}\n")
    about = " ".join(cleandoc(command.help or "").split())
    text.append(f"\n{wrapped(about, width)}\n")
    groups = _commands(command, ctx)
    examples = _examples(path)
    for block in (groups, _parameters(command, ctx), examples):
        column = _column([term for _, terms in block for term in terms], width, block is examples)
        for title, terms in block:
            text.append(f"\n{title}\n", "bold")
            for term, meaning in terms:
                text.append(wrapped(f"  {term}", width, hang=4), "cyan")
                text.append(f"{_beside(term, meaning, column, width)}\n")
    if groups:
        more = f"`{' '.join(path)} COMMAND --help` shows the options of one command, with examples."
        text.append(f"\n{wrapped(more, width)}\n")
    return text


def _path(ctx: Any) -> list[str]:
    """Return the words of the command; the program is `rudaux` however it was started."""
    names: list[str] = []
    while ctx.parent is not None:
        names, ctx = [ctx.info_name, *names], ctx.parent
    return ["rudaux", *names]


def _usage(command: Any) -> Iterator[str]:
    yield "[OPTIONS]"
    if hasattr(command, "list_commands"):
        yield "COMMAND"
    yield from (p.metavar or p.name for p in command.params if p.param_type_name == "argument")


def _commands(command: Any, ctx: Any) -> list[Section]:
    if not hasattr(command, "list_commands"):
        return []
    if ctx.parent is None:
        return [(title, [*lines.items()]) for title, lines in GROUPS.items()]
    inner = [(name, command.get_command(ctx, name)) for name in command.list_commands(ctx)]
    return [("Commands", [(name, cleandoc(one.help or "")) for name, one in inner])]


def _parameters(command: Any, ctx: Any) -> list[Section]:
    """Return arguments, the command's own options, and those that most commands take."""
    found: dict[str, list[Term]] = {"Arguments": [], "Options": [], EVERYWHERE: []}
    for one in command.get_params(ctx):
        if one.param_type_name == "argument":
            found["Arguments"].append(((one.metavar or one.name).strip("[]."), one.help or ""))
        elif record := one.get_help_record(ctx):
            shared = one.rich_help_panel == EVERYWHERE or one.name == "help"
            found[EVERYWHERE if shared else "Options"].append(record)
    return [(title, terms) for title, terms in found.items() if terms]


def _examples(path: Sequence[str]) -> list[Section]:
    examples = EXAMPLES.get(" ".join(path[1:]), ())
    return [("Examples", [(f"rudaux {line}", what) for line, what in examples])] * bool(examples)


def _column(terms: Sequence[Term], width: int, alike: bool) -> int:
    """Return the columns of the terms; a longer one, or all where they are `alike`, stand alone."""
    lengths = [len(term) for term, _ in terms]
    most = width // 2 if alike else width * 2 // 5
    if alike and max(lengths, default=0) > most:
        return 2
    return max((length for length in lengths if length <= most), default=2)


def _beside(term: str, meaning: str, column: int, width: int) -> str:
    text = " ".join(meaning.split()).replace("[required]", "(required)")
    text = wrapped(f"{' ' * (column + 4)}{text}", width)
    return f"\n{text}" if len(term) > column else text[len(term) + 2 :]
