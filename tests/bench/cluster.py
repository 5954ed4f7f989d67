"""Times a Dask scheduler's workers against this machine alone, and how many slots one host feeds.

Run it as `python -m tests.bench.cluster` on an idle machine: a scheduler and up to four worker
processes run beside it. The simulation's submissions sleep, so that 500 slots fit on two cores.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rudaux.config import GradingSettings
from rudaux.domain.execution import CellResult, Execution, Job
from rudaux.executors.cluster import ClusterExecutor, slot
from rudaux.executors.cluster.wire import dump_execution
from rudaux.executors.sandbox import SandboxExecutor
from rudaux.ports import Executor
from tests.dask import Cluster, cluster
from tests.executors.notebooks import NAME, notebook

SETTINGS = GradingSettings(executor="sandbox", jobs=1, memory="512m", scratch="64m")
WORK = "n = sum(i * i for i in range(6_000_000))"
JOBS, SLOTS, SLEEP, SLEEPERS = 24, 500, 20.0, 3000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder))
        simulate(Path(folder))


def compare(folder: Path) -> None:
    """Time the same submissions on this machine, on one worker, on two."""
    local = seconds(SandboxExecutor(SETTINGS, folder / "scratch", ()), folder / "local")
    say(f"{JOBS} submissions in sandboxes, one at a time on this machine: {local:.1f} s")
    took = {}
    for workers in (1, 2):
        with cluster(workers) as there:
            took[workers] = seconds(on(there), folder / str(workers))
        several = "s" if workers > 1 else ""
        say(f"the same on {workers} worker{several} of one slot: {took[workers]:.1f} s")
    say(f"two workers against one: {took[1] / took[2]:.2f} times as fast")
    say(f"Dask costs {took[1] / local - 1:+.0%} against this machine alone")


def seconds(grading: Executor, folder: Path) -> float:
    """Time a run, after one submission that starts what is started once."""
    grading.check({"python3"})
    started = time.perf_counter()
    done = [e.verdict for e in grading.run(jobs(folder, JOBS))]
    assert done == ["ok"] * JOBS
    return time.perf_counter() - started


def on(there: Cluster) -> ClusterExecutor:
    return ClusterExecutor(replace(SETTINGS, scheduler=there.address))


def jobs(folder: Path, count: int) -> Iterator[Job]:
    text = notebook("import json", WORK, "print(n)")
    folder.mkdir()
    for number in range(count):
        yield Job("homework_1", str(number), {NAME: text}, folder)


def asleep(told: bytes, notebooks: bytes, files: bytes) -> bytes:
    """Stand for a submission that takes a while on a worker."""
    time.sleep(SLEEP)
    cells = {NAME: tuple(CellResult(i, i + 1, (), SLEEP / 3) for i in range(3))}
    return dump_execution(Execution(Job("", "", {}, Path()), "ok", "", SLEEP, cells))


def simulate(folder: Path) -> None:
    """Feed 500 slots of sleeping work and say what the host and the scheduler spend on it."""
    vars(slot)["run"] = asleep
    with cluster(0) as there:
        for _ in range(4):
            there.add_worker(SLOTS // 4)
        grading = on(there)
        grading.check()
        before, started = spent(), time.perf_counter()
        done = sum(e.verdict == "ok" for e in grading.run(jobs(folder / "asleep", SLEEPERS)))
        took, used = time.perf_counter() - started, spent() - before
        scheduler = cpu_of(there.scheduler.pid)
    assert done == SLEEPERS
    ideal = SLEEPERS / SLOTS * SLEEP
    say(f"{SLEEPERS} submissions of {SLEEP:.0f} s, {SLOTS} slots: {took:.0f} s (best: {ideal:.0f})")
    say(f"a minute: {done / took * 60:.0f}; slots in use: {ideal / took:.0%}")
    say(f"host: {used / done * 1000:.1f} ms each; scheduler: {scheduler / done * 1000:.1f} ms each")


def spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
