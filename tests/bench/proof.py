"""Times what the proof that tests ran costs a notebook: `python -m tests.bench.proof`.

The kernel's part is timed in a process that has imported what a kernel has, and nothing of rudaux
beside: one of the checks looks at all classes there are.
"""

from __future__ import annotations

import sys
import time
from multiprocessing import get_context
from typing import Any

from rudaux.runtime.server import import_everything, show_an_error

TESTS = [f"assert sum(range({n})) >= 0\nfor i in range(3):\n    assert i < 3" for n in range(5)]
ROUNDS = 50


def main() -> None:
    """Print the milliseconds that five tests cost on the host and in the kernel."""
    import_everything()
    show_an_error()
    here, there = get_context("fork").Pipe()
    kernel = get_context("fork").Process(target=in_a_kernel, args=(there,))
    kernel.start()
    each, sources = on_the_host()
    here.send(sources)
    first, again = here.recv()
    kernel.join()
    sys.stdout.write(
        f"proof, a notebook of {len(TESTS)} tests: {each:.1f} ms on the host, "
        f"{first:.1f} ms in a new kernel ({again:.1f} ms once compiled)\n"
    )


def on_the_host() -> tuple[float, list[str]]:
    """Return the milliseconds of a notebook, and what its tests become."""
    from rudaux.adapters.nbgrader.grading.witness import plant, settle
    from tests.adapters.nbgrader.grading.witness_course import PYTHON, as_notebook

    started = time.process_time()
    for _ in range(ROUNDS):
        notebook = as_notebook(TESTS)
        planted = plant(notebook, PYTHON)
        sources = [cell.source for cell in notebook.cells]
        settle(notebook, planted)
    return (time.process_time() - started) / ROUNDS * 1000, sources


def in_a_kernel(there: Any) -> None:
    """Send what the proof adds to the tests alone, in milliseconds: at first, and from then on."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.display_pub.publish = lambda *args, **named: None
    sources = there.recv()
    milliseconds(shell, ["1 + 1"])
    plain, first = milliseconds(shell, TESTS), milliseconds(shell, sources)
    again = milliseconds(shell, sources * ROUNDS) / ROUNDS
    there.send((first - plain, again - milliseconds(shell, TESTS * ROUNDS) / ROUNDS))


def milliseconds(shell: Any, sources: list[str]) -> float:
    """Return how long the cells take."""
    started = time.process_time()
    for source in sources:
        shell.run_cell(source, store_history=False)
    return (time.process_time() - started) * 1000


if __name__ == "__main__":
    main()
