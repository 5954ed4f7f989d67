"""Times what the proof that tests ran costs a notebook: `python -m tests.bench.proof`.

The kernel's part is timed in forks of a process that has what the fork server has, and nothing of
rudaux beside: one of the checks looks at all classes there are. Each fork runs a notebook once,
because the first time costs most. The figures are of user and system time.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Sequence
from multiprocessing import get_context
from statistics import median
from typing import Any

from rudaux.runtime.prepared import filled, prepare
from rudaux.runtime.server import import_everything, show_an_error

TESTS = [f"assert sum(range({n})) >= 0\nfor i in range(3):\n    assert i < 3" for n in range(5)]
ROUNDS = 50
FORKS = get_context("fork")


def main() -> None:
    """Print the milliseconds that five tests cost on the host and in the kernel."""
    import_everything()
    show_an_error()
    gc.collect()
    gc.freeze()
    here, there = FORKS.Pipe()
    server = FORKS.Process(target=in_kernels, args=(there,))
    server.start()
    each, *planted = on_the_host()
    here.send(planted)
    forked, sent = here.recv()
    server.join()
    sys.stdout.write(
        f"proof, a notebook of {len(TESTS)} tests: {each:.1f} ms on the host, {forked:.1f} ms in a "
        f"kernel ({sent:.1f} ms in one that was not forked from what has the program)\n"
    )


def on_the_host() -> tuple[float, list[str], dict[str, str]]:
    """Return the milliseconds of a notebook, what its tests become, and what they start."""
    from rudaux.adapters.nbgrader.grading.witness import plant, program, settle
    from rudaux.domain.execution import PROOF
    from tests.adapters.nbgrader.grading.witness_course import PYTHON, as_notebook

    started = time.process_time()
    for _ in range(ROUNDS):
        notebook = as_notebook(TESTS)
        planted = plant(notebook, PYTHON)
        sources = [cell.source for cell in notebook.cells]
        settle(notebook, planted)
    each = (time.process_time() - started) / ROUNDS * 1000
    return each, sources, {"mark": PROOF, "code": program()}


def in_kernels(there: Any) -> None:
    """Send what the proof adds to the tests alone, in milliseconds: prepared, and sent along."""
    sources, proof = there.recv()
    prepare(proof)
    ways = [TESTS, *([filled(text, proof, forked) for text in sources] for forked in (True, False))]
    # In turns, as the machine may be busy at times.
    runs = [[in_a_kernel(way) for way in ways] for _ in range(ROUNDS)]
    plain, forked, sent = [median(of_a_way) for of_a_way in zip(*runs, strict=True)]
    there.send((forked - plain, sent - plain))


def in_a_kernel(sources: Sequence[str]) -> float:
    """Return the milliseconds of the cells in a new kernel."""
    here, there = FORKS.Pipe()
    kernel = FORKS.Process(target=run, args=(there, sources))
    kernel.start()
    spent: float = here.recv()
    kernel.join()
    return spent


def run(there: Any, sources: Sequence[str]) -> None:
    """Run the cells, and send how long they took."""
    from IPython.core.interactiveshell import InteractiveShell

    gc.enable()
    shell = InteractiveShell.instance()
    shell.display_pub.publish = lambda *args, **named: None
    shell.run_cell("pass", store_history=False)
    started = time.process_time()
    for source in sources:
        shell.run_cell(source, store_history=False)
    there.send((time.process_time() - started) * 1000)


if __name__ == "__main__":
    main()
