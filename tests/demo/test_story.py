"""The story on a terminal: it waits for Enter, stops at Ctrl-C, and goes on from there."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rudaux.demo.run import steps_left
from tests.cli.terminal import Terminal

RUDAUX = str(Path(sys.executable).with_name("rudaux"))
ASKS = "Press Enter to go on"
INIT = "$ rudaux init"
WIDE = {"COLUMNS": "250"}


def stop(terminal: Terminal) -> None:
    """Press Ctrl-C a moment later, as a person does who has read what is there."""
    time.sleep(1)
    terminal.press("\x03")


def test_enter_goes_on_and_ctrl_c_in_a_command_says_where_it_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "practice"
    terminal = Terminal([RUDAUX, "demo", str(folder)], tmp_path, WIDE)
    terminal.wait_for("Step 1 of 5")
    terminal.wait_for(ASKS)
    assert INIT not in terminal.seen
    terminal.press("\n")
    terminal.wait_for("Step 2 of 5")
    terminal.wait_for("due dates in")
    stop(terminal)
    terminal.wait_for(f"`rudaux demo {folder}`")
    terminal.wait_for("of 5.")
    assert terminal.ends() == 130
    assert steps_left(folder) == 4


def test_ctrl_c_at_a_pause_ends_it_and_no_prompt_goes_on_without_one(tmp_path: Path) -> None:
    folder = tmp_path / "practice"
    terminal = Terminal([RUDAUX, "demo", str(folder)], tmp_path, WIDE)
    terminal.wait_for(ASKS)
    stop(terminal)
    terminal.wait_for("of 5.")
    assert terminal.ends() == 130
    again = Terminal([RUDAUX, "demo", str(folder), "--no-prompt"], tmp_path, WIDE)
    again.wait_for(INIT)
    again.wait_for("due dates in")
    stop(again)
    again.wait_for("of 5.")
    assert again.ends() == 130
    assert ASKS not in again.seen
    assert "Traceback" not in terminal.seen + again.seen
