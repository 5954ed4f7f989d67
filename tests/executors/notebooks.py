"""Notebooks and jobs for the executor's tests, and a look at what is left of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from rudaux.config import GradingSettings
from rudaux.domain.execution import CellResult, Execution, Job
from rudaux.executors.process import ProcessExecutor
from rudaux.ports import Executor

NAME = "homework.ipynb"


_AHEAD = """
import os, re
ahead = re.compile(rb"ahead = 'T[E]RCES")
found = []
for folder, _, files in os.walk(FOLDER):
    for name in files:
        path = os.path.join(folder, name)
        try: data = open(path, 'rb').read()
        except OSError: continue
        if ahead.search(data): found.append(path)
for line in open('/proc/self/maps'):
    place, rights = line.split()[:2]
    start, end = (int(n, 16) for n in place.split('-'))
    if not rights.startswith('r') or '[v' in line: continue
    with open('/proc/self/mem', 'rb', 0) as memory:
        memory.seek(start)
        try: data = memory.read(end - start)
        except OSError: continue
    if ahead.search(data): found.append(line)
print(found)"""
HIDDEN = "ahead = 'TERCES'"


def ahead(folder: str) -> str:
    """A cell that looks through a folder and its own memory for the cell HIDDEN after it."""
    return _AHEAD.replace("FOLDER", repr(folder))


def notebook(*sources: str, kernel: str = "python3") -> str:
    code: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    return json.dumps(
        {"cells": code, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    )


def job(folder: Path, *sources: str, student: str = "io", kernel: str = "python3") -> Job:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    return Job("homework", student, {NAME: notebook(*sources, kernel=kernel)}, data)


def executor(
    folder: Path,
    *,
    cell_timeout: int = 60,
    timeout: int = 120,
    memory: str = "1g",
    jobs: int = 2,
) -> ProcessExecutor:
    settings = GradingSettings(
        executor="process", jobs=jobs, memory=memory, cell_timeout=cell_timeout, timeout=timeout
    )
    return ProcessExecutor(settings, folder / "scratch")


def run_one(with_: Executor, one: Job) -> Execution:
    (execution,) = with_.run([one])
    return execution


def cells(execution: Execution) -> tuple[CellResult, ...]:
    return execution.cells[NAME]


def text(cell: CellResult) -> str:
    """All that the cell printed or returned."""
    said = [str(o.get("text", "")) for o in cell.outputs]
    said += [str(o["data"].get("text/plain", "")) for o in cell.outputs if "data" in o]
    return "".join(said)


def errors(cell: CellResult) -> list[str]:
    return [o["ename"] for o in cell.outputs if o["output_type"] == "error"]


def leftovers(folder: Path) -> list[str]:
    """Whatever a run has left behind: files of its scratch folder, processes that work there."""
    files = [str(path) for path in (folder / "scratch").rglob("*")]
    return files + [f"process {pid}" for pid in processes_under(folder)]


def processes_under(folder: Path) -> Iterator[int]:
    for pid in _pids():
        with suppress(OSError):
            place = Path(f"/proc/{pid}/cwd").readlink()
            if place.is_relative_to(folder.resolve()):
                yield pid


def _pids() -> Iterable[int]:
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
