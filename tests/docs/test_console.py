"""What the pages show in a terminal is what the commands say."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rudaux.cli.app import COMMANDS, load_command, moved_behind
from tests.docs.pages import ON_THE_PRACTICE_COURSE, ROOT, TUTORIAL, blocks
from tests.docs.stage import a_stage

PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md"])
HELD = [TUTORIAL, *(p for p in PAGES if ON_THE_PRACTICE_COURSE in p.read_text())]
HOW_TO_RENEW = "\n`python -m tests.docs --write` writes what the commands say into the pages."


def test_every_block_shows_what_its_commands_say(tmp_path: Path) -> None:
    with a_stage(tmp_path) as stage:
        for page in HELD:
            stage.page(page.read_text(), page.name)
    assert not stage.wrong, "\n".join([*stage.wrong, HOW_TO_RENEW])


@pytest.mark.parametrize("page", HELD, ids=lambda p: p.name)
def test_every_block_is_run_or_says_why_not(page: Path) -> None:
    text = page.read_text()
    assert text.count("```console") == len(list(blocks(text))), "a block stands where none is seen"


def typed(page: Path) -> Iterator[str]:
    """Yield each call of rudaux in the page's console blocks."""
    for block in blocks(page.read_text()):
        for shown in block.shown:
            for part in re.split(r"&&|\||;", shown.command):
                if re.match(r"\s*rudaux( |$)", part):
                    yield part.strip()


@pytest.mark.parametrize("page", [p for p in PAGES if any(typed(p))], ids=lambda p: p.name)
def test_every_command_of_a_block_takes_its_options(page: Path) -> None:
    for line in typed(page):
        words = moved_behind(shlex.split(line, comments=True)[1:])
        if words and not words[0].startswith("-"):
            _parse(load_command(words[0]) if words[0] in COMMANDS else None, words, line)


def _parse(command: Any, words: list[str], line: str) -> None:
    assert command is not None, line
    rest, context = words[1:], command.make_context(words[0], [], resilient_parsing=True)
    if inner := getattr(command, "commands", None):
        rest = moved_behind(rest)
        if rest and not rest[0].startswith("-"):
            _parse(inner.get(rest[0]), rest, line)
        return
    try:
        command.make_parser(context).parse_args(args=list(rest))
    except Exception as error:
        pytest.fail(f"{line}: {error}")
