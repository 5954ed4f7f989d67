"""One trial: a command under faults or killed at random, run again until it is done."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_args

from rudaux.demo.simulator.switches import Fault
from tests.chaos.stage import Stage, shown

RATE = 0.10
MOST_RUNS = 40
KINDS = tuple(kind for kind in get_args(Fault) if kind != "silence_after")  # waits for minutes


@dataclass(frozen=True)
class Ended:
    """How a trial ended; `wrong` names what differs from the undisturbed end."""

    label: str
    runs: int
    faults: int
    wrong: dict[str, Any]


class Weather:
    """Picks the requests that meet a fault, repeatably, and counts them."""

    def __init__(self, kinds: tuple[Fault, ...], seed: int) -> None:
        self.kinds, self.dice, self.count = kinds, random.Random(seed), 0

    def __call__(self, method: str, path: str) -> Fault | None:
        if self.dice.random() >= RATE:
            return None
        self.count += 1
        return self.dice.choice(self.kinds)


def under_faults(stage: Stage, kinds: tuple[Fault, ...], seed: int) -> Ended:
    """Run with each request meeting a fault of `kinds` one time in ten."""
    stage.restore()
    weather = Weather(kinds, seed)
    stage.course.canvas.switches.fault = weather
    runs = _until_done(stage)
    stage.course.canvas.switches.fault = None
    kind = kinds[0] if len(kinds) == 1 else "all of them"
    return _ended(stage, f"{_name(stage)} under {kind}", runs, weather.count)


def killed(stage: Stage, longest: float, seed: int, kills: int = 3) -> Ended:
    """Kill the command with SIGKILL at random moments, a few times, then let it end.

    On a cluster it is a worker's turn as often, and another worker takes its place.
    """
    stage.restore()
    dice = random.Random(seed)
    command = [sys.executable, "-m", "rudaux", *stage.command, "--no-prompt"]
    done = 0
    for _ in range(kills):
        process = subprocess.Popen(
            [*command, "--dir", str(stage.course.folder)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        time.sleep(dice.uniform(0, longest))
        done += process.poll() is None
        if stage.cluster and dice.random() < 0.5:
            stage.cluster.replace_worker(dice)
        else:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return _ended(stage, f"{_name(stage)} killed", _until_done(stage), done)


def _name(stage: Stage) -> str:
    name = " ".join(word for word in stage.command[:2] if word.isalpha())
    return f"{name} on a cluster" if stage.cluster else name


def _until_done(stage: Stage) -> int:
    for run in range(1, MOST_RUNS + 1):
        if stage.course.rudaux(*stage.command, code=None).code == 0:
            return run
    return MOST_RUNS


def _ended(stage: Stage, label: str, runs: int, faults: int) -> Ended:
    end = shown(stage.course)
    wrong: dict[str, Any] = {k: (v, end[k]) for k, v in stage.reference.items() if end[k] != v}
    writes = stage.course.writes()
    again = stage.course.rudaux(*stage.command, code=None)
    if again.code or stage.course.writes() != writes:
        wrong["a run more"] = (again.code, stage.course.writes() - writes, again.err)
    return Ended(label, runs, faults, wrong)
