"""Where the console blocks are run: one practice course, on a clock that the test moves."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import time_machine
from typer.testing import CliRunner

from rudaux.cli.app import app
from rudaux.config import load_config
from rudaux.demo import tutorial
from rudaux.demo.simulator.server import serve
from rudaux.demo.simulator.state import World
from rudaux.demo.story import WORLD
from tests.docs.pages import Block, blocks, renewed, same

BEGIN = datetime(2026, 10, 7, 8, 0, 5, tzinfo=ZoneInfo("America/Vancouver"))
BETWEEN = timedelta(minutes=3)
"""From one command to the next: how long each takes must not show in the times of the next."""
HOME, PORT = "/home/ann", "8765"
_ENVIRONMENT = {
    "COLUMNS": "100", "TZ": "America/Vancouver", "LC_ALL": "C.UTF-8",
    "LOGNAME": "ann", "USER": "ann",
    "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.edu",
    "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.edu",
}  # fmt: skip
_HELPER = "python3 -m rudaux.demo.tutorial "


@dataclass
class Stage:
    """A person's terminal: where they are, and how the last command ended."""

    home: Path
    clock: time_machine.Traveller
    patch: pytest.MonkeyPatch
    open: ExitStack
    now: datetime = BEGIN
    code: int = 0
    wrong: list[str] = field(default_factory=list)
    """What is not as the page shows it."""

    def page(self, text: str, name: str) -> str:
        """Run a page's blocks; return the page with what they showed, and remember what differs."""
        out, done = [], 0
        for block in blocks(text):
            if not block.not_run:
                out += [text[done : block.start], self._block(block, name)]
                done = block.end
        return "".join([*out, text[done:]])

    def _block(self, block: Block, name: str) -> str:
        lines = []
        for shown in block.shown:
            real = self.run(shown.command)
            if not same(shown.lines, real):
                was, now = "\n".join(shown.lines), "\n".join(real)
                where = f"{name}, line {block.line + 1}: $ {shown.command}"
                self.wrong.append(f"{where}\n--- the page\n{was}\n--- the command\n{now}\n")
            lines += [f"$ {shown.command}", *renewed(shown.lines, real)]
        return "\n".join(lines) + "\n"

    def run(self, command: str) -> list[str]:
        """Run a command as typed; return the lines that it shows."""
        self.now += BETWEEN
        self.clock.move_to(self.now.timestamp())  # a date with a zone would move the machine's, too
        words = shlex.split(command, comments=True)
        if words[0] == "cd":
            self.patch.chdir(words[1])
            said = ""
        elif words[0] == "export":
            name, _, value = words[1].partition("=")
            self.patch.setenv(name, os.path.expandvars(value.replace("$PWD", str(Path.cwd()))))
            said = ""
        elif words[0] == "rudaux":
            said = self._rudaux(words[1:])
        elif command.startswith(_HELPER):
            said = self._helper(words[3:])
        else:
            said = self._shell(command)
        return self._written(said)

    def _rudaux(self, words: list[str]) -> str:
        done = CliRunner().invoke(app, words)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        self.code = done.exit_code
        return done.output

    def _helper(self, words: list[str]) -> str:
        with redirect_stdout(StringIO()) as out, redirect_stderr(out):
            self.code = tutorial.main(words)
        if words[0] == "build":
            self._serve(Path(words[1]).resolve())
        return out.getvalue()

    def _serve(self, folder: Path) -> None:
        """Start the Canvas that a reader starts in a second terminal."""
        port = urlsplit(load_config(folder / "instructors").canvas.url).port or 0
        canvas = self.open.enter_context(serve(World.load(folder / WORLD), port=port))
        canvas.switches.throttling = False

    def _shell(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", f"(exit {self.code})\n{command}"], check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.code = done.returncode
        return done.stdout

    def _written(self, said: str) -> list[str]:
        return [line.rstrip() for line in self.hidden(said).strip("\n").splitlines()]

    def hidden(self, said: str) -> str:
        """Return what was said with Ann's home, port and machine in the place of this one's."""
        text = said.replace(str(self.home), HOME)
        text = re.sub(r"(?<=127\.0\.0\.1:)\d+", PORT, text)
        return re.sub(r"(?<=by ann@)\S+ \(\d+\)", "grading (4711)", text)


@contextmanager
def a_stage(home: Path) -> Iterator[Stage]:
    """Open a terminal in an empty folder; its clock and its Canvas last as long as the block."""
    travel = time_machine.travel(BEGIN.timestamp(), tick=True)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as opened:
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.chdir(home)
        time.tzset()
        clock = travel.start()
        opened.callback(time.tzset)
        opened.callback(travel.stop)
        yield Stage(home.resolve(), clock, patch, opened)
    time.tzset()
