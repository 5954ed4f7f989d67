"""Time that the machine took away is told from time that a submission used."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from rudaux.runtime import tree
from rudaux.runtime.standstill import Standstill
from tests.executors.notebooks import executor, job, run_one


def freeze(folder: Path, seconds: float) -> None:
    """Let everything that runs for a folder stand still once, as in a paused machine."""
    while not (folder / "begun").exists():
        time.sleep(0.05)
    below = psutil.Process().children(recursive=True)
    for sign in (signal.SIGSTOP, signal.SIGCONT):
        for process in below:
            process.send_signal(sign)
        time.sleep(seconds if sign == signal.SIGSTOP else 0)


def test_a_machine_that_stands_still_is_no_time_out_of_the_submission(tmp_path: Path) -> None:
    code = f"import pathlib, time\npathlib.Path({str(tmp_path / 'begun')!r}).touch()\ntime.sleep(1)"
    frozen = threading.Thread(target=freeze, args=(tmp_path, 5.0))
    frozen.start()
    execution = run_one(executor(tmp_path, cell_timeout=4), job(tmp_path, code))
    frozen.join()
    assert execution.verdict == "failed"
    assert "cell 1 ran out of time because the machine stood still for" in execution.reason


def test_short_waits_are_everyday_and_long_ones_are_the_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    still = Standstill(os.getpid())
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


def test_a_process_that_is_gone_has_waited_for_nothing() -> None:
    assert tree.waited(os.getpid()) >= 0
    assert tree.waited(2**22 + 1) == 0
