"""`nox -s chaos`: faults and kills by the hundred; every end must be the undisturbed one."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.chaos.stage import Stage, stage_on_a_cluster, stages, stages_of_marking
from tests.chaos.trials import KINDS, Ended, killed, under_faults

STAGES = (
    "init", "submit", "grade", "extend", "share", "regrade", "submit", "joined", "snapshot",
    "grade", "extend", "cluster", "share",
)  # fmt: skip
"""No divisor in common with the kinds of trial, so that each command meets each of them."""


def trials(found: dict[str, Stage], seeds: list[int]) -> Iterator[Ended]:
    """Go through commands, kinds of fault and kills in turn, one trial a seed."""
    for seed in seeds:
        stage = found[STAGES[seed % len(STAGES)]]
        try:
            yield trial(stage, seed)
        except Exception as bug:
            yield Ended(f"{stage.command[0]} crashed", 0, 0, {"bug": repr(bug)})


def trial(stage: Stage, seed: int) -> Ended:
    """Do what is this seed's turn."""
    turn = seed % (len(KINDS) + 5)
    if turn < len(KINDS):
        return under_faults(stage, (KINDS[turn],), seed)
    if turn == len(KINDS):
        return under_faults(stage, KINDS, seed)
    return killed(stage, 8.0 if stage.command[0] in {"grade", "regrade"} else 4.0, seed)


def worker(seeds: list[int]) -> list[tuple[int, Ended]]:
    """Run some of the trials, on one course after the other."""
    ends: list[tuple[int, Ended]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, setting in enumerate((stages, stages_of_marking, stage_on_a_cluster)):
            with setting(Path(folder, str(number))) as found:
                mine = [seed for seed in seeds if STAGES[seed % len(STAGES)] in found]
                ends += zip(mine, trials(found, mine), strict=True)
    return ends


def main() -> int:
    """Print what was done, and every end that is not the undisturbed one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=204)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    seeds = list(range(options.seed, options.seed + options.trials))
    started = time.monotonic()
    with ProcessPoolExecutor(options.workers) as pool:
        parts = pool.map(worker, [seeds[n :: options.workers] for n in range(options.workers)])
        ends = sorted(pair for part in parts for pair in part)
    counts = Counter(end.label for _, end in ends)
    for label, count in sorted(counts.items()):
        those = [end for _, end in ends if end.label == label]
        print(
            f"{label:<40} {count:>3} trials, {sum(e.faults for e in those):>4} faults or kills, "
            f"{sum(e.runs for e in those):>3} runs, {sum(bool(e.wrong) for e in those)} wrong"
        )
    wrong = [(seed, end) for seed, end in ends if end.wrong]
    for seed, end in wrong:
        print(f"seed {seed}: {end.label}: {end.wrong}")
    print(f"{len(ends)} trials, {len(wrong)} wrong, {time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
