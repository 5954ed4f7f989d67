"""The front door of the executors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

import pytest

from rudaux.config import ExecutorName, GradingSettings
from rudaux.executors import Places, open_executor
from rudaux.executors.request import fitting


@pytest.mark.parametrize("name", get_args(ExecutorName))
def test_every_executor_that_the_configuration_takes_can_be_opened(
    name: ExecutorName, tmp_path: Path
) -> None:
    places = Places(tmp_path, tmp_path / "homes", tmp_path / "scratch")
    opened = open_executor(GradingSettings(executor=name), places)
    assert type(opened).__name__ == f"{name.title()}Executor"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("memory", "jobs"), [(1, os.cpu_count() or 1), (1 << 50, 1)])
def test_as_many_run_at_a_time_as_there_are_cores_and_memory_for(memory: int, jobs: int) -> None:
    assert fitting(memory) == jobs
