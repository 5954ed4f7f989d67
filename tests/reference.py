"""Write what the reference takes from the code: `python -m tests.reference`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from typer.main import get_command

from rudaux.cli.app import COMMANDS, app, load_command

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "reference"
_EVERYWHERE = ("--dir", "--no-prompt", "--dry-run")
_BLOCK = re.compile(r"<!-- written: (\w+) -->\n.*?<!-- end -->", re.S)


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name."""
    for name in COMMANDS:
        command = load_command(name)
        inner = getattr(command, "commands", None)
        if inner:
            yield from ((f"{name} {sub}", found) for sub, found in inner.items())
        else:
            yield name, command


def options() -> str:
    """Return a section for each command: what it does, its arguments and options."""
    rows = [_row(p) for p in load_command("init").params if p.opts[0] in _EVERYWHERE]
    program = [_row(p) for p in get_command(app).params if p.opts[0] not in _EVERYWHERE]
    shared = ["## Every command", "", *_table(rows), "", "## `rudaux` alone", "", *_table(program)]
    return "\n".join([*shared, *(line for found in commands() for line in _section(*found))])


def example() -> str:
    """Return rudaux.toml.example as a block."""
    return f"```toml\n{(ROOT / 'rudaux.toml.example').read_text().rstrip()}\n```"


def written(page: str) -> str:
    """Return the page with each written block as the code has it now."""
    blocks = {"options": options, "example": example}
    return _BLOCK.sub(
        lambda found: f"<!-- written: {found[1]} -->\n{blocks[found[1]]()}\n<!-- end -->", page
    )


def _section(name: str, command: Any) -> Iterator[str]:
    parameters = [p for p in command.params if p.opts[0] not in _EVERYWHERE and not p.hidden]
    arguments = [_metavar(p) for p in parameters if p.param_type_name == "argument"]
    usage = " ".join(["rudaux", name, *arguments])
    yield from ("", f"## `{usage}`", "", _text(command.help.split("\f")[0]))
    if parameters:
        yield from ("", *_table([_row(p) for p in parameters]))


def _table(rows: list[tuple[str, str]]) -> Iterator[str]:
    yield from ("| option | meaning |", "| --- | --- |")
    for option, meaning in rows:
        yield f"| {option} | {meaning} |"


def _row(parameter: Any) -> tuple[str, str]:
    meaning = _text(parameter.help)
    if parameter.param_type_name == "argument":
        return f"`{_metavar(parameter)}`", meaning
    value = "" if parameter.is_flag else f" {_metavar(parameter)}"
    names = ", ".join(f"`{name}{value}`" for name in parameter.opts)
    again = parameter.multiple and "repeat" not in meaning
    return names, meaning + (" May be repeated." if again else "")


def _metavar(parameter: Any) -> str:
    choices = r"\|".join(map(str, get_args(parameter.type_descriptor.annotation)))
    return str(parameter.metavar or choices or parameter.name.upper())


def _text(found: str | None) -> str:
    """Return a help text on one line, with bare options as code."""
    line = " ".join((found or "").split()).replace("|", r"\|")
    return re.sub(r"(?<![\w`-])(--[a-z-]+)", r"`\1`", line)


if __name__ == "__main__":
    for page in sorted(PAGES.glob("*.md")):
        page.write_text(written(page.read_text()))
