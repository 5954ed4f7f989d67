"""Times what the proof that tests ran costs a notebook: `python -m tests.bench.proof`."""

from __future__ import annotations

import sys
import time

from IPython.core.interactiveshell import InteractiveShell

from rudaux.adapters.nbgrader.grading.witness import plant, settle
from tests.adapters.nbgrader.grading.witness_course import PYTHON, as_notebook

TESTS = [f"assert sum(range({n})) >= 0\nfor i in range(3):\n    assert i < 3" for n in range(5)]
ROUNDS = 50


def main() -> None:
    """Print the milliseconds that five tests cost on the host and in the kernel."""
    shell = InteractiveShell.instance()
    shell.display_pub.publish = lambda *args, **named: None
    started = time.process_time()
    for _ in range(ROUNDS):
        notebook = as_notebook(TESTS)
        planted = plant(notebook, PYTHON)
        sources = [cell.source for cell in notebook.cells]
        settle(notebook, planted)
    host = time.process_time() - started
    first, woven = seconds(shell, sources, 1), seconds(shell, sources, ROUNDS)
    each = woven / ROUNDS - seconds(shell, TESTS, ROUNDS) / ROUNDS
    sys.stdout.write(
        f"proof, a notebook of {len(TESTS)} tests: {host / ROUNDS * 1000:.1f} ms on the host, "
        f"{first * 1000:.1f} ms in a new kernel ({each * 1000:.1f} ms once compiled)\n"
    )


def seconds(shell: InteractiveShell, sources: list[str], rounds: int) -> float:
    started = time.process_time()
    for _ in range(rounds):
        for source in sources:
            shell.run_cell(source, store_history=False)  # type: ignore[no-untyped-call]
    return time.process_time() - started


if __name__ == "__main__":
    main()
