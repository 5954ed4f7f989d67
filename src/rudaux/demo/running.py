"""What runs for the practice course: its Canvas beside it, and rudaux as a person would type it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rudaux.demo.background import PATIENCE, listens, running
from rudaux.demo.course import PracticeCourse
from rudaux.errors import SystemFailure

_CRONTAB = """\
#!/bin/sh
# The practice course's crontab: a file beside this folder, so that your own stays as it is.
table="$(dirname "$0")/../crontab"
case "$1" in
  -l) if [ -f "$table" ]; then cat "$table"; else echo "no crontab for practice" >&2; exit 1; fi ;;
  -r) rm -f "$table" ;;
  -|"") cat > "$table" ;;
  *) cp "$1" "$table" ;;
esac
"""


def command(
    course: PracticeCourse, typed: Callable[[str], None], words: str, codes: set[int]
) -> None:
    """Show a command and run it in the course folder.

    Raises `SystemFailure` if it ends with none of the codes.
    """
    typed(f"$ rudaux {words}")
    sys.stdout.flush()
    env = {**os.environ, "PATH": f"{course.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    argv = [sys.executable, "-m", "rudaux", *words.split(), "--no-prompt"]
    with subprocess.Popen(argv, cwd=course.instructors, env=env) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # The terminal has told it too: it finishes what it is writing.
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    if code not in codes:
        raise SystemFailure(f"`rudaux {words}` ended with exit code {code}: what it said is above.")


@contextmanager
def serve_in_background(state: Path, port: int, hub: bool = False) -> Iterator[None]:
    """Run the practice Canvas that a file holds as a process of its own, until the block ends."""
    argv = [sys.executable, "-m", "rudaux.demo.simulator", "--state", str(state)]
    argv += ["--port", str(port)] + ["--tool-answers"] * hub
    log = state.with_name("canvas.log")
    with running("the practice Canvas", argv, log, lambda: listens(port)):
        yield


def write_crontab_program(folder: Path) -> None:
    """Put a `crontab` into `folder`/bin that keeps its table in `folder`, not the user's own."""
    program = folder / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(_CRONTAB)
    program.chmod(0o755)
