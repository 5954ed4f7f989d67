"""Entry point of `rudaux` and `python -m rudaux`."""

from __future__ import annotations

import atexit
import gc
import sys


def main() -> None:
    """Run the command line; the exit codes are listed in `rudaux.errors`."""
    # The last collection would look for cycles in all of nbgrader, which takes half a second.
    atexit.register(gc.freeze)
    from rudaux.cli.unattended import needs_guard

    if needs_guard(sys.argv[1:]):
        from rudaux.cli.guard import run

        sys.exit(run(sys.argv[1:]))
    from rudaux.cli.app import app

    app()


if __name__ == "__main__":
    main()
