"""A disk that is full is our failure, names its folder, and is never a mark."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rudaux.config import ExecutorName, GradingSettings
from rudaux.errors import ExecutorFailure
from rudaux.executors import Places, open_executor
from rudaux.ports import Executor
from tests.executors.notebooks import job, run_one

FULL = "the disk of {} is full: free some space there, then grade this again"
OnDisk = Callable[[ExecutorName, str], Executor]


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[OnDisk]:
    """Give an executor whose scratch folder is on a disk of this size."""
    if os.geteuid() != 0:
        (pytest.fail if "CI" in os.environ else pytest.skip)("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()

    def make(name: ExecutorName, size: str) -> Executor:
        mount = ("mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(disk))
        subprocess.run(mount, check=True)
        settings = GradingSettings(executor=name, jobs=1, memory="512m", scratch="128m")
        return open_executor(settings, Places(tmp_path, tmp_path / "homes", disk / "scratch"))

    yield make
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("name", ["process", "sandbox"])
def test_a_disk_that_is_full_is_told_before_anything_runs(
    on_disk: OnDisk, tmp_path: Path, name: ExecutorName
) -> None:
    place = tmp_path / "disk" / "scratch"
    with pytest.raises(ExecutorFailure, match=FULL.format(place)):
        run_one(on_disk(name, "64k"), job(tmp_path, "1"))


@pytest.mark.parametrize(
    ("size", "cell"),
    [
        ("1200k", "1"),
        ("8m", "open('large', 'wb').write(bytes(9 << 20))"),
        ("8m", "file = open('large', 'wb')\ntry: file.write(bytes(9 << 20))\nexcept OSError: pass"),
        ("8m", "import os\ntry: open('large', 'wb').write(bytes(9 << 20))\n"
               "finally: os.remove('large')"),
    ],
    ids=["from-the-start", "error", "caught", "cleaned-up"],
)  # fmt: skip
def test_work_that_finds_the_disk_full_is_our_failure_and_not_a_score(
    on_disk: OnDisk, tmp_path: Path, size: str, cell: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "large").write_bytes(bytes(300 << 10))
    execution = run_one(on_disk("process", size), job(tmp_path, cell, "2"))
    assert execution.verdict == "failed"
    assert execution.reason.endswith(FULL.format(tmp_path / "disk" / "scratch"))
