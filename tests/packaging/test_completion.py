"""`rudaux --install-completion` in each shell, and TAB on a terminal afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.cli.test_completion import NAMES, write

STARTS = {
    "bash": ["bash", "--noprofile", "-i"],
    "zsh": ["zsh", "-i"],
    "fish": ["fish", "-i", "-C", "set -g fish_autosuggestion_enabled 0"],  # else at each key
}
CLEAR = "\x15"  # Ctrl-U


@pytest.mark.parametrize("shell", STARTS)
def test_tab_completes_after_the_installation(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{shell} is not installed")
    home, course, broken = (tmp_path / name for name in ("home", "course", "broken"))
    for folder in (home, course, broken):
        folder.mkdir()
    write(course, *NAMES)
    (broken / "rudaux.toml").write_text("[[assignments]\n")
    rudaux = tmp_path / "bin" / "rudaux"
    rudaux.parent.mkdir()
    rudaux.symlink_to(Path(sys.executable).with_name("rudaux"))
    env = {
        **os.environ, "HOME": str(home), "PATH": f"{rudaux.parent}:{os.environ['PATH']}",
        "PS1": "$ ", "XDG_CONFIG_HOME": str(home / ".config"), "ZDOTDIR": str(home),
    }  # fmt: skip
    for _ in range(2):  # twice is the same as once
        subprocess.run(
            [shell, "-c", "rudaux --install-completion; true"], cwd=home, env=env, check=True,
            capture_output=True, timeout=60,
        )  # fmt: skip
    files = [home / ".bashrc", home / ".zshrc"]
    for lines in (file.read_text().split("\n") for file in files if file.exists()):
        assert len(lines) - lines.count("") == len({*lines} - {""})

    terminal = Terminal(STARTS[shell], course, env)
    terminal.press("echo rea''dy\r")
    terminal.wait_for("ready")
    for typed, rest in (
        ("rudaux regr", "ade"),
        ("rudaux grade --overwrite-e", "dits"),
        ("rudaux submit wor", "ksheet_1"),
        ("rudaux submit h", "omework_"),
    ):
        terminal.press(typed)
        terminal.wait_for(typed[-1])
        terminal.press("\t")
        terminal.wait_for(rest)
        terminal.press(CLEAR)
    before = len(terminal.seen)
    for folder in (broken, home, course):  # no usable file, no course; at last, no usable rudaux
        if folder == course:
            rudaux.unlink()
            rudaux.write_text("#!/bin/sh\necho Traceback >&2\nexit 1\n")
            rudaux.chmod(0o755)
        terminal.press(f"cd {folder}\rrudaux submit wor\t{CLEAR}")
        terminal.press("echo sti''ll\r")
        terminal.wait_for("still")
    terminal.press("exit\r")
    terminal.ends()
    said = terminal.seen[before:]
    assert "Traceback" not in said
    assert "rudaux: " not in said
    assert "ksheet_1" not in said
