"""Runs `rudaux grade --auto` as a child: ends it when it hangs, and tells when it died.

A run cannot watch itself: a call that never returns, a kernel that kills it and a machine without
memory stop its own watchdog as well.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, takewhile
from pathlib import Path
from typing import IO, NoReturn

import psutil

from rudaux.cli.unattended import GUARDED, LOG, MAIL, print_error, tell_end
from rudaux.config import ScheduleSettings, find_course_folder, load_partly, seconds
from rudaux.config.private import create_file, make_folder
from rudaux.domain.messages import End
from rudaux.errors import ConfigError, SystemFailure, UsageError

GRACE = 20.0
"""Seconds that a run has to close what it opened, once it is told to end."""
_STOPS = (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


@dataclass(frozen=True)
class Course:
    """What the guard knows of the course, even where its rudaux.toml is wrong."""

    folder: Path
    schedule: ScheduleSettings

    @property
    def log(self) -> Path:
        """Today's log."""
        name = f"grade-{datetime.now().astimezone():%Y-%m-%d}.log"
        return self.folder / self.schedule.log_dir / name


class _Stopped(Exception):  # noqa: N818 - raised by a signal's handler
    """Somebody stops the guard, and so the run; or its time is over."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(args: Sequence[str]) -> int:
    """Run the command to its end, or to `schedule.limit`; return its exit code."""
    course = _course(args)
    log = _open_log(course.log) if course and "--log" in args else None
    shown = str(course.log) if course and log else ""
    read, write = os.pipe()
    for sign in _STOPS:
        signal.signal(sign, _stop)
    pid = os.fork()  # and not a new Python: it has all of this imported
    if not pid:
        os.environ.update({MAIL: str(write), LOG: shown})
        _run(args, log)
    os.close(write)
    child = psutil.Process(pid)
    code, death = _wait(child, course.schedule.limit if course else ScheduleSettings().limit)
    for sign in _STOPS:
        signal.signal(sign, signal.SIG_IGN)  # what is left takes seconds
    mail = _received(read)
    if death and course:
        _sweep(course)
        if log:
            log.write(f"rudaux: {death}\n".encode())
        mail = tell_end(course.folder, End(_command(args), 5, "Ended", death, log=shown))
    elif code == UsageError.exit_code and not mail:
        mail = f"rudaux did not understand the command that started it: see the end of {shown}"
    if log:
        print_error(mail)
    elif death:
        print_error(f"rudaux: {death}")
    return code


def _run(args: Sequence[str], log: IO[bytes] | None) -> NoReturn:
    """Be the run: what it prints goes to the log, and its end is that of this process."""
    for sign in _STOPS:
        signal.signal(sign, signal.SIG_DFL)
    if log:
        for standard in (1, 2):
            os.dup2(log.fileno(), standard)
    from rudaux.cli.app import app

    app(list(args))
    sys.exit()


def _course(args: Sequence[str]) -> Course | None:
    given = next((b for a, b in pairwise([*args, ""]) if a == "--dir"), "")
    given = next((a.partition("=")[2] for a in args if a.startswith("--dir=")), given)
    try:
        folder = find_course_folder(Path(given or Path.cwd()))
    except (ConfigError, OSError):
        return None
    config = load_partly(folder)[0]
    return Course(folder, config.schedule if config else ScheduleSettings())


def _command(args: Sequence[str]) -> str:
    """Return the command and the assignment, if one was named."""
    start = next(n for n, word in enumerate(args) if word in GUARDED)
    return " ".join(takewhile(lambda word: not word.startswith("-"), args[start:]))


def _open_log(file: Path) -> IO[bytes] | None:
    """Open the log; where that is not possible, what is printed is for cron to mail."""
    try:
        make_folder(file.parent)
        create_file(file)
        return file.open("ab", buffering=0)
    except OSError as error:
        print_error(f"rudaux: the log {file} cannot be written: {error.strerror}")
        return None


def _wait(child: psutil.Process, limit: str) -> tuple[int, str]:
    """Wait for the child; return the exit code, and how it died if it did not end by itself."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds(limit))
        code = child.wait()
    except _Stopped as stopped:
        _end(child)
        if stopped.number != signal.SIGALRM:
            return 128 + stopped.number, f"it was stopped ({signal.Signals(stopped.number).name})"
        return SystemFailure.exit_code, (
            f"it was still running after {limit} (schedule.limit), so it was stopped. It may have "
            "waited for something that never came; the end of the log shows what it did last"
        )
    except KeyboardInterrupt:  # the terminal has told the child, too
        return child.wait(), ""
    if code < 0:
        name = signal.Signals(-code).name
        memory = ", perhaps because the machine was out of memory" if code == -9 else ""
        return 128 - code, f"something else stopped it ({name}{memory})"
    return code, ""


def _stop(number: int, frame: object) -> None:
    raise _Stopped(number)


def _end(child: psutil.Process) -> None:
    """End a run: let it close what it has opened, then kill it and all that it started."""
    family = _family(child)
    with suppress(psutil.Error):
        child.send_signal(signal.SIGINT)
        child.wait(GRACE)
    for process in {child} | family | _family(child):
        with suppress(psutil.Error):  # gone by itself; another process has not its number
            process.kill()
    child.wait()


def _family(child: psutil.Process) -> set[psutil.Process]:
    with suppress(psutil.Error):
        return set(child.children(recursive=True))
    return set()


def _sweep(course: Course) -> None:
    """Remove the containers that a killed run has left, unless another run is at work by now."""
    from rudaux.wiring import open_course

    with suppress(Exception):  # the next run removes them as well
        ctx = open_course(course.folder)
        if ctx.config.grading.executor == "docker":
            with ctx.ledger.lock("sweep"):
                list(ctx.executor.run(()))


def _received(pipe: int) -> str:
    """Read what the child has left for cron to mail; a process of its may still hold the pipe."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        return os.read(pipe, 1 << 16).decode(errors="replace")
    return ""
