"""What the supervisor reads from the system."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rudaux.runtime.limits import Limits
from rudaux.runtime.supervisor import Supervisor


@pytest.mark.parametrize(
    ("before", "after", "full"),
    [
        ("oom 1\noom_kill 1\n", "oom 1\noom_kill 2\n", (1, 1)),
        ("oom 1\noom_kill 1\n", "oom 2\noom_kill 2\n", (1, 2)),
    ],
)
def test_the_limits_own_count_tells_whose_memory_ran_out(
    tmp_path: Path, before: str, after: str, full: tuple[int, int]
) -> None:
    file = tmp_path / "memory.events"
    reader, writer = os.pipe()
    supervisor = Supervisor(tmp_path, Limits(1, 1, 1, None), writer, file)
    file.write_text(before)
    assert supervisor._memory_events() == (1, full[0])
    file.write_text(after)
    assert supervisor._memory_events() == (2, full[1])
    os.close(reader)
    os.close(writer)
