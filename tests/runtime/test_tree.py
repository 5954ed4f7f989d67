"""Process trees, on real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from rudaux.runtime import tree
from tests.executors.notebooks import processes_under


def test_every_descendant_is_killed_even_one_with_another_parent(tmp_path: Path) -> None:
    script = "import os, time\nos.fork()\nos.fork()\ntime.sleep(100)"
    child = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    while len(tree.descendants(child.pid)) < 3:
        assert child.poll() is None
    below = [process.pid for process in tree.descendants(child.pid)]
    child.send_signal(signal.SIGSTOP)
    tree.kill_below(child.pid, seconds=0.5)
    child.kill()
    child.wait()
    assert not set(below) & set(processes_under(tmp_path))
