"""The front door of the executors."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from rudaux.config import ExecutorName, GradingSettings
from rudaux.executors import open_executor


@pytest.mark.parametrize("name", get_args(ExecutorName))
def test_every_executor_that_the_configuration_takes_can_be_opened(
    name: ExecutorName, tmp_path: Path
) -> None:
    opened = open_executor(GradingSettings(executor=name), tmp_path, tmp_path / "scratch")
    assert type(opened).__name__ == f"{name.title()}Executor"
    assert list(tmp_path.iterdir()) == []
