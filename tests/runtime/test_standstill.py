"""Time that the machine took away is told from time that a submission used."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from rudaux.runtime import tree
from rudaux.runtime.standstill import Standstill
from tests.executors.notebooks import executor, job, run_one


def freeze(folder: Path, seconds: float) -> None:
    """Let everything that runs for a folder stand still once, as in a paused machine."""
    until = time.monotonic() + 60
    while not (folder / "begun").exists() and time.monotonic() < until:
        time.sleep(0.05)
    below = psutil.Process().children(recursive=True)
    for sign in (signal.SIGSTOP, signal.SIGCONT):
        for process in below:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
        time.sleep(seconds if sign == signal.SIGSTOP else 0)


def test_a_machine_that_stands_still_is_no_time_out_of_the_submission(tmp_path: Path) -> None:
    code = f"import pathlib, time\npathlib.Path({str(tmp_path / 'begun')!r}).touch()\ntime.sleep(1)"
    frozen = threading.Thread(target=freeze, args=(tmp_path, 5.0), daemon=True)
    frozen.start()
    execution = run_one(executor(tmp_path, cell_timeout=4), job(tmp_path, code))
    frozen.join()
    assert execution.verdict == "failed"
    assert "cell 1 ran out of time because the machine stood still for" in execution.reason


def test_short_waits_are_everyday_and_long_ones_are_the_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    still = Standstill()
    still.watch(os.getpid())
    begun = still.moment()
    monkeypatch.setattr(tree, "waited", lambda _: begun.waited + 30)
    assert still.cause(replace(begun, at=begun.at - 60)) == ""
    assert still.cause(replace(begun, at=begun.at - 35)) == "it had to wait 30 s for a processor"
    now = time.monotonic()
    for seconds in (0.2, 1.5, 3, 12):
        now += seconds
        still.look(now)
    assert still.cause(replace(begun, at=begun.at - 60)) == "the machine stood still for 15 s"
    assert still.cause(replace(begun, at=begun.at - 600)) == ""


def test_a_submission_that_uses_the_processor_itself_waits_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    still = Standstill()
    still.watch(os.getpid())
    begun = replace(still.moment(), at=time.monotonic() - 35)
    monkeypatch.setattr(tree, "waited", lambda _: begun.waited + 30)
    monkeypatch.setattr(tree, "used", lambda _: begun.used + 20)
    assert still.cause(begun) == ""


def test_a_child_that_was_busy_in_an_earlier_cell_is_not_to_blame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    still = Standstill()
    still.watch(os.getpid())
    begun = still.moment()
    child = tree.Process(2**22 + 1, os.getpid(), 1)
    monkeypatch.setattr(tree, "descendants", lambda _: [child])
    monkeypatch.setattr(tree, "used", lambda pid: 50.0 * (pid == child.pid))
    monkeypatch.setattr(tree, "waited", lambda _: begun.waited + 30)
    still.look(begun.at + 1.5)
    assert still.cause(begun) == "it had to wait 30 s for a processor"


def test_the_time_that_was_lost_counts_in_all_notebooks_of_a_submission() -> None:
    still = Standstill()
    begun = still.moment()
    still.watch(os.getpid())
    still.look(time.monotonic() + 12)
    still.watch(os.getpid())
    assert still.cause(begun) == "the machine stood still for 12 s"


def test_the_kernel_says_in_nanoseconds_how_long_a_process_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert tree.waited(2**22 + 1) == tree.used(2**22 + 1) == 0
    monkeypatch.setattr(tree, "_content", lambda _: b"5 2500000000 7")
    assert tree.waited(1) == 2.5
