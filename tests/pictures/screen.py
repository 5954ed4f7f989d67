"""What stands on a real terminal of 100 columns when a command has ended."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyte

from tests.cli.terminal import Terminal
from tests.docs.stage import BETWEEN, Stage
from tests.pictures.drawing import COLOURS, Line, Look

SIZE = (200, 100)
"""Lines and columns; nothing scrolls away."""
_RUDAUX = """\
import sys, time_machine
time_machine.travel(float(sys.argv.pop(1)), tick=True).start()
from rudaux.cli.app import app
app(prog_name="rudaux")
"""
_NAMES = {"brown": "yellow", "ff005f": "magenta", "5faf00": "green", "5f87af": "blue"}
"""Our names of the terminal's colours, and of those that Rich's bars and the questions have."""
_GREYS = {"brightblack", "3a3a3a", "585858", "808080"}
_ELSEWHERE = re.compile(r" ?\(\w+ \d+ \w+ \d\d:\d\d on this machine\)")
"""Cron's time on a machine of another time zone."""


def seen(stage: Stage, command: str, question: str = "") -> list[Line]:
    """Run a command of rudaux, answer its question with Enter, and return its screen."""
    stage.now += BETWEEN
    stage.clock.move_to(stage.now.timestamp())
    terminal = Terminal(
        [sys.executable, "-c", _RUDAUX, str(stage.now.timestamp()), *command.split()[1:]],
        Path.cwd(),
        {"TERM": "xterm-256color", "COLORTERM": "", "NO_COLOR": "", "PROMPT_TOOLKIT_NO_CPR": "1"},
        size=SIZE,
    )
    if question:
        terminal.wait_for(question)
        terminal.press("\r")
    stage.code = terminal.ends()
    text = _ELSEWHERE.sub("", stage.hidden(terminal.seen)).replace("\x1b[2m", "\x1b[90m")
    typed = [("$ ", Look(dim=True)), (command, Look(bold=True))]
    prompt = [(character, look) for piece, look in typed for character in piece]
    return [prompt, *_lines(text)]


def _lines(text: str) -> Sequence[Line]:
    """Return what a terminal shows after it was sent this text, without the blanks at the ends."""
    screen = pyte.Screen(SIZE[1], SIZE[0])
    pyte.Stream(screen).feed(text)
    lines = []
    for row in range(SIZE[0]):
        cells = [screen.buffer[row][column] for column in range(SIZE[1])]
        while cells and cells[-1].data == " ":
            cells.pop()
        lines.append([(cell.data, _look(cell)) for cell in cells])
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _look(cell: Any) -> Look:
    colour = _NAMES.get(cell.fg, cell.fg.removeprefix("bright"))
    return Look(colour if colour in COLOURS else "", cell.bold, cell.italics, dim=cell.fg in _GREYS)
