"""The story on a terminal: it waits for Enter, stops at Ctrl-C, and goes on from there."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

from rudaux.demo.run import steps_left
from tests.cli.terminal import Terminal

RUDAUX = str(Path(sys.executable).with_name("rudaux"))
ASKS = "Press Enter to go on"
INIT = "$ rudaux init"
WIDE = {"COLUMNS": "250"}


def stop(terminal: Terminal, words: str) -> None:
    """Press Ctrl-C as a person does: having read what is there, and again if nothing comes of it.

    Python drops an interruption that arrives while it collects garbage.
    """
    for _ in range(3):
        time.sleep(1)
        terminal.press("\x03")
        with suppress(AssertionError):
            terminal.wait_for(words, seconds=30)
            return
    raise AssertionError(terminal.seen)


def test_enter_goes_on_and_ctrl_c_in_a_command_says_where_it_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "practice"
    terminal = Terminal([RUDAUX, "demo", str(folder)], tmp_path, WIDE)
    terminal.wait_for("Step 1 of 5")
    terminal.wait_for(ASKS)
    assert INIT not in terminal.seen
    terminal.press("\n")
    terminal.wait_for("Step 2 of 5")
    terminal.wait_for("due dates in")
    stop(terminal, f"`rudaux demo {folder}`")
    terminal.wait_for("of 5.")
    assert terminal.ends() == 130
    assert steps_left(folder) == 4


def test_ctrl_c_at_a_pause_ends_it_and_no_prompt_goes_on_without_one(tmp_path: Path) -> None:
    folder = tmp_path / "practice"
    terminal = Terminal([RUDAUX, "demo", str(folder)], tmp_path, WIDE)
    terminal.wait_for(ASKS)
    stop(terminal, "of 5.")
    assert terminal.ends() == 130
    again = Terminal([RUDAUX, "demo", str(folder), "--no-prompt"], tmp_path, WIDE)
    again.wait_for(INIT)
    again.wait_for("due dates in")
    stop(again, "of 5.")
    assert again.ends() == 130
    assert ASKS not in again.seen
    assert "Traceback" not in terminal.seen + again.seen
